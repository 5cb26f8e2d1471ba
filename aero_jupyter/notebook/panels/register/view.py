"""The view of the registration form: its fields, its findings, and the code that builds it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from IPython import get_ipython

from aero_jupyter.core.errors import FunctionRefused
from aero_jupyter.core.models import Flow
from aero_jupyter.core.policy import TIMED
from aero_jupyter.notebook.as_code import session_code
from aero_jupyter.notebook.panels.base import Task, start_thread
from aero_jupyter.notebook.panels.register import form_code
from aero_jupyter.notebook.panels.register.parameter_row import parameter_row
from aero_jupyter.notebook.panels.register.redacted_fields import format_headers
from aero_jupyter.notebook.panels.register.remarks import finding_note, is_shown, missing_entries
from aero_jupyter.notebook.panels.register.retention_field import retention_fields
from aero_jupyter.notebook.panels.register.state import CHECK_LABELS, WHEN_LABELS, FormState, ParameterBinding
from aero_jupyter.notebook.panels.register.validator import DraftValidator, ValidationResult
from aero_jupyter.notebook.panels.tree_panel import TreePanel
from aero_jupyter.notebook.registration import kernel_functions
from aero_jupyter.notebook.registration.findings import ERROR, Finding
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.tree import Node

if TYPE_CHECKING:
    from aero_jupyter.notebook.registration.dry_run import DryRun
    from aero_jupyter.session.session import Session

#: Parts of the form whose errors prevent a dry run.
_NEEDED_FOR_DRY_RUN = frozenset({"function", "text", "parameter", "credentials"})


class RegisterFormView(TreePanel):
    """View of the registration form.

    Attributes
    ----------
    flow : Flow or None
        The flow that was registered last.
    """

    label = "Register a function"

    # IPython's types leave out the namespace of a shell.
    def __init__(
        self, session: Session, state: FormState, *, begin: Callable[[Task], None] = start_thread, shell: object = None
    ) -> None:
        super().__init__(session, begin=begin)
        self._form_state = state.with_parameters_of(state.text, state.function) if state.function else state
        self._validator = DraftValidator(session, shell if shell is not None else get_ipython())
        self._validation = ValidationResult(endpoints={state.endpoint: state.endpoint})
        self._is_validated = False
        #: The function's text in the kernel when the form took it, and the same with the fixes of the form.
        self._kernel_text = self._cell_text = state.text
        self._dry_run: DryRun | None = None
        self.flow: Flow | None = None
        #: Whether the card of the registered flow is shown instead of the form.
        self._is_registered = False
        #: What the user has changed, as findings name it.
        self._touched: set[str] = set()
        #: What the last action did, such as the parameter that got a dataset.
        self._event = ""

    @property
    def value(self) -> FormState:
        """The state of the form."""
        return self._form_state

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of the last validation, errors first."""
        return self._validation.findings

    @property
    def functions(self) -> dict[str, str]:
        """The functions of this kernel, newest first: name to text."""
        return self._validator.functions

    def expression(self) -> str:
        """Return the call that builds the form."""
        return form_code.form_call(self._form_state, has_definition=self._has_definition())

    def as_code(self) -> str:
        """Return the Python that registers the same, or that builds the same form while there are errors."""
        is_ready = self._is_validated and not self._validation.has_errors and self._form_state.function
        # Code with an incomplete URL must not register it.
        register = ".register()" if is_ready and not self.secrets_comment() else ""
        head = f"{self.function_text()}{self.secrets_comment()}{session_code(self._session)}"
        return f"{head}{self.expression()}{register}\n"

    def secrets_comment(self) -> str:
        """Return the comment on secrets that the code omits."""
        return form_code.secrets_comment(self._form_state)

    def function_text(self) -> str:
        """Return the function's definition if it precedes the call."""
        return f"{self._form_state.text.rstrip()}\n\n\n" if self._has_definition() else ""

    def _has_definition(self) -> bool:
        """Return whether the code defines the function before the call: as its cell has it, and complete by itself."""
        state = self._form_state
        if not state.function or state.text != self._cell_text:
            return False
        try:
            self._validator.function(state)
            script = f"{state.text}\n\n\n{session_code(self._session)}"
            return kernel_functions.needed_source(script, state.function) == state.text
        except FunctionRefused:
            return False

    def nodes(self) -> Sequence[Node | None]:
        """Return the nodes of the tree."""
        if self._is_registered:
            return self._registered_nodes()
        state = self._form_state
        functions = list(self.functions)
        names = [*([state.function] if state.function and state.function not in functions else []), *functions]
        if not names:
            return [
                trees.text("There is no function in this notebook yet.", "strong"),
                trees.text("Define one in a cell, run it, and press Refresh; its inputs are its parameters."),
                trees.row(trees.button("Refresh", "refresh")),
            ]
        return [
            trees.note("✓", self._event) if self._event else None,
            self._function_row(names),
            *self._notes("function", "endpoint", "when"),
            *map(self._parameter_nodes, state.bindings),
            self._output_row(),
            *self._credentials_rows(),
            *self._notes("outputs", "flow", "form"),
            *retention_fields(self._session, state, self._notes("keep")),
            trees.text(self._validation.summary),
            *self._dry_run_nodes(),
            self._button_row(),
            *self._notes("text"),
            trees.fold("Source code of the function", trees.field("text", "text", state.text, lines=10))
            if state.function
            else None,
            trees.text(self._status_text(), "meta"),
        ]

    def _registered_nodes(self) -> list[Node | None]:
        another = trees.button("Register another", "another")
        return [
            trees.note("✓", self._status_text()),
            trees.row(another, trees.copy("Copy as code", self.as_code(), "the code")),
        ]

    def _function_row(self, names: Sequence[str]) -> Node:
        state = self._form_state
        choices = {name: f"{name}()" for name in names} | ({} if state.function else {"": "choose a function"})
        return trees.row(
            trees.choice("function", "Run", state.function, choices),
            trees.choice("endpoint", "on", state.endpoint, self._validation.endpoints),
            trees.choice("when", "when", state.when, WHEN_LABELS),
            trees.field("every", "every", state.every, hint="1d") if state.policy in TIMED else None,
            trees.button("Refresh", "refresh"),
        )

    def _parameter_nodes(self, binding: ParameterBinding) -> Node:
        name, kind, _ = binding
        row = parameter_row(self._form_state, binding, self._validation.suggestions.get(name, ()))
        about = [f"parameter {name}", *(["source"] if kind == "pulled" else [])]
        return trees.group("", row, *self._notes(*about), key=f"parameter {name}")

    def _output_row(self) -> Node:
        state = self._form_state
        has_source = bool(state.values_of("pulled"))
        types = self._validation.source_types
        return trees.row(
            trees.field("outputs", "Store the result as", state.outputs, hint="name, another name"),
            trees.field("description", "description", state.description, hint="one line"),
            trees.choice("check", "the download is", state.check, CHECK_LABELS) if has_source else None,
            trees.field("source_type", "source type", state.source_type, known=types, hint="none")
            if has_source
            else None,
        )

    def _credentials_rows(self) -> list[Node]:
        state = self._form_state
        if not state.source_parameter:
            return []
        headers = format_headers(state.headers)
        return [
            trees.row(
                trees.field("headers", "Headers", headers, hint="X-App-Token=$APP_TOKEN", lines=2),
                trees.field("auth", "login", state.auth, hint="user:$PASSWORD"),
            ),
            *([trees.text(_credentials_used(state), "meta")] if state.headers or state.auth else []),
            *self._notes("credentials"),
        ]

    def _button_row(self) -> Node:
        return trees.row(
            trees.button("Try it here", "try", can=self._can_dry_run),
            trees.button("Register", "register", can=self._can_register, primary=True),
            trees.copy("Copy as code", self.as_code(), "the code") if self._form_state.function else None,
        )

    def screen_reader_text(self) -> str:
        """Return the first error, or the status."""
        return next((str(finding) for finding in self.findings if finding.mark == ERROR), self._status_text())

    @property
    def _can_register(self) -> bool:
        is_valid = self._is_validated and not self._validation.has_errors
        return bool(self._form_state.function) and is_valid and not self._is_busy

    @property
    def _can_dry_run(self) -> bool:
        state = self._form_state
        is_incomplete = not state.function or state.unbound_parameters() or not state.output_names
        errors = (finding for finding in self.findings if finding.mark == ERROR)
        is_prevented = any(finding.about.partition(" ")[0] in _NEEDED_FOR_DRY_RUN for finding in errors)
        return not (is_incomplete or is_prevented or self._is_busy)

    def _status_text(self) -> str:
        if self._is_busy:
            return "Working …"
        if self.flow is not None:
            return f"Registered as flow {self.flow.id[:8]}."
        if not self._is_validated and self._validation.is_complete:
            return "Checking …"
        return missing_entries(self.findings, self._touched)

    def _notes(self, *about: str) -> list[Node]:
        shown = (finding for finding in self.findings if finding.about in about)
        return [finding_note(finding) for finding in shown if is_shown(finding, self._touched)]

    def _dry_run_nodes(self) -> list[Node]:
        if self._dry_run is None:
            return []
        return [
            trees.note("✓", self._dry_run.heading),
            *(trees.text(line, "meta") for line in self._dry_run.files),
            *([trees.pre(self._dry_run.pre)] if self._dry_run.pre else []),
        ]


def _credentials_used(state: FormState) -> str:
    """Return the credentials for the source, by the names of their secrets."""
    headers = [f"{name}: {value}" for name, value in state.headers]
    return f"Requests send {', '.join([*headers, *([f'the login {state.auth}'] if state.auth else [])])}."
