"""Forms as they begin: for a function that is named, or for a data that is to be used."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from IPython import get_ipython

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data
from aero_jupyter.notebook.panels import here
from aero_jupyter.notebook.panels.draft import Draft, text_of_value, when_from
from aero_jupyter.notebook.panels.form import RegisterForm, with_parameters

if TYPE_CHECKING:
    from aero_jupyter.session import Session


def register_form(
    fn: Callable[..., Any] | str | None = None,
    *,
    inputs: Mapping[str, str] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    source: tuple[str, str] | None = None,
    outputs: Sequence[str] = (),
    when: str | None = None,
    every: str = "",
    endpoint: str = "local",
    description: str = "",
    replace: bool = False,
) -> RegisterForm:
    """Show a form that registers a function.

    Parameters
    ----------
    fn : callable or str, optional
        A function of this notebook, or its text; else one is chosen in the form.
    inputs : mapping of str to str, optional
        Parameter to the name or id of a data.
    kwargs : mapping of str to JSON, optional
        Parameter to a constant.
    source : tuple of str, optional
        A parameter, and the address it is pulled from.
    outputs : sequence of str
        Names of what it makes; the function's name by default.
    when : str, optional
        "any", "all", "timer", "pull", "event" or "none"; chosen from the rest by default.
    every : str
        How often, such as "6h" or "1d".
    endpoint : str
        Name or id.
    replace : bool
        Whether it continues the data of the flow that stands there.

    Raises
    ------
    FunctionRefused
        If the function cannot travel, or its text cannot be found.
    InvalidArgument
        If there is no such parameter, or no such ``when``.
    """
    from aero_jupyter.session import current

    given_inputs, given_kwargs = dict(inputs or {}), dict(kwargs or {})
    chosen = when_from(when, pulls=source is not None, has_inputs=bool(given_inputs), every=every)
    if fn is None:
        draft = Draft(
            outputs=", ".join(outputs), endpoint=endpoint, when="any" if when is None else chosen, every=every
        )
        return RegisterForm(current(), draft_named(draft, description))
    name, text = here.text_of(fn, get_ipython())
    draft = with_parameters(Draft(name, text), text, name)
    pairs = [(each, "input", data) for each, data in given_inputs.items()]
    pairs += [(each, "constant", text_of_value(value)) for each, value in given_kwargs.items()]
    pairs += [(source[0], "pulled", source[1])] if source else []
    for parameter, how, what in pairs:
        if parameter not in {each for each, _, _ in draft.given}:
            raise InvalidArgument(f"{name}() has no parameter {parameter!r}.", "Give one of its own.")
        draft = draft.with_given(parameter, how, what)
    if when is None and not pairs and any(how == "input" for _, how, _ in draft.given):
        chosen = "any"
    made = ", ".join(outputs) or name
    draft = dataclasses.replace(draft, outputs=made, endpoint=endpoint, when=chosen, every=every, replace=replace)
    return RegisterForm(current(), draft_named(draft, description))


def form_for(session: Session, data: Data) -> RegisterForm:
    """Show a form whose newest function gets a data as its input."""
    form = RegisterForm(session, Draft())
    form.use(data)
    return form


def draft_named(draft: Draft, description: str) -> Draft:
    """Describe a draft; by its function's docstring where nothing is said."""
    return dataclasses.replace(draft, description=description or here.first_line(draft.text, draft.function))
