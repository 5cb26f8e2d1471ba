"""The registration form: edits, dry runs and registrations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data
from aero_jupyter.core.surface_text import form_words
from aero_jupyter.notebook.panels.base import Message, Task, start_thread
from aero_jupyter.notebook.panels.flow_card import FlowCard
from aero_jupyter.notebook.panels.register import edits
from aero_jupyter.notebook.panels.register.remarks import subject_of_field
from aero_jupyter.notebook.panels.register.state import FormState
from aero_jupyter.notebook.panels.register.validated_view import ValidatedFormView
from aero_jupyter.notebook.panels.register.validator import REDEFINED_CURE
from aero_jupyter.notebook.registration.dry_run import dry_run
from aero_jupyter.notebook.registration.findings import raise_on_error
from aero_jupyter.notebook.registration.pinned_dates import with_pinned_dates
from aero_jupyter.notebook.registration.request import RegistrationRequest
from aero_jupyter.session.retention import keep_outputs

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session

#: Seconds that a dry run may take.
DRY_RUN_SECONDS = 120.0


class RegisterForm(ValidatedFormView):
    r"""A form that registers a function; its entries stay, whatever happens. `register_form` makes it.

    Attributes
    ----------
    flow : Flow or None
        The flow that was registered last.

    Examples
    --------
    >>> code = "def half(sewage):\n    return len(sewage) / 2"
    >>> form = aero.register_form(code, inputs={"sewage": "sewage"})
    >>> form.check()
    ()
    """

    # IPython's types leave out the namespace of a shell.
    def __init__(
        self, session: Session, state: FormState, *, begin: Callable[[Task], None] = start_thread, shell: object = None
    ) -> None:
        super().__init__(session, state, begin=begin, shell=shell)
        #: Name of a dataset that the next function gets as its input.
        self._pending_input = ""

    def register(self) -> FlowCard:
        """Register the function as the form describes it.

        Returns
        -------
        FlowCard
            The live card of the flow.

        Raises
        ------
        InvalidArgument
            If a finding prevents it; or, once, if the function was redefined since.
        FunctionRefused
            If the function cannot run on an endpoint as it is.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> aero.register_form(code).register()  # doctest: +SKIP
        ✓ half → half    flow 944d9611 · local endpoint · Python 3.11
        """
        self.check()
        raise_on_error(self.findings)
        if self._must_report_redefinition():
            raise InvalidArgument(f"{self._form_state.function}() was redefined since.", REDEFINED_CURE)
        state = self._form_state
        request = self._pinned_request(state)
        flow = self._session.register(
            self._validator.function(state),
            **request.arguments(),
            endpoint=state.endpoint,
            description=state.description or None,
            replace=state.replace,
        )
        keep_outputs(self._session, flow.outputs, state.keep_policy)
        self.flow = self._session.client.get_flow(flow.id)
        self._reported_redefinition = ""
        self._validator.lookups.clear()
        self.resolve_waiters(self.flow)
        return FlowCard(self._session, self.flow)

    def _pinned_request(self, state: FormState) -> RegistrationRequest:
        request, findings = with_pinned_dates(self._session.client, state.to_request())
        raise_on_error(findings)
        return request

    def _must_report_redefinition(self) -> bool:
        """Return whether the function was redefined and the form has not reported it yet."""
        redefined = self._validator.redefined_text(self._form_state, self._kernel_text)
        must_report, self._reported_redefinition = redefined not in ("", self._reported_redefinition), redefined
        return must_report

    def actions(self) -> Mapping[str, Callable[[Message], None]]:
        """Return the handlers of messages, by the name of the action."""
        return {
            "set": lambda message: self._set_field(str(message.get("name")), str(message.get("value"))),
            "mend": lambda message: self._apply_fix(str(message.get("about")), str(message.get("what"))),
            "refresh": lambda _: self._refresh(),
            "try": lambda _: self.run_in_background(self._run_dry),
            "register": lambda _: self.run_in_background(self._register),
            "another": lambda _: self._show_form(),
        }

    def show_error(self, lines: Sequence[str], story: str) -> None:
        """Show an error in the words of the form."""
        super().show_error([form_words(line) for line in lines], story)

    def use_as_input(self, data: Data) -> None:
        """Use a dataset for the first parameter without a value, of the newest function if none is chosen."""
        self._pending_input = data.name
        newest = next(iter(self.functions.items()), None)
        if not self._form_state.function and newest is not None:
            self.choose_function(*newest)
            return
        with self._lock:
            self._set_input(self._form_state)
        self._on_change()

    def _set_input(self, state: FormState) -> None:
        """Set the state with the pending dataset as an input, and what that did."""
        self._form_state, self._is_registered = edits.with_input(state, self._pending_input), False
        used = [name for name, dataset in self._form_state.values_of("input").items() if dataset == self._pending_input]
        self._event = f"{self._pending_input} is the input {used[0]} of {state.function}()." if used else ""

    def _show_form(self) -> None:
        """Show the form again instead of the card of the registered flow; the entries are as they were."""
        with self._lock:
            self._is_registered, self.flow = False, None
        if self._box is not None:
            self._box.children = self._box.children[:1]
        self._on_change()

    def choose_function(self, name: str, text: str) -> None:
        """Choose a function; parameters of the same name keep their values."""
        with self._lock:
            self._kernel_text = self._cell_text = text
            self._set_input(edits.with_function(self._form_state, name, text))
        self._on_change()

    def _set_field(self, field: str, value: str) -> None:
        self._touched.add(subject_of_field(field))
        self._event, self._is_registered = "", False
        if field == "function":
            if value in self.functions:
                self.choose_function(value, self.functions[value])
            return
        with self._lock:
            self._form_state = edits.with_field_value(self._form_state, field, value)
        self._on_change()

    def _apply_fix(self, about: str, value: str) -> None:
        with self._lock:
            if about == "function":
                self._fix_function(value)
            else:
                self._form_state = edits.with_fix(self._form_state, about, value)
        self._on_change()

    def _fix_function(self, value: str) -> None:
        """Replace the function by the kernel's new definition, or add an import statement."""
        state = self._form_state
        if value == "new":
            text = self._kernel_text = self._cell_text = self.functions.get(state.function, "")
        else:
            text = edits.with_import(state.text, value)
            if self._cell_text == state.text:
                self._cell_text = text
        self._form_state = edits.with_function_text(state, text, state.function)

    def _refresh(self) -> None:
        self._validator.lookups.clear()
        self._on_change()

    def _run_dry(self) -> None:
        self._dry_run = None
        state = self._form_state
        function, request = self._validator.function(state), self._pinned_request(state)
        self._dry_run = dry_run(
            self._session.client, function, request, source_parameter=state.source_parameter, timeout=DRY_RUN_SECONDS
        )

    def _register(self) -> None:
        if self._must_report_redefinition():
            self._on_change()
            return
        card = self.register()
        if self._box is not None:
            self._box.children = (self._box.children[0], card.panel.widget)
            card.panel.on_displayed()
        card.panel.navigate = self.navigate
        with self._lock:
            self._form_state, self._is_registered = replace(self._form_state, replace=False), True
        self._on_change()
