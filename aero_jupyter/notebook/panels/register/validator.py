"""Validation of the registration form against the kernel and the servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any  # IPython's objects, which have no types

from aero_jupyter.compute.live_functions import known_elsewhere
from aero_jupyter.compute.portable_function import PortableFunction, portable
from aero_jupyter.core.errors import AeroError, FunctionRefused, InvalidArgument, UnknownName
from aero_jupyter.core.globs import is_source_pattern
from aero_jupyter.core.models import Data
from aero_jupyter.core.version_ref import typed_name
from aero_jupyter.notebook.panels.register.retention_field import check_retention
from aero_jupyter.notebook.panels.register.source_type_notes import type_names, type_note
from aero_jupyter.notebook.panels.register.state import FormState
from aero_jupyter.notebook.panels.register.state_checks import check_bindings, check_credentials, check_pattern
from aero_jupyter.notebook.panels.register.summary import summarize
from aero_jupyter.notebook.registration import kernel_functions, preflight, source_probe
from aero_jupyter.notebook.registration.endpoint_checks import check_endpoint, endpoint_labels
from aero_jupyter.notebook.registration.findings import ERROR, WARNING, Finding, error_finding, worst_first
from aero_jupyter.notebook.registration.input_formats import check_formats
from aero_jupyter.notebook.registration.name_conflicts import check_names
from aero_jupyter.notebook.registration.pinned_dates import with_pinned_dates
from aero_jupyter.notebook.registration.request import RegistrationRequest
from aero_jupyter.notebook.registration.stored_options import check_stored_options
from aero_jupyter.notebook.registration.ttl_cache import Lookups

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session

#: Shown after a registration that stopped because the function was redefined.
REDEFINED_CURE = "Nothing is registered yet. Use the new definition, or register again to keep this one."


@dataclass(frozen=True)
class ValidationResult:
    """Result of a validation.

    Attributes
    ----------
    findings : tuple of Finding
        Errors first.
    summary : str
        What the flow will do, and when it runs first; empty if there are errors.
    suggestions : mapping of str to list of str
        For each parameter the names of datasets that match its text.
    endpoints : mapping of str to str
        Name to the name with state and Python.
    is_complete : bool
        Whether the servers answered every question.
    source_types : tuple of str
        The names of the source types; empty if the form has no source.
    """

    findings: tuple[Finding, ...] = ()
    summary: str = ""
    suggestions: Mapping[str, list[str]] = field(default_factory=dict)
    endpoints: Mapping[str, str] = field(default_factory=dict)
    is_complete: bool = True
    source_types: tuple[str, ...] = ()

    @property
    def has_errors(self) -> bool:
        """Return whether an error prevents the registration."""
        return _has_errors(self.findings)


class DraftValidator:
    """Validates states of the form; answers of servers are cached until `lookups` forgets them.

    Parameters
    ----------
    session : Session
    shell : InteractiveShell or None
        The shell whose functions and variables are used.
    """

    # IPython's types leave out the namespace.
    def __init__(self, session: Session, shell: Any) -> None:
        self._session = session
        self.shell = shell
        self.lookups = Lookups()

    @property
    def functions(self) -> dict[str, str]:
        """The functions of the kernel, newest first: name to text."""
        return kernel_functions.functions_of(self.shell)

    def validate(self, state: FormState, kernel_text: str, *, reported: str = "") -> ValidationResult:
        """Validate a state of the form.

        Parameters
        ----------
        kernel_text : str
            The function's text in the kernel, as it was when the form took it.
        reported : str
            The newer text in the kernel at which a registration has stopped.
        """
        findings = (
            [*self._check_function(state, kernel_text, reported), *check_bindings(state)] if state.function else []
        )
        endpoints, suggestions, summary, is_complete = {}, {}, "", True
        try:
            endpoints = self.lookups.get("endpoints", "", partial(endpoint_labels, self._session))
            suggestions = {
                name: self._suggest_names(typed_name(text)) for name, kind, text in state.bindings if kind == "input"
            }
            if state.function:
                more, summary = self._check_state(state, findings)
                findings += more
        except AeroError as error:
            findings, is_complete = [*findings, Finding(WARNING, "form", error.message, error.cure)], False
        shown = tuple(finding.for_form() for finding in worst_first(findings))
        labels = {state.endpoint: state.endpoint, **endpoints}
        types = type_names(self._session, self.lookups) if state.source_parameter else ()
        return ValidationResult(shown, summary, suggestions, labels, is_complete, types)

    def _check_state(self, state: FormState, before: list[Finding]) -> tuple[list[Finding], str]:
        """Return the findings of servers, and the summary if there are no errors."""
        try:
            request = state.to_request()
        except InvalidArgument as error:
            return [error_finding("when", error)], ""
        request, pinned = with_pinned_dates(self._session.client, request)
        findings, inputs = self._check_source_and_inputs(state, request)
        findings += pinned
        if not any(finding.about in ("function", "text") and finding.mark == ERROR for finding in before):
            findings += self._check_flow(state, request, inputs, [*before, *findings])
        if _has_errors([*before, *findings]):
            return findings, ""
        note = type_note(self._session, request.options.source_type, self.lookups)
        return findings, f"{summarize(request, inputs)}{note}"

    def function(self, state: FormState) -> PortableFunction:
        """Build the portable function of a form.

        Raises
        ------
        InvalidArgument
            If no function is chosen.
        FunctionRefused
            If the function cannot run on an endpoint.
        """
        if not state.function:
            raise InvalidArgument("No function is chosen.", "Choose one of this notebook.")
        elsewhere = known_elsewhere(self._kernel_names())
        source_parameter = state.source_parameter or None
        return portable(state.text, state.function, source_parameter=source_parameter, known_elsewhere=elsewhere)

    def redefined_text(self, state: FormState, kernel_text: str) -> str:
        """Return the kernel's text of the function if it differs from the form's; else an empty string."""
        current = self.functions.get(state.function, "")
        return "" if current in (state.text, kernel_text) else current

    def _check_source_and_inputs(
        self, state: FormState, request: RegistrationRequest
    ) -> tuple[list[Finding], dict[str, Data]]:
        """Return the findings on policy, source, inputs and endpoint, and the datasets of the inputs."""
        readers = [name for name, kind, _ in state.bindings if kind == "input"]
        findings = preflight.check_policy(request.policy, readers, state.source_parameter)
        findings += [*check_pattern(request), *check_retention(self._session, state)]
        if request.source and not is_source_pattern(request.source[1]):
            findings += check_credentials(state) or self._check_source(request, request.source[1])
        inputs, unknown = preflight.resolve_inputs(self._session, request.inputs, self.lookups)
        unknown += preflight.check_versions(self._session, inputs, request.versions, self.lookups)
        unknown += check_endpoint(self._session, state.endpoint, request.options.endpoint_config, self.lookups)
        return [*findings, *unknown], inputs

    def _check_source(self, request: RegistrationRequest, url: str) -> list[Finding]:
        return self.lookups.get(
            "source",
            repr((request.check, sorted(request.headers.items()), request.auth, url)),
            lambda: source_probe.check_source(url, request.check, request.headers, request.auth),
        )

    def _check_flow(
        self, state: FormState, request: RegistrationRequest, inputs: Mapping[str, Data], before: list[Finding]
    ) -> list[Finding]:
        """Return the findings on the function, its inputs' formats, its outputs and existing flows."""
        function = self.function(state)
        findings = [
            *preflight.check_outputs(function, request),
            *check_formats(self._session, function, inputs, request.versions, self.lookups),
            *check_stored_options(self._session, function, inputs),
            *self._check_output_names(state, request, inputs),
        ]
        if not _has_errors([*before, *findings]):
            ids = {name: data.id for name, data in inputs.items()}
            findings += self._check_existing_flow(state, function, request, ids)
        return findings

    def _check_existing_flow(
        self, state: FormState, function: PortableFunction, request: RegistrationRequest, ids: Mapping[str, str]
    ) -> list[Finding]:
        found = preflight.check_existing_flow(self._session, function, request, ids, state.description or None)
        if state.replace:
            cure = "That flow is replaced, and its dataset is continued."
            return [replace(each, mark=WARNING, cure=cure, fix_label="") for each in found]
        return found

    def _check_function(self, state: FormState, kernel_text: str, reported: str) -> list[Finding]:
        findings = []
        if redefined := self.redefined_text(state, kernel_text):
            text, cure = f"{state.function}() was redefined since.", REDEFINED_CURE if redefined == reported else ""
            findings.append(Finding(WARNING, "function", text, cure, "Use the new definition", "new"))
        try:
            self.function(state)
        except FunctionRefused as error:
            names = self._kernel_names()
            missing = kernel_functions.missing_in(state.text, state.function)
            importable = next((line for name in missing if (line := kernel_functions.import_of(name, names))), "")
            fix_label = f"Move {importable} into it" if importable else ""
            about = "text" if kernel_functions.parameters_of(state.text, state.function) is None else "function"
            findings.append(Finding(ERROR, about, error.message, error.cure, fix_label, importable))
        return findings

    def _kernel_names(self) -> Mapping[str, Any]:
        names: Mapping[str, Any] = self.shell.user_ns if self.shell is not None else {}
        return names

    def _check_output_names(
        self, state: FormState, request: RegistrationRequest, inputs: Mapping[str, Data]
    ) -> list[Finding]:
        read = tuple(data.name for data in inputs.values())
        return self.lookups.get(
            "taken",
            repr((state.function, request.outputs, read, state.replace)),
            lambda: check_names(self._session, state.function, request.outputs, inputs, replaces=state.replace),
        )

    def _suggest_names(self, typed: str) -> list[str]:
        def fetch() -> list[str]:
            client = self._session.client
            filters: dict[str, Any] = {"text": typed} if typed and client.dialect.filters else {}
            return sorted({data.name for data in client.list("data", **filters).page(1)})

        try:
            return self.lookups.get("names", typed, fetch)
        except UnknownName:
            return []


def _has_errors(findings: Sequence[Finding]) -> bool:
    return any(finding.mark == ERROR for finding in findings)
