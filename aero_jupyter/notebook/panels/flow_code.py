"""The code of a flow's function as it was registered, and the cell that registers the flow again."""

from __future__ import annotations

import difflib
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any  # JSON values

from aero_jupyter.compute.source_diff import check_in_words, registered_cell, registered_source
from aero_jupyter.core.check_grammar import parse_check
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Flow
from aero_jupyter.core.policy import TIMED, PolicyEnum
from aero_jupyter.core.redaction import redact_url
from aero_jupyter.session.flow_differences import pinned_versions

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session

_POLICY_WORDS = {
    PolicyEnum.NONE: "none",
    PolicyEnum.TIMER: "timer",
    PolicyEnum.ANY: "any",
    PolicyEnum.ALL: "all",
    PolicyEnum.INGESTION_EVENT: "event",
}


@dataclass(frozen=True)
class ReplacedCode:
    """A code that was replaced: when, in UTC, and the lines that changed, as a unified diff."""

    replaced_at: datetime | None
    diff: str


@dataclass(frozen=True)
class FlowCode:
    """The registered code of a flow.

    Attributes
    ----------
    text : str
        The source code of the function with what it needs of its cell; empty if the service sends it packed.
    modules : mapping of str to str
        The modules that were registered with it: name to source code.
    cell : str
        The cell that registers the flow again; empty if `missing` says why there is none.
    missing : str
        Why no cell registers the flow again.
    earlier : tuple of ReplacedCode
        The codes that it replaced, newest first.
    """

    text: str
    modules: Mapping[str, str]
    cell: str
    missing: str
    earlier: tuple[ReplacedCode, ...] = ()


class _Unwritable(Exception):
    """A part of the flow that the options of the magic cannot express."""


def fetch_flow_code(session: Session, flow: Flow) -> FlowCode:
    """Fetch the code of a flow's function.

    Raises
    ------
    ClientError
        If the service does not know the function, or does not answer.
    """
    registered = registered_cell(session.compute.source_of(flow.function_id)) if flow.function_id else {}
    modules = {str(name): str(each["source"]) for name, each in (registered.get("modules") or {}).items()}
    text = _without_gaps(str(registered.get("source", "")))
    if not text:
        return FlowCode("", {}, "", "The service sends the code of this function packed, so that it cannot be shown.")
    earlier = replaced_codes(session, flow, text)
    try:
        options = " ".join(_options(session, flow, registered))
        return FlowCode(text, modules, f"%%aero_register {options}\n{text}", "", earlier)
    except _Unwritable as error:
        return FlowCode(text, modules, "", f"No cell registers this flow again: {error}.", earlier)


def replaced_codes(session: Session, flow: Flow, text: str) -> tuple[ReplacedCode, ...]:
    """Return the codes that the code of a flow replaced, newest first, each compared with the one that followed."""
    found = []
    for each in reversed(session.client.earlier_functions(flow.id)):
        before = _without_gaps(registered_source(session.compute.source_of(each.function_id)))
        lines = difflib.unified_diff(before.splitlines(), text.splitlines(), "replaced", "registered", lineterm="")
        found.append(ReplacedCode(each.replaced_at, "\n".join(lines)))
        text = before
    return tuple(found)


def _without_gaps(text: str) -> str:
    """Return code without the blank lines that stand for what was left out of its cell."""
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{4,}", "\n\n\n", lines).strip("\n")


def _options(session: Session, flow: Flow, registered: Mapping[str, Any]) -> Iterator[str]:
    aero = flow.entries
    yield from _source_options(flow, registered, aero)
    pinned = pinned_versions(flow)
    names = {data.id: data.name for data in flow.inputs}
    for parameter, data_id in flow.parameters.items():
        version = f"@{pinned[parameter]}" if parameter in pinned else ""
        yield f"--input {_word(f'{parameter}={names.get(data_id, data_id)}{version}')}"
        if not (aero.get("input_data", {}).get(parameter) or {}).get("fetch", True):
            yield f"--no-fetch {_word(parameter)}"
    for data in flow.outputs:
        described = [each for each in aero.get("output_data", {}).values() if each.get("id") == data.id]
        option = "--optional-output" if any(each.get("optional") for each in described) else "--output"
        yield f"{option} {_word(data.name)}"
    yield from _schedule_options(flow)
    yield from _argument_options(flow)
    yield from _check_options(flow, registered)
    if flow.description:
        yield f"--description {_word(flow.description)}"
    if not session.is_local and flow.endpoint:
        yield f"--endpoint {_word(flow.endpoint)}"
    if flow.endpoint_config:
        raise _Unwritable("it has options of its endpoint's template")


def _source_options(flow: Flow, registered: Mapping[str, Any], aero: Mapping[str, Any]) -> Iterator[str]:
    if not flow.source_url:
        return
    parameter = registered.get("source_parameter")
    if redact_url(flow.source_url) != flow.source_url:
        raise _Unwritable("the URL of its source contains a secret")
    outputs = list(aero.get("output_data", {}).values())
    if any(each.get("headers") or each.get("auth") or each.get("check") for each in outputs):
        raise _Unwritable("its source has headers, a login or a check of its own")
    if any(data.no_copy for data in flow.outputs) or not parameter:
        raise _Unwritable("its source is not downloaded for a parameter")
    yield f"--source {_word(f'{parameter}={flow.source_url}')}"


def _schedule_options(flow: Flow) -> Iterator[str]:
    if flow.policy in _POLICY_WORDS:
        yield f"--policy {_POLICY_WORDS[flow.policy]}"
    if flow.policy in TIMED and flow.timer:
        yield f"--every {flow.timer}s"
    if flow.is_aligned:
        yield "--aligned"


def _argument_options(flow: Flow) -> Iterator[str]:
    if flow.are_arguments_left_out or len(flow.arguments) > 1:
        raise _Unwritable("its arguments are a list, or too long")
    for name, value in (flow.arguments[0] if flow.arguments else {}).items():
        yield f"--kwarg {_word(f'{name}={json.dumps(value)}')}"


def _check_options(flow: Flow, registered: Mapping[str, Any]) -> Iterator[str]:
    for check in registered.get("checks") or ():
        text = check_in_words(check)
        try:
            is_same = parse_check(text, [data.name for data in flow.outputs]) == dict(check)
        except InvalidArgument:
            is_same = False
        if not is_same:
            raise _Unwritable("it has a check of a file")
        yield f"--check {_word(text)}"


def _word(text: str) -> str:
    """Return a value as one word of a magic's line."""
    if "{" in text or "\n" in text:
        # IPython's lines replace what is in braces.
        raise _Unwritable("one of its values contains a brace or a line break")
    return shlex.quote(text)
