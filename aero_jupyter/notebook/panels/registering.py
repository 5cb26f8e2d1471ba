"""Forms as they begin: for a function that is named, or for a data that is to be used."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from IPython import get_ipython

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data
from aero_jupyter.notebook.panels import here
from aero_jupyter.notebook.panels.draft import Draft, Given, text_of_value, when_from
from aero_jupyter.notebook.panels.form import RegisterForm
from aero_jupyter.notebook.panels.sheet import with_parameters

if TYPE_CHECKING:
    from aero_jupyter.session import Session


def register_form(
    fn: Callable[..., Any] | str | None = None,
    *,
    name: str | None = None,
    inputs: Mapping[str, str] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    source: tuple[str, str] | Mapping[str, str] | None = None,
    outputs: Sequence[str] | None = None,
    when: str | None = None,
    every: str = "",
    endpoint: str = "local",
    description: str | None = None,
    replace: bool = False,
) -> RegisterForm:
    """Show a form that registers a function.

    Parameters
    ----------
    fn : callable or str, optional
        A function of this notebook, or its text; else one is chosen in the form. A text that cannot be read is shown
        with what is the matter.
    name : str, optional
        Which function, where the text has several or cannot be read.
    inputs : mapping of str to str, optional
        Parameter to the name or id of a data, with @N for a version that is always read.
    kwargs : mapping of str to JSON, optional
        Parameter to a constant; to ``...`` where it is still to be given.
    source : tuple of str, or mapping, optional
        A parameter, and the address it is pulled from. The form takes several, and says that one is too many.
    outputs : sequence of str, optional
        Names of what it makes; the function's name by default.
    when : str, optional
        "any", "all", "timer", "pull", "event" or "none"; chosen from the rest by default.
    every : str
        How often, such as "6h" or "1d".
    endpoint : str
        Name or id.
    description : str, optional
        By default the first line of the docstring.
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
    sources = dict(source if isinstance(source, Mapping) else [source] if source else [])
    chosen = when_from(when, pulls=bool(sources), has_inputs=bool(given_inputs), every=every)
    if fn is None:
        made = Draft(when="any" if when is None else chosen)
    else:
        own, text = (name or here.name_in(fn), fn) if isinstance(fn, str) else here.text_of(fn, get_ipython())
        made = with_parameters(Draft(own, text, outputs=own, when=chosen), text, own)
    given = [(each, "input", data) for each, data in given_inputs.items()]
    given += [(each, "constant", text_of_value(value)) for each, value in given_kwargs.items()]
    made = _given(made, [*given, *((each, "pulled", url) for each, url in sources.items())])
    if when is None and not given and not sources and any(how == "input" for _, how, _ in made.given):
        made = made.with_field("when", "any")
    named = made.outputs if outputs is None else ", ".join(outputs)
    made = dataclasses.replace(made, outputs=named, endpoint=endpoint, every=every, replace=replace)
    said = here.first_line(made.text, made.function) if description is None else description
    return RegisterForm(current(), made.with_field("description", said))


def _given(draft: Draft, given: Sequence[Given]) -> Draft:
    """Give parameters their values; those of a text that cannot be read are those that are given."""
    if draft.function and here.parameters_of(draft.text, draft.function) is None:
        return dataclasses.replace(draft, given=tuple(given))
    for parameter, how, what in given:
        if parameter not in {each for each, _, _ in draft.given}:
            raise InvalidArgument(f"{draft.function}() has no parameter {parameter!r}.", "Give one of its own.")
        draft = draft.with_given(parameter, how, what)
    return draft


def form_for(session: Session, data: Data) -> RegisterForm:
    """Show a form whose newest function gets a data as its input."""
    form = RegisterForm(session, Draft())
    form.use(data)
    return form
