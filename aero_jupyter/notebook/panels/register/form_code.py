"""The Python code that builds a registration form again."""

from __future__ import annotations

from dataclasses import replace

from aero_jupyter.core.errors import FunctionRefused
from aero_jupyter.core.redaction import redact_url
from aero_jupyter.notebook.as_code import call_with
from aero_jupyter.notebook.panels.register.state import FormState
from aero_jupyter.notebook.registration import kernel_functions

_HIDDEN_SECRETS = "# Replace each … in a URL by its secret; that of a source can be named in headers= or auth=.\n"
_OMITTED_CREDENTIALS = "# Name the credentials: headers={'X-App-Token': '$APP_TOKEN'} or auth='user:$PASSWORD'.\n"


def form_call(state: FormState, *, has_definition: bool) -> str:
    """Return the call of ``register_form``.

    Parameters
    ----------
    has_definition : bool
        Whether the function's definition precedes the call; if not, the call contains its text.
    """
    arguments = state.form_arguments()
    if not state.function:
        return call_with("register_form", **{name: value for name, value in arguments.items() if _is_set(name, value)})
    if kernel_functions.parameters_of(state.text, state.function) is None:
        arguments = replace(state, required=()).form_arguments()
    if not state.description and kernel_functions.first_line(state.text, state.function):
        arguments["description"] = ""
    for each in {"source", "inputs", "kwargs"} & arguments.keys():
        arguments[each] = without_secrets(arguments[each])
    if has_definition:
        return call_with("register_form", state.function, **arguments)
    name = {} if _first_function(state.text) == state.function else {"name": state.function}
    return call_with("register_form", repr(state.text), **name, **arguments)


def secrets_comment(state: FormState) -> str:
    """Return the comment on secrets that the code omits."""
    has_secret = any(redact_url(text) != text for _, _, text in state.bindings)
    is_omitted = state.values_of("pulled") and (state.headers, state.auth) != state.credentials
    return f"{_HIDDEN_SECRETS if has_secret else ''}{_OMITTED_CREDENTIALS if is_omitted else ''}"


def without_secrets(value: object) -> object:
    """Return the value of an argument with redacted URLs."""
    if isinstance(value, str):
        return redact_url(value)
    if isinstance(value, dict):
        return {key: without_secrets(each) for key, each in value.items()}
    return type(value)(map(without_secrets, value)) if isinstance(value, (list, tuple)) else value


def _is_set(name: str, value: object) -> bool:
    return bool(value) and (name, value) != ("when", "any")


def _first_function(text: str) -> str:
    try:
        return kernel_functions.function_name(text)
    except FunctionRefused:
        return ""
