"""Checks of the form's state alone, without the kernel and without a server."""

from __future__ import annotations

from collections.abc import Iterable

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.globs import is_source_pattern
from aero_jupyter.core.name_rules import dataset_name
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.notebook.panels.register.redacted_fields import require_credentials_of
from aero_jupyter.notebook.panels.register.state import FormState
from aero_jupyter.notebook.registration.findings import ERROR, Finding, error_finding
from aero_jupyter.notebook.registration.request import RegistrationRequest

#: What a parameter without a value lacks, and how to fix it, by the kind of its value.
_MISSING_VALUES = {
    "input": ("a value: a dataset, a fixed value or a URL", ""),
    "constant": ("a value", 'Enter it; "" is an empty text.'),
    "pulled": ("a URL", "Enter the URL to download."),
}


def check_credentials(state: FormState) -> list[Finding]:
    """Return a finding if the headers or the login of a source do not name their secrets."""
    try:
        require_credentials_of(state.headers, state.auth)
    except InvalidArgument as error:
        return [error_finding("credentials", error)]
    return []


def check_pattern(request: RegistrationRequest) -> list[Finding]:
    """Return findings if a source is a pattern: it needs a source type, and is not downloaded on a schedule."""
    if request.source is None or not is_source_pattern(request.source[1]):
        return []
    findings = []
    if request.options.source_type is None:
        text = "The URL is a pattern, and a pattern needs a source type."
        findings.append(Finding(ERROR, "source", text, "Enter a name in the field source type."))
    if request.policy is PolicyEnum.INGESTION:
        text = "A pattern cannot be downloaded on a schedule: a notification names the object."
        findings.append(
            Finding(ERROR, "when", text, "Choose: the source notifies.", "When the source notifies", "event")
        )
    return findings


def check_bindings(state: FormState) -> list[Finding]:
    """Return a finding for each parameter without a value, each second URL and each name that an output cannot have."""
    kinds = {name: kind for name, kind, _ in state.bindings}
    findings = []
    for name in state.unbound_parameters():
        missing, cure = _MISSING_VALUES[kinds[name]]
        findings.append(Finding(ERROR, f"parameter {name}", f"{name} needs {missing}.", cure, is_missing=True))
    for name in [each for each, kind in kinds.items() if kind == "pulled" and each != state.source_parameter]:
        text = f"{state.source_parameter} already receives the download."
        findings.append(Finding(ERROR, f"parameter {name}", text, f"Choose a dataset or a fixed value for {name}."))
    if not state.output_names:
        text, cure = "The result has no name yet.", "Name at least one output."
        findings.append(Finding(ERROR, "outputs", text, cure, is_missing=True))
    return [*findings, *_check_names(state.output_names)]


def _check_names(names: Iterable[str]) -> list[Finding]:
    """Return a finding for each name that a new dataset cannot have."""
    findings = []
    for name in names:
        try:
            dataset_name(name)
        except InvalidArgument as error:
            findings.append(error_finding("outputs", error))
    return findings
