"""Edits of the form's state: fields that the user changes, and fixes of findings."""

from __future__ import annotations

from dataclasses import replace

from aero_jupyter.notebook.panels.register.redacted_fields import parse_auth, parse_headers, restore_secrets
from aero_jupyter.notebook.panels.register.state import BINDING_LABELS, CHECK_LABELS, DOWNLOADS, WHEN_LABELS, FormState
from aero_jupyter.notebook.registration import kernel_functions
from aero_jupyter.notebook.registration.name_conflicts import REPLACE

_TEXT_FIELDS = ("endpoint", "every", "description", "source_type", "keep")
_CHOICES = {"when": WHEN_LABELS, "check": CHECK_LABELS}


def with_field_value(state: FormState, field: str, value: str) -> FormState:
    """Return the state after the user has changed a field; unchanged if the value is not allowed.

    Parameters
    ----------
    field : str
        Name of the field: ``how PARAMETER`` and ``what PARAMETER`` are the kind and the text of a parameter.
    """
    kind_or_text, _, parameter = field.partition(" ")
    if kind_or_text == "how":
        return _with_kind(state, parameter, value)
    if kind_or_text == "what":
        before = next((text for name, _, text in state.bindings if name == parameter), "")
        return state.with_binding(parameter, text=restore_secrets(value, before))
    if field == "headers":
        return replace(state, headers=parse_headers(value))
    if field == "auth":
        return replace(state, auth=parse_auth(value))
    if field == "text" and state.function:
        return with_function_text(state, value, state.function)
    if field == "outputs":
        # The user agreed to replace the flow of the previous name.
        return replace(state, outputs=value, replace=False)
    is_allowed = field in _TEXT_FIELDS or value in _CHOICES.get(field, ())
    return state.with_field(field, value) if is_allowed else state


def _with_kind(state: FormState, parameter: str, kind: str) -> FormState:
    if kind not in BINDING_LABELS or (kind == "default" and parameter in state.required):
        return state
    changed = state.with_binding(parameter, kind)
    if kind == "pulled":
        return changed if state.when in DOWNLOADS else replace(changed, when="pull")
    return _after_download(state, changed)


def _after_download(before: FormState, after: FormState) -> FormState:
    """Return the changed state; it follows its inputs if no parameter receives a download any more."""
    is_over = after.when in DOWNLOADS and _has_download(before) and not _has_download(after)
    return replace(after, when="any") if is_over else after


def _has_download(state: FormState) -> bool:
    return any(kind == "pulled" for _, kind, _ in state.bindings)


def with_function(state: FormState, name: str, text: str) -> FormState:
    """Return the state with another function; parameters of the same name keep their values."""
    outputs = state.outputs if state.outputs not in ("", state.function) else name
    changed = replace(with_function_text(state, text, name), outputs=outputs, replace=False)
    return _after_download(state, changed)


def with_function_text(state: FormState, text: str, name: str) -> FormState:
    """Return the state with a function's text: its parameters, and its docstring unless a description was entered."""
    description = state.description
    is_docstring = description == kernel_functions.first_line(state.text, state.function)
    is_new_function = not description and name != state.function
    if (is_docstring or is_new_function) and kernel_functions.parameters_of(text, name) is not None:
        description = kernel_functions.first_line(text, name)
    return replace(state.with_parameters_of(text, name), function=name, text=text, description=description)


def with_input(state: FormState, dataset: str) -> FormState:
    """Return the state with a dataset for the first parameter that lacks an input; unchanged if it is one already."""
    if not dataset or dataset in state.values_of("input").values():
        return state
    empty = [name for name, kind, text in state.bindings if kind == "input" and not text]
    others = [name for name, kind, _ in state.bindings if kind in ("input", "default")]
    return state.with_binding((empty or others)[0], "input", dataset) if empty or others else state


def with_fix(state: FormState, about: str, value: str) -> FormState:
    """Return the state after a fix of a finding about anything but the function."""
    if about.startswith("parameter "):
        parameter, _, name = value.partition("=")
        return state.with_binding(parameter, text=name)
    if about == "when" and value in WHEN_LABELS:
        return replace(state, when=value)
    if about == "outputs" and value != REPLACE:
        return replace(state, outputs=value, replace=False)
    return replace(state, replace=True) if about in ("flow", "outputs") else state


def with_import(text: str, statement: str) -> str:
    """Return a function's text with an import statement in it; unchanged if it is another statement."""
    return kernel_functions.with_import(text, statement) if statement.startswith(("import ", "from ")) else text
