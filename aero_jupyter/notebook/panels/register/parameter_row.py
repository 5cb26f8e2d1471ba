"""The row of a parameter in the registration form: the kind of its value, and the value."""

from __future__ import annotations

from collections.abc import Sequence

from aero_jupyter.core.redaction import redact_url
from aero_jupyter.notebook.formatting import elide_middle
from aero_jupyter.notebook.panels.register.state import BINDING_LABELS, FormState, ParameterBinding
from aero_jupyter.notebook.registration.kernel_functions import defaults_of
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.tree import Node

_HINTS = {"input": "name of a dataset", "constant": "a value", "pulled": "https://host/file.csv"}


def parameter_row(state: FormState, binding: ParameterBinding, suggestions: Sequence[str]) -> Node:
    """Build the row of a parameter.

    Parameters
    ----------
    suggestions : sequence of str
        Names of datasets that match the text of the field.
    """
    name, kind, text = binding
    kinds = dict(BINDING_LABELS)
    if name in state.required:
        del kinds["default"]
    elif default := defaults_of(state.text, state.function).get(name):
        kinds["default"] = f"its default, {elide_middle(default, 24)}"
    label, is_url = f"{BINDING_LABELS[kind]} for {name}", kind == "pulled"
    value = trees.field(
        f"what {name}", label, redact_url(text), known=suggestions, hint=_HINTS.get(kind, ""), quiet=True, wide=is_url
    )
    return trees.row(trees.choice(f"how {name}", f"with {name} =", kind, kinds), value if kind in _HINTS else None)
