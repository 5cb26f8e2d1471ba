"""What ``%%aero_register`` was given becomes a registration, or a dry run."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from aero_jupyter.core.errors import AeroError, InvalidArgument
from aero_jupyter.core.policy import TIMED, PolicyEnum, policy_from, seconds_from
from aero_jupyter.notebook.card import FlowCard

if TYPE_CHECKING:
    from aero_jupyter.compute.functions import PortableFunction
    from aero_jupyter.notebook.dryrun import DryRun
    from aero_jupyter.session import Session


@dataclass(frozen=True)
class Wish:
    """What somebody wants registered.

    Attributes
    ----------
    inputs : mapping
        Parameter to the name or id of a Data.
    source : tuple of str, or None
        Name and url of what is pulled.
    timer : int or None
        Seconds between two runs.
    """

    inputs: Mapping[str, str]
    outputs: tuple[str, ...]
    source: tuple[str, str] | None
    policy: PolicyEnum
    timer: int | None
    kwargs: Mapping[str, Any]


def wish_from(args: argparse.Namespace) -> Wish:
    """Read the options, with what follows from them.

    Raises
    ------
    InvalidArgument
        If they do not go together.
    """
    inputs = dict(_pair(text, "--input", "PARAMETER=NAME") for text in args.input)
    source = _pair(args.source, "--source", "NAME=URL") if args.source else None
    if source and inputs:
        raise InvalidArgument(
            "A flow has either a source or inputs, and --source and --input were given.",
            "Register the source first, then another function with --input.",
        )
    policy = policy_from(args.policy) if args.policy else _policy(source, inputs, args.every)
    if args.every and policy not in TIMED:
        raise InvalidArgument(
            f"Policy {policy.name.lower()} has no timer, but --every {args.every} was given.",
            "Leave --every out, or give --policy timer.",
        )
    if policy is PolicyEnum.TIMER and not args.every:
        raise InvalidArgument("Policy timer needs a time.", "Say how often it runs, such as --every 1d.")
    outputs = tuple(args.output) or ((source[0],) if source else ())
    timer = seconds_from(args.every) if args.every else None
    return Wish(inputs, outputs, source, policy, timer, dict(_kwarg(text) for text in args.kwarg))


def _policy(source: object, inputs: object, every: str | None) -> PolicyEnum:
    if source:
        return PolicyEnum.INGESTION
    if every:
        return PolicyEnum.TIMER
    return PolicyEnum.ANY if inputs else PolicyEnum.NONE


def _pair(text: str, option: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise InvalidArgument(f"{option} {text} does not say which is which.", f"Write {option} {form}.")
    return name, value


def _kwarg(text: str) -> tuple[str, Any]:
    name, value = _pair(text, "--kwarg", "NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def modules_in(names: Mapping[str, Any]) -> dict[str, str]:
    """Give the import statements behind the modules that a namespace knows."""
    modules = {name: value.__name__ for name, value in names.items() if isinstance(value, ModuleType)}
    return {
        name: f"import {module}" if name == module else f"import {module} as {name}" for name, module in modules.items()
    }


def run_cell(shell: Any, cell: str) -> None:
    """Run the cell in the kernel, so that what it defines exists there.

    Raises
    ------
    AeroError
        If it raised; the shell has shown its traceback by then.
    """
    result = shell.run_cell(cell)
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
        If it is not clear which parameter gets the pulled file.
    """
    from aero_jupyter.compute.functions import portable

    elsewhere = modules_in(names)
    function = portable(cell, name, first_line=2, known_elsewhere=elsewhere)
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
    """Register the function as a flow and show it."""
    flow = session.register(
        function,
        inputs=wish.inputs,
        outputs=wish.outputs,
        source=wish.source[1] if wish.source else None,
        policy=wish.policy,
        timer=wish.timer,
        endpoint=args.endpoint,
        kwargs=wish.kwargs,
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
    from aero_jupyter.registration import check_arguments

    check_arguments(function, wish.inputs, wish.kwargs, has_source=wish.source is not None)
    source = (pulled_parameter(function, wish), wish.source[1]) if wish.source else None
    return dry_run(session.client, function, inputs=wish.inputs, source=source, kwargs=wish.kwargs, timeout=timeout)
