"""What ``%%aero_register`` was given becomes a registration, or a dry run."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from IPython.display import display

from aero_jupyter.core.errors import AeroError, InvalidArgument
from aero_jupyter.notebook import preflight
from aero_jupyter.notebook.card import FlowCard
from aero_jupyter.notebook.remarks import require
from aero_jupyter.notebook.views import Card
from aero_jupyter.notebook.wishes import Wish

if TYPE_CHECKING:
    from aero_jupyter.compute.functions import PortableFunction
    from aero_jupyter.notebook.dryrun import DryRun
    from aero_jupyter.session import Session


def run_cell(shell: Any, cell: str) -> None:
    """Run the cell in the kernel, so that what it defines exists there.

    Raises
    ------
    AeroError
        If it raised; the shell has shown its traceback by then.
    """
    from aero_jupyter.compute.cells import tidy

    # The first line stands where the magic's own line was: tracebacks then count as the cell does.
    result = shell.run_cell(f"#\n{tidy(cell)}")
    error = result.error_before_exec or result.error_in_exec
    if error is not None:
        kind = type(error).__name__
        raise AeroError(
            f"Nothing was registered, because the cell raised {kind}.", "Mend it and run it again."
        ) from error


def function_from(cell: str, name: str | None, wish: Wish, names: Mapping[str, Any]) -> PortableFunction:
    """Make the function of the cell portable; an ingestion's knows which parameter gets the pulled file.

    Raises
    ------
    FunctionRefused
        If it cannot travel.
    InvalidArgument
        If it would be called with the wrong parameters, or it is not clear which gets the pulled file.
    """
    from aero_jupyter.compute.functions import portable
    from aero_jupyter.compute.live import known_elsewhere
    from aero_jupyter.registration import check_arguments

    elsewhere = known_elsewhere(names)
    function = portable(cell, name, first_line=2, known_elsewhere=elsewhere)
    check_arguments(function, wish.inputs, wish.kwargs, has_source=wish.source is not None)
    if wish.source is None:
        return function
    parameter = pulled_parameter(function, wish)
    return portable(cell, name, first_line=2, source_parameter=parameter, known_elsewhere=elsewhere)


def pulled_parameter(function: PortableFunction, wish: Wish) -> str:
    """Tell which parameter gets the pulled file: of the source's or an output's name, else the only one left."""
    source = wish.source[0] if wish.source else ""
    names = [parameter.name for parameter in function.parameters]
    named = next((name for name in (source, *wish.outputs) if name in names), None)
    if named:
        return named
    left = [each.name for each in function.parameters if each.required and each.name not in wish.kwargs]
    if len(left) == 1:
        return left[0]
    if not left and function.takes_any:
        return source
    has = f"Its parameters are {', '.join(names)}." if names else "It has none."
    raise InvalidArgument(
        f"It is not clear which parameter of {function.name}() gets the pulled file. {has}",
        "Name the source like the parameter: --source PARAMETER=URL.",
    )


def register(session: Session, function: PortableFunction, wish: Wish, args: argparse.Namespace) -> FlowCard:
    """Register the function as a flow and show it; what may surprise about its endpoint is said before."""
    remarks = preflight.ahead(session, function, wish, args.endpoint, replaces=args.replace)
    require(remarks)
    for remark in remarks:
        display(Card(str(remark)))
    flow = session.register(
        function,
        **wish.arguments(),
        endpoint=args.endpoint,
        description=args.description or first_sentence(function.doc),
        replace=args.replace,
    )
    return FlowCard(session, session.client.get_flow(flow.id))


def first_sentence(doc: str | None) -> str | None:
    """Give the first line of a docstring."""
    return doc.strip().partition("\n")[0] if doc and doc.strip() else None


def try_out(session: Session, function: PortableFunction, wish: Wish, timeout: float) -> DryRun:
    """Run the function once, here."""
    from aero_jupyter.notebook.dryrun import dry_run

    pulled = pulled_parameter(function, wish) if wish.source else ""
    return dry_run(session.client, function, wish, pulled=pulled, timeout=timeout)
