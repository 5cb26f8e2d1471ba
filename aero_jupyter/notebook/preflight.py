"""What is looked at before a function is registered: what stops it, and what may surprise. Nothing is guessed."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import requests

from aero_jupyter.core.errors import AeroError, NotFound, UnknownName
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.notebook.lookups import Lookups
from aero_jupyter.notebook.remarks import STOPS, SURPRISES, Remark, stopped, worst_first
from aero_jupyter.notebook.returned import Returned, returned_by
from aero_jupyter.notebook.taken import of_names

if TYPE_CHECKING:
    from aero_jupyter.compute.functions import PortableFunction
    from aero_jupyter.core.models import Data
    from aero_jupyter.notebook.wishes import Wish
    from aero_jupyter.session import Session

#: Seconds that a source may take to answer.
PATIENCE = 5.0


def ahead(
    session: Session, function: PortableFunction, wish: Wish, endpoint: str, *, replaces: bool = False
) -> list[Remark]:
    """Look at a registration before it is sent, at what the registration itself does not look at: the worst first."""
    # A function that makes nothing may be meant so here: its run will say it.
    found = of_outputs(function, wish.outputs)
    remarks = [replace(remark, mark=SURPRISES) for remark in found]
    known = Lookups()
    # A name that is not known is refused by the registration, with all names that may be meant.
    inputs, _ = of_inputs(session, wish.inputs, known) if wish.outputs else ({}, [])
    remarks += of_names(session, function.name, wish.outputs, inputs, replaces=replaces)
    remarks += of_endpoint(session, endpoint, known)
    remarks += of_source(wish.source[1]) if wish.source else []
    return worst_first(remarks)


def of_outputs(function: PortableFunction, outputs: Sequence[str]) -> list[Remark]:
    """Look for outputs that a function surely does not make, and for others that it surely makes."""
    text = ast.parse(function.cell)
    nodes = [node for node in text.body if isinstance(node, ast.FunctionDef) and node.name == function.name]
    if not nodes or not outputs:
        return []
    returned = returned_by(nodes[-1], text)
    if not returned:
        said = f"{function.name}() returns nothing, but {_declared(outputs)}."
        return [Remark(STOPS, "outputs", said, "Return a DataFrame, a path, or AeroOutput(name, path).")]
    sure = [each for each in returned if each is not None and not each.suits(outputs)]
    return [_unfit(function.name, sure, outputs)] if len(sure) == len(returned) else []


def _unfit(name: str, returned: Sequence[Returned], outputs: Sequence[str]) -> Remark:
    """Say what is the matter where no ``return`` gives what is declared."""
    wrong = next((each.wrong for each in returned if each.wrong), "")
    if wrong or any(each.single for each in returned):
        text = f"{name}() returns {wrong or 'one thing without a name'}, but {_declared(outputs)}."
        return Remark(STOPS, "outputs", text, _how(outputs))
    made = list(dict.fromkeys(each for one in returned for each in one.names))
    lacking, more = [each for each in outputs if each not in made], [each for each in made if each not in outputs]
    at_once = {frozenset(each.names) for each in returned} == {frozenset(made)}
    mend = (f"Keep it as {', '.join(made)}", ", ".join(made)) if at_once else ("", "")
    if lacking:
        cure = f"It makes {', '.join(made)}: " + (
            "name that, or return what is named." if more else "return the others too."
        )
        return Remark(STOPS, "outputs", f"{name}() never makes {', '.join(lacking)}.", cure, *mend)
    if more:
        cure = "Name it among the outputs, or do not return it."
        return Remark(STOPS, "outputs", f"{name}() also makes {', '.join(more)}, which no output names.", cure, *mend)
    return Remark(
        STOPS, "outputs", f"{name}() never makes {', '.join(outputs)} together, and each once.", _how(outputs)
    )


def _declared(outputs: Sequence[str]) -> str:
    return f"output{'s' * (len(outputs) > 1)} {', '.join(outputs)} {'are' if len(outputs) > 1 else 'is'} declared"


def _how(outputs: Sequence[str]) -> str:
    if len(outputs) == 1:
        return "Return a DataFrame, a path, or AeroOutput(name, path)."
    return f"Return [{', '.join(f'AeroOutput({name!r}, path)' for name in outputs)}]."


def of_inputs(session: Session, inputs: Mapping[str, str], known: Lookups) -> tuple[dict[str, Data], list[Remark]]:
    """Find the data that are to be read, and say which are not found."""
    found: dict[str, Data] = {}
    remarks = []
    for parameter, name in inputs.items():
        try:
            found[parameter] = known.get("data", name, partial(session.client.resolve_data, name))
        except UnknownName as error:
            best = error.candidates[0] if len(error.candidates) == 1 else ""
            mend = f"Use {best}" if best else ""
            remarks.append(
                Remark(STOPS, f"parameter {parameter}", error.message, error.cure, mend, f"{parameter}={best}")
            )
    return found, remarks


def of_versions(
    session: Session, inputs: Mapping[str, Data], versions: Mapping[str, int], known: Lookups
) -> list[Remark]:
    """Look whether the versions that are to be read exist."""
    remarks = []
    for parameter, number in versions.items():
        if parameter in inputs:
            id = inputs[parameter].id
            try:
                known.get("version", f"{id}@{number}", partial(session.client.version, id, number))
            except NotFound as error:
                remarks.append(stopped(f"parameter {parameter}", error))
    return remarks


def of_endpoint(session: Session, endpoint: str, known: Lookups) -> list[Remark]:
    """Look whether an endpoint is there, and which Python it has."""
    try:
        said = known.get("endpoint", endpoint, lambda: session.remark(endpoint))
    except UnknownName as error:
        return [stopped("endpoint", error)]
    except AeroError as error:
        return [Remark(SURPRISES, "endpoint", error.message, error.cure)]
    return [Remark(SURPRISES, "endpoint", said.removeprefix(f"{SURPRISES} "))] if said else []


def of_source(url: str) -> list[Remark]:
    """Ask a source for its first bytes: whether it answers, and whether with a web page."""
    from aero_jupyter.jobs.names import is_data_suffix, is_web_page, suffix_of, url_name

    if not url.startswith(("http://", "https://")):
        return [
            Remark(STOPS, "source", f"{url!r} is not the address of a source.", "Write it as https://host/file.csv.")
        ]
    try:
        with requests.get(url, stream=True, timeout=PATIENCE, headers={"Range": "bytes=0-511"}) as answer:
            head = next(answer.iter_content(512), b"")
            code, kind = answer.status_code, answer.headers.get("Content-Type", "")
    except (requests.RequestException, ValueError):
        return [Remark(SURPRISES, "source", "The source does not answer from here.", "Check its address.")]
    if code >= 400:
        return [Remark(SURPRISES, "source", f"The source answers with {code}.", "Check its address.")]
    if is_web_page(kind, head):
        fatal = is_data_suffix(suffix_of(url_name(url)))
        cure = "Give the address of the file itself."
        return [Remark(STOPS if fatal else SURPRISES, "source", "The source answers with a web page.", cure)]
    return []


def of_standing(session: Session, function: PortableFunction, wish: Wish, ids: Mapping[str, str]) -> list[Remark]:
    """Look whether a flow of this function stands there, and how it differs."""
    twin = session.standing(function.name, wish.outputs)
    if twin is None:
        return []
    source = wish.source[1] if wish.source else None
    asked = (twin, function, ids, wish.kwargs, wish.policy, wish.timer)
    found = session.differences(*asked, source=source, versions=wish.versions)
    if not found:
        return [
            Remark(
                SURPRISES, "flow", f"This flow is registered already ({twin.id[:8]}).", "Registering gives it again."
            )
        ]
    made = ", ".join(wish.outputs)
    text = f"A flow {function.name} → {made} exists already ({twin.id[:8]}): {'; '.join(found)}."
    return [
        Remark(STOPS, "flow", text, "Continue its data with this one, or choose another output.", "Replace it", "1")
    ]


def of_policy(policy: PolicyEnum, inputs: Sequence[str], source: str) -> list[Remark]:
    """Look whether the policy has what it waits for."""
    if policy in (PolicyEnum.ANY, PolicyEnum.ALL) and not inputs:
        text = "It would wait for inputs, and none is chosen."
        return [
            Remark(
                STOPS, "when", text, "Choose an input for a parameter, or another time.", "Only when I say so", "none"
            )
        ]
    if policy in (PolicyEnum.INGESTION, PolicyEnum.INGESTION_EVENT) and not source:
        text = "It would pull an address, and none is given."
        return [Remark(STOPS, "when", text, "Choose for one parameter: the pulled source.")]
    if source and policy not in (PolicyEnum.INGESTION, PolicyEnum.INGESTION_EVENT):
        text = "A source is given, and this pulls none."
        return [Remark(STOPS, "when", text, "Choose: pull this address every ….", "Pull it every day", "pull")]
    return []
