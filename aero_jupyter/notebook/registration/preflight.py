"""Preflight checks of a registration: errors that prevent it, and warnings. Only certain faults are reported."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from aero_jupyter.core.errors import NotFound, UnknownName
from aero_jupyter.core.globs import is_source_pattern
from aero_jupyter.core.policy import DOWNLOADING, FOLLOWING, PolicyEnum
from aero_jupyter.core.source_parsing import parse_source
from aero_jupyter.notebook.registration.endpoint_checks import check_endpoint
from aero_jupyter.notebook.registration.findings import ERROR, WARNING, Finding, error_finding, worst_first
from aero_jupyter.notebook.registration.input_formats import check_formats
from aero_jupyter.notebook.registration.local_files import check_local_files
from aero_jupyter.notebook.registration.name_conflicts import check_names
from aero_jupyter.notebook.registration.return_analysis import ReturnShape, returned_by
from aero_jupyter.notebook.registration.source_probe import check_source, source_findings
from aero_jupyter.notebook.registration.stored_options import check_stored_options
from aero_jupyter.notebook.registration.ttl_cache import Lookups
from aero_jupyter.notebook.widgets.background import submit

if TYPE_CHECKING:
    from aero_jupyter.compute.portable_function import PortableFunction
    from aero_jupyter.core.models import Data
    from aero_jupyter.notebook.registration.request import RegistrationRequest
    from aero_jupyter.session.session import Session


def check_registration(
    session: Session, function: PortableFunction, request: RegistrationRequest, endpoint: str, *, replaces: bool = False
) -> list[Finding]:
    """Return the findings that the registration itself does not check, errors first."""
    source = request.source[1] if request.source else None
    source_check = (
        submit(partial(check_source, source, request.check, request.headers, request.auth), "aero-source-check")
        if source and not is_source_pattern(source)
        else None
    )
    # These are warnings only: a run reports an output that is missing.
    findings = [replace(each, mark=WARNING) for each in check_outputs(function, request)]
    lookups = Lookups()
    # The registration itself refuses unknown names, and suggests similar ones.
    inputs, _ = resolve_inputs(session, request.inputs, lookups) if request.outputs else ({}, [])
    findings += check_formats(session, function, inputs, request.versions, lookups)
    findings += check_stored_options(session, function, inputs)
    findings += check_local_files(function)
    findings += check_names(session, function.name, request.outputs, inputs, replaces=replaces)
    findings += check_endpoint(session, endpoint, request.options.endpoint_config, lookups)
    findings += source_findings(source_check) if source_check else []
    return worst_first(findings)


def check_outputs(function: PortableFunction, request: RegistrationRequest) -> list[Finding]:
    """Return an error if no ``return`` of a function matches the outputs; uncertain cases are not reported."""
    outputs = request.outputs
    if request.options.optional_outputs:
        # Which outputs a run makes is known only when it ends.
        return []
    text = parse_source(function.cell)
    nodes = [node for node in text.body if isinstance(node, ast.FunctionDef) and node.name == function.name]
    if not nodes or not outputs:
        return []
    returned = returned_by(nodes[-1], text)
    if not returned:
        message = f"{function.name}() returns nothing, but {_declared(outputs)}."
        return [Finding(ERROR, "outputs", message, "Return a DataFrame, a path, or AeroOutput(name, path).")]
    sure = [each for each in returned if each is not None and not each.suits(outputs)]
    return [_unfit(function.name, sure, outputs)] if len(sure) == len(returned) else []


def _unfit(name: str, returned: Sequence[ReturnShape], outputs: Sequence[str]) -> Finding:
    """Return the finding for a function of which no ``return`` matches the declared outputs."""
    wrong = next((each.wrong for each in returned if each.wrong), "")
    if wrong or any(each.single for each in returned):
        text = f"{name}() returns {wrong or 'one thing without a name'}, but {_declared(outputs)}."
        return Finding(ERROR, "outputs", text, _how(outputs))
    made = list(dict.fromkeys(each for one in returned for each in one.names))
    missing, unnamed = [each for each in outputs if each not in made], [each for each in made if each not in outputs]
    at_once = {frozenset(each.names) for each in returned} == {frozenset(made)}
    fix = (f"Keep it as {', '.join(made)}", ", ".join(made)) if at_once else ("", "")
    if missing:
        cure = f"It makes {', '.join(made)}: " + (
            "name that, or return what is named." if unnamed else "return the others too."
        )
        return Finding(ERROR, "outputs", f"{name}() never makes {', '.join(missing)}.", cure, *fix)
    if unnamed:
        cure = "Name it among the outputs, or do not return it."
        return Finding(
            ERROR, "outputs", f"{name}() also makes {', '.join(unnamed)}, which no output names.", cure, *fix
        )
    return Finding(
        ERROR, "outputs", f"{name}() never makes {', '.join(outputs)} together, and each once.", _how(outputs)
    )


def _declared(outputs: Sequence[str]) -> str:
    return f"output{'s' * (len(outputs) > 1)} {', '.join(outputs)} {'are' if len(outputs) > 1 else 'is'} declared"


def _how(outputs: Sequence[str]) -> str:
    if len(outputs) == 1:
        return "Return a DataFrame, a path, or AeroOutput(name, path)."
    return f"Return [{', '.join(f'AeroOutput({name!r}, path)' for name in outputs)}]."


def resolve_inputs(
    session: Session, inputs: Mapping[str, str], lookups: Lookups
) -> tuple[dict[str, Data], list[Finding]]:
    """Resolve the datasets of the inputs; return them, and an error for each unknown one."""
    found: dict[str, Data] = {}
    findings = []
    for parameter, name in inputs.items():
        try:
            found[parameter] = lookups.get("data", name, partial(session.client.resolve_data, name))
        except UnknownName as error:
            best = error.candidates[0] if len(error.candidates) == 1 else ""
            fix_label = f"Use {best}" if best else ""
            findings.append(
                Finding(ERROR, f"parameter {parameter}", error.message, error.cure, fix_label, f"{parameter}={best}")
            )
    return found, findings


def check_versions(
    session: Session, inputs: Mapping[str, Data], versions: Mapping[str, int], lookups: Lookups
) -> list[Finding]:
    """Return an error for each version that does not exist."""
    findings = []
    for parameter, number in versions.items():
        if parameter in inputs:
            id = inputs[parameter].id
            try:
                lookups.get("version", f"{id}@{number}", partial(session.client.version, id, number))
            except NotFound as error:
                findings.append(error_finding(f"parameter {parameter}", error))
    return findings


def check_existing_flow(
    session: Session,
    function: PortableFunction,
    request: RegistrationRequest,
    ids: Mapping[str, str],
    description: str | None = None,
) -> list[Finding]:
    """Return a finding if a flow of this function exists: the differences, or that nothing would change."""
    existing = session.standing(function.name, request.outputs)
    if existing is None:
        return []
    source = request.source[1] if request.source else None
    asked = (existing, function, ids, request.kwargs, request.policy, request.timer)
    found = session.differences(
        *asked,
        source=source,
        versions=request.versions,
        description=description,
        aligned=request.aligned,
        check=request.check,
        headers=request.headers,
        auth=request.auth,
        options=request.options,
    )
    if not found:
        return [
            Finding(WARNING, "flow", f"This flow is registered already ({existing.id[:8]}).", "Nothing would change.")
        ]
    made = ", ".join(request.outputs)
    text = f"A flow {function.name} → {made} exists already ({existing.id[:8]}): {'; '.join(found)}."
    return [
        Finding(ERROR, "flow", text, "Continue its data with this one, or choose another output.", "Replace it", "1")
    ]


def check_policy(policy: PolicyEnum, inputs: Sequence[str], source: str) -> list[Finding]:
    """Return an error if a policy lacks its inputs or its source."""
    if policy in FOLLOWING and not inputs:
        text, cure = (
            "The flow would wait for inputs and has none.",
            "Choose a dataset for a parameter, or another time.",
        )
        return [Finding(ERROR, "when", text, cure, "Only when I press Run now", "none")]
    if policy in DOWNLOADING and not source:
        text = "The flow would download a URL and has none."
        return [Finding(ERROR, "when", text, "Choose which parameter receives the download.")]
    if source and policy not in DOWNLOADING:
        text, cure = "The flow has a URL and would not download it.", "Choose: on a schedule: check the URL every …."
        return [Finding(ERROR, "when", text, cure, "Check the URL every day", "pull")]
    return []
