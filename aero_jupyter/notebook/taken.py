"""Names of outputs that mean something else already: registered so, a name would mean two data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from aero_jupyter.client.resolve import flow_name
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.notebook.remarks import STOPS, SURPRISES, Remark

if TYPE_CHECKING:
    from aero_jupyter.core.models import Data
    from aero_jupyter.session import Session
    from aero_jupyter.standing import Namesake

#: What the button needs to know that lets data go on with another flow.
REPLACE = "replace"


def of_names(
    session: Session, function: str, outputs: Sequence[str], inputs: Mapping[str, Data], *, replaces: bool
) -> list[Remark]:
    """Look for outputs whose name is taken: registered so, the name would mean two data."""
    read = {data.name for data in inputs.values()}
    own = [name for name in outputs if name in read]
    text = "{} is an input and an output, and would set off its own flow."
    remarks = [Remark(STOPS, "outputs", text.format(name), "Choose another --output.") for name in own]
    others = [name for name in outputs if name not in own]
    twin = session.standing(function, outputs)
    taken = session.namesakes(others, beside=twin) if others else {}
    makers = {one.flow.id for same in taken.values() for one in same if one.flow is not None}
    can = bool(session.endpoint) and twin is None and len(makers) < 2 and all(len(same) == 1 for same in taken.values())
    found = [_of_taken(name, same, outputs, can=can, replaces=replaces) for name, same in taken.items()]
    # Elsewhere names belong to many people, and nobody is kept from using one twice.
    return remarks + (found if session.endpoint else [replace(each, mark=SURPRISES) for each in found])


def _of_taken(name: str, same: Sequence[Namesake], outputs: Sequence[str], *, can: bool, replaces: bool) -> Remark:
    flow = same[0].flow
    if len(same) > 1:
        text = f"{len(same)} data are called {name} already."
    elif flow is None:
        text = f"There is a data {name} already ({same[0].data.id[:8]}), which no flow makes."
    else:
        text = f"{name} is made by flow {flow_name(flow)} already ({flow.id[:8]})."
        more = [data.name for data in flow.outputs if data.name not in outputs]
        text += f" Without it nothing would make {', '.join(more)}." if more and can else ""
    mark = STOPS if any(map(_is_in_use, same)) else SURPRISES
    if not can:
        return Remark(mark, "outputs", text, "Choose another --output.")
    if replaces:
        cure = "It is replaced; its data goes on." if flow else "It goes on with this flow."
        return Remark(SURPRISES, "outputs", text, cure)
    cure = "Add --replace to continue its data with this one, or choose another --output."
    return Remark(mark, "outputs", text, cure, "Continue its data", REPLACE)


def _is_in_use(one: Namesake) -> bool:
    """Whether a name means something: it has a version, or gets one by itself."""
    comes = one.flow is not None and one.flow.policy is not PolicyEnum.NONE
    return comes or bool(one.data.raw.get("newest_version"))
