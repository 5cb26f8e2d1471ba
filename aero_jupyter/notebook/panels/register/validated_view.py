"""The view of the registration form, validated whenever the form or a function of the kernel changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from aero_jupyter.notebook.panels.base import Task, start_thread
from aero_jupyter.notebook.panels.register.cell_events import CellRunListener
from aero_jupyter.notebook.panels.register.state import FormState
from aero_jupyter.notebook.panels.register.view import RegisterFormView
from aero_jupyter.notebook.registration.findings import Finding
from aero_jupyter.notebook.widgets.background import DelayedCall
from aero_jupyter.notebook.widgets.callbacks import callback

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session

#: Seconds until a validation that servers did not answer is repeated; doubled each time, up to the maximum.
FIRST_RETRY_SECONDS, MAX_RETRY_SECONDS = 2.0, 30.0


class ValidatedFormView(RegisterFormView):
    """View of the registration form that validates its entries in the background."""

    # IPython's types leave out the namespace of a shell.
    def __init__(
        self, session: Session, state: FormState, *, begin: Callable[[Task], None] = start_thread, shell: object = None
    ) -> None:
        super().__init__(session, state, begin=begin, shell=shell)
        self._validation_lock = threading.Lock()
        self._generation = 0
        self._retry_timer: DelayedCall | None = None
        self._retry_seconds = FIRST_RETRY_SECONDS
        #: The kernel's newer text of the function at which a registration has stopped.
        self._reported_redefinition = ""
        self._known_functions: dict[str, str] = {}
        self._cell_listener = CellRunListener(self._validator.shell, self._on_cell_run)

    def check(self) -> tuple[Finding, ...]:
        r"""Validate the entries of the form now.

        Returns
        -------
        tuple of findings
            Errors first; empty where the form is ready to register.

        Examples
        --------
        >>> code = "def half(sewage):\n    return len(sewage) / 2"
        >>> form = aero.register_form(code)
        >>> len(form.check())
        1
        """
        self._validate()
        return self.findings

    def on_shown(self) -> None:
        """Validate the form, now and when a cell changes a function."""
        self._cell_listener.start()
        self._on_change()

    def on_hidden(self) -> None:
        """Stop validating."""
        self._cell_listener.stop()
        with self._lock:
            if self._retry_timer is not None:
                self._retry_timer.cancel()

    def _on_cell_run(self) -> None:
        self._start_task(self._check_functions)

    @callback
    def _check_functions(self) -> None:
        if self.functions != self._known_functions:
            self._on_change()

    def _on_change(self) -> None:
        """Show the new state, and validate it in the background."""
        with self._lock:
            self._generation += 1
            generation, self._is_validated = self._generation, False
            self._retry_seconds = FIRST_RETRY_SECONDS
        self.show()
        self._start_task(lambda: self._validate_and_show(generation))

    @callback
    def _validate_and_show(self, generation: int) -> None:
        self._validate(generation)
        if generation == self._generation:
            self.show()
            self._schedule_retry(generation)

    def _schedule_retry(self, generation: int) -> None:
        """Schedule another validation if a server has not answered and the form is still shown."""
        with self._lock:
            if self._validation.is_complete or not self._open_views:
                return
            pause, self._retry_seconds = self._retry_seconds, min(self._retry_seconds * 2, MAX_RETRY_SECONDS)
            validate = partial(self._validate_and_show, generation)
            self._retry_timer = DelayedCall(pause, lambda: self._start_task(validate))
            self._retry_timer.start()

    def _validate(self, generation: int | None = None) -> None:
        with self._validation_lock:
            with self._lock:
                # Every change starts a validation; only that of the newest state is useful.
                if generation not in (None, self._generation):
                    return
                generation = self._generation
            self._known_functions = self.functions
            result = self._validator.validate(self._form_state, self._kernel_text, reported=self._reported_redefinition)
            with self._lock:
                # A newer state has a validation of its own.
                if generation == self._generation:
                    self._validation, self._is_validated = result, result.is_complete
