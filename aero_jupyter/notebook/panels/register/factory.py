"""Registration forms of a function, or of a dataset that a function is to read."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from IPython import get_ipython

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data
from aero_jupyter.core.name_rules import dataset_name, normalize_parameters
from aero_jupyter.core.suggestions import suggest
from aero_jupyter.notebook.panels.register.panel import RegisterForm
from aero_jupyter.notebook.panels.register.state import WHEN_LABELS, FormState, ParameterBinding
from aero_jupyter.notebook.registration import kernel_functions
from aero_jupyter.notebook.registration.pairs import value_from
from aero_jupyter.session.argument_checks import require_credentials, validate_check

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session


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
    check: str | None = None,
    headers: Mapping[str, str] | None = None,
    auth: str | None = None,
    source_type: str = "",
    keep: str | None = None,
) -> RegisterForm:
    r"""Show a form that registers a function.

    Parameters
    ----------
    fn : callable or str, optional
        A function of this notebook, or its source code; by default it is chosen in the form. Code that cannot be parsed
        is shown with its error.
    name : str, optional
        Name of the function, if the code has several or cannot be parsed.
    inputs : mapping of str to str, optional
        Parameter to the name or id of a dataset, with ``@N`` for a version that is always read.
    kwargs : mapping of str to JSON value, optional
        Parameter to a fixed value; to ``...`` if the value is still missing.
    source : tuple of str or mapping of str to str, optional
        A parameter and the URL that is downloaded for it. The form takes several, and reports that one is too many.
    outputs : sequence of str, optional
        Names of the datasets that it makes; by default the function's name.
    when : {"any", "all", "timer", "pull", "event", "none"}, optional
        When it runs; by default chosen from the rest.
    every : str
        Interval of a schedule, such as "6h" or "1d".
    endpoint : str
        Name or id.
    description : str, optional
        By default the first line of the docstring.
    replace : bool
        Whether to replace the flow that makes the output now, and continue its dataset.
    check : {"none"}, optional
        Accept whatever the source sends, also a web page or an error text.
    headers : mapping of str to str, optional
        Headers for the source, such as ``{"X-App-Token": "$APP_TOKEN"}``.
    auth : str, optional
        ``user:$PASSWORD`` or ``keyring:SERVICE/USER``.
    source_type : str
        The source type that the source joins; its URLs share one dataset. A URL that is a pattern needs one.
    keep : str, optional
        Which versions of the outputs keep their content, such as "all 30d, weekly 1y, monthly"; by default all.

    Returns
    -------
    RegisterForm
        A panel; ``.check()`` returns its findings, ``.register()`` registers.

    Raises
    ------
    FunctionRefused
        If the function cannot run on an endpoint, or its source code is not available.
    InvalidArgument
        If there is no such parameter, or no such ``when``.
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> code = "def half(sewage):\n    return len(sewage) / 2"
    >>> form = aero.register_form(code, inputs={"sewage": "sewage"})
    >>> form.value.outputs, form.value.when
    ('half', 'any')
    """
    from aero_jupyter.session import current

    sources = normalize_parameters(dict(source if isinstance(source, Mapping) else [source] if source else []))
    validate_check(check, sources or None)
    require_credentials(headers, auth, sources or None)
    bindings = _bindings(normalize_parameters(inputs or {}), normalize_parameters(kwargs or {}), sources)
    state = _with_when(_state_of_function(fn, name, _choose_when(when, bindings, every)), bindings, when, fn)
    state = dataclasses.replace(
        state,
        outputs=state.outputs if outputs is None else _join_names(outputs),
        endpoint=endpoint,
        every=every,
        replace=replace,
        check=check or "",
        headers=tuple((headers or {}).items()),
        auth=auth or "",
        source_type=source_type,
        keep=keep or "",
    )
    docstring = kernel_functions.first_line(state.text, state.function)
    return RegisterForm(current(), state.with_field("description", docstring if description is None else description))


def _with_when(
    state: FormState, bindings: Sequence[ParameterBinding], when: str | None, fn: Callable[..., Any] | str | None
) -> FormState:
    """Return the state with its bindings; a function that only reads runs when an input changes."""
    state = _with_bindings(state, bindings)
    has_default_inputs = not bindings and any(kind == "input" for _, kind, _ in state.bindings)
    return state.with_field("when", "any") if when is None and (fn is None or has_default_inputs) else state


def _bindings(
    inputs: Mapping[str, str], kwargs: Mapping[str, Any], sources: Mapping[str, str]
) -> list[ParameterBinding]:
    return [
        *((parameter, "input", dataset) for parameter, dataset in inputs.items()),
        *((parameter, "constant", format_constant(value)) for parameter, value in kwargs.items()),
        *((parameter, "pulled", url) for parameter, url in sources.items()),
    ]


def format_constant(value: object) -> str:
    """Return a fixed value as the text of its field; empty for ``...``, a value that is still missing."""
    if value is ...:
        return ""
    return value if isinstance(value, str) and value.strip() and value_from(value) == value else json.dumps(value)


def _choose_when(when: str | None, bindings: Sequence[ParameterBinding], every: str) -> str:
    """Return the given ``when``, or the one that fits the other arguments."""
    kinds = {kind for _, kind, _ in bindings}
    if when is None:
        return "pull" if "pulled" in kinds else "timer" if every else "any" if "input" in kinds else "none"
    if when not in WHEN_LABELS:
        raise InvalidArgument(f"There is no when={when!r}.", suggest(when, WHEN_LABELS))
    return when


def _state_of_function(fn: Callable[..., Any] | str | None, name: str | None, when: str) -> FormState:
    if fn is None:
        return FormState(when=when)
    if isinstance(fn, str):
        name, text = name or kernel_functions.function_name(fn), fn
    else:
        name, text = kernel_functions.text_of(fn, get_ipython())
    return FormState(name, text, outputs=name, when=when).with_parameters_of(text, name)


def _with_bindings(state: FormState, bindings: Sequence[ParameterBinding]) -> FormState:
    """Return the form's state with bindings; a text that cannot be parsed gets them as its parameters."""
    if state.function and kernel_functions.parameters_of(state.text, state.function) is None:
        return dataclasses.replace(state, bindings=tuple(bindings))
    for parameter, kind, text in bindings:
        if parameter not in {each for each, _, _ in state.bindings}:
            raise InvalidArgument(f"{state.function}() has no parameter {parameter!r}.", "Name one of its parameters.")
        state = state.with_binding(parameter, kind, text)
    return state


def _join_names(outputs: Sequence[str]) -> str:
    for each in outputs:
        if "," in each:
            # Refused with the reason: a comma separates names.
            dataset_name(each)
    return ", ".join(outputs)


def form_for(session: Session, data: Data) -> RegisterForm:
    """Build a form whose newest function reads a dataset."""
    form = RegisterForm(session, FormState())
    form.use_as_input(data)
    return form
