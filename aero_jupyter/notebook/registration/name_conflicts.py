"""Conflicts of output names: names that another dataset has already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from aero_jupyter.client.flow_cycles import find_cycle
from aero_jupyter.client.name_resolution import flow_name
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.notebook.registration.findings import ERROR, WARNING, Finding
from aero_jupyter.session.flow_differences import CONTINUE_OR_RENAME, output_ids

if TYPE_CHECKING:
    from aero_jupyter.core.models import Data, Flow
    from aero_jupyter.session.existing_flows import NameConflict
    from aero_jupyter.session.session import Session

#: The value of the button that continues datasets with another flow.
REPLACE = "replace"


def check_names(
    session: Session, function: str, outputs: Sequence[str], inputs: Mapping[str, Data], *, replaces: bool
) -> list[Finding]:
    """Return a finding for each output whose name another dataset has already."""
    read = {data.name for data in inputs.values()}
    read_and_made = [name for name in outputs if name in read]
    text = "{} is an input and an output, and would trigger its own flow."
    findings = [Finding(ERROR, "outputs", text.format(name), "Choose another output.") for name in read_and_made]
    others = [name for name in outputs if name not in read_and_made]
    existing = session.standing(function, outputs)
    taken = session.namesakes(others, beside=existing) if others else {}
    makers = {conflict.flow.id for same in taken.values() for conflict in same if conflict.flow is not None}
    can_replace = (
        bool(session.endpoint)
        and existing is None
        and len(makers) < 2
        and all(len(same) == 1 for same in taken.values())
    )
    found = [
        _conflict_finding(name, same, outputs, can_replace=can_replace, replaces=replaces)
        for name, same in taken.items()
    ]
    if session.endpoint and not read_and_made:
        findings += _check_cycle(session, existing, taken, inputs)
    # On a shared server, two people may use the same name.
    return findings + (found if session.endpoint else [replace(each, mark=WARNING) for each in found])


def _check_cycle(
    session: Session, existing: Flow | None, taken: Mapping[str, Sequence[NameConflict]], inputs: Mapping[str, Data]
) -> list[Finding]:
    """Return an error if a flow that continues datasets would trigger itself through other flows."""
    same = [conflict for several in taken.values() for conflict in several]
    outputs = {conflict.data.name: conflict.data.id for conflict in same} | (output_ids(existing) if existing else {})
    if not outputs or not inputs:
        return []
    continued = {conflict.flow.id for conflict in same if conflict.flow} | ({existing.id} if existing else set())
    read = {data.id for data in inputs.values()}
    cycle = find_cycle(session.client.list("flow").all(), read, outputs, continued)
    text = f"This flow would close a circle: {cycle}."
    return [Finding(ERROR, "outputs", text, "Choose another output, or leave the input out.")] if cycle else []


def _conflict_finding(
    name: str, same: Sequence[NameConflict], outputs: Sequence[str], *, can_replace: bool, replaces: bool
) -> Finding:
    flow = same[0].flow
    if len(same) > 1:
        text = f"{len(same)} datasets are called {name} already."
    elif flow is None:
        text = f"There is a dataset {name} already ({same[0].data.id[:8]}), which no flow makes."
    else:
        text = f"{name} is made by flow {flow_name(flow)} already ({flow.id[:8]})."
        other_outputs = [data.name for data in flow.outputs if data.name not in outputs]
        text += (
            f" Without that flow, no flow would make {', '.join(other_outputs)}."
            if other_outputs and can_replace
            else ""
        )
    mark = ERROR if any(map(_is_in_use, same)) else WARNING
    if not can_replace:
        return Finding(mark, "outputs", text, "Choose another output.")
    if replaces:
        cure = "That flow is replaced; its data continues." if flow else "This flow continues its data."
        return Finding(WARNING, "outputs", text, cure)
    return Finding(mark, "outputs", text, CONTINUE_OR_RENAME, "Continue its data", REPLACE)


def _is_in_use(conflict: NameConflict) -> bool:
    """Return whether a dataset has a version, or a flow that makes one by itself."""
    is_updated = conflict.flow is not None and conflict.flow.policy is not PolicyEnum.NONE
    return is_updated or bool(conflict.data.has_versions)
