"""Reader options that are stored on this computer only, so that runs of a flow do not use them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING

from aero_jupyter.core.source_parsing import parse_source
from aero_jupyter.jobs.typed_inputs import wants_frame
from aero_jupyter.notebook.registration.findings import WARNING, Finding

if TYPE_CHECKING:
    from aero_jupyter.compute.portable_function import PortableFunction
    from aero_jupyter.core.models import Data
    from aero_jupyter.session.session import Session


def check_stored_options(session: Session, function: PortableFunction, inputs: Mapping[str, Data]) -> list[Finding]:
    """Return a warning for each DataFrame parameter whose dataset has reader options that the server does not store.

    Parameters
    ----------
    inputs : mapping of str to Data
        Parameter to dataset.
    """
    parameters = sorted(_frame_parameters(function) & inputs.keys())
    if not parameters or session.client.dialect.read_options:
        return []
    found, client = [], session.client
    for parameter in parameters:
        data = inputs[parameter]
        if options := client.read_options(data):
            shown = ", ".join(f"{name}={value!r}" for name, value in options.items())
            text = f"The reader options of {data.name} ({shown}) are stored here; a run reads it without them."
            cure = f"Take a path ({parameter}: str) and read the file in the function with these options."
            found.append(Finding(WARNING, f"parameter {parameter}", text, cure))
    return found


def _frame_parameters(function: PortableFunction) -> set[str]:
    """Return the parameters of a function that are annotated as DataFrames."""
    nodes = [
        node
        for node in parse_source(function.cell).body
        if isinstance(node, ast.FunctionDef) and node.name == function.name
    ]
    arguments = [*nodes[-1].args.posonlyargs, *nodes[-1].args.args, *nodes[-1].args.kwonlyargs] if nodes else []
    return {each.arg for each in arguments if each.annotation is not None and wants_frame(ast.unparse(each.annotation))}
