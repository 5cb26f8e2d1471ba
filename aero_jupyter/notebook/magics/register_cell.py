"""``%%aero_register``: registers the function of a cell, or runs it once."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any  # IPython's objects, which have no types

from IPython.display import display

from aero_jupyter.core.errors import AeroError, InvalidArgument
from aero_jupyter.core.globs import is_source_pattern
from aero_jupyter.core.name_rules import parameter_name
from aero_jupyter.core.surface_text import SurfaceText
from aero_jupyter.notebook.panels.flow_card import FlowCard
from aero_jupyter.notebook.registration import preflight
from aero_jupyter.notebook.registration.findings import raise_on_error
from aero_jupyter.notebook.registration.input_formats import check_formats
from aero_jupyter.notebook.registration.request import RegistrationRequest, UncopiedSource
from aero_jupyter.notebook.registration.ttl_cache import Lookups
from aero_jupyter.notebook.widgets.cards import Card
from aero_jupyter.session.retention import keep_outputs, validate_retention

if TYPE_CHECKING:
    from aero_jupyter.compute.portable_function import PortableFunction
    from aero_jupyter.core.models import Flow
    from aero_jupyter.notebook.registration.dry_run import DryRun
    from aero_jupyter.session.preview import Preview
    from aero_jupyter.session.session import Session


def run_cell(shell: Any, cell: str) -> None:
    """Run the cell in the kernel, so that what it defines exists there.

    Raises
    ------
    AeroError
        If the cell raised; the shell has shown the traceback.
    """
    from aero_jupyter.compute.cell_source import tidy

    # A comment replaces the line of the magic, so that tracebacks count the cell's lines.
    result = shell.run_cell(f"#\n{tidy(cell)}")
    error = result.error_before_exec or result.error_in_exec
    if error is not None:
        kind = type(error).__name__
        raise AeroError(
            f"Nothing was registered, because the cell raised {kind}.", "Correct the cell and run it again."
        ) from error


def function_from(
    cell: str, name: str | None, request: RegistrationRequest, names: Mapping[str, Any]
) -> PortableFunction:
    """Build the portable function of the cell; an ingestion's knows which parameter receives the downloaded file.

    Raises
    ------
    FunctionRefused
        If the function cannot run elsewhere.
    InvalidArgument
        If a required parameter has no value, or the parameter of the downloaded file is ambiguous.
    """
    from aero_jupyter.compute.live_functions import known_elsewhere
    from aero_jupyter.compute.portable_function import portable
    from aero_jupyter.session.argument_checks import check_arguments
    from aero_jupyter.session.flow_request import FlowRequest

    elsewhere = known_elsewhere(names)
    function = portable(cell, name, first_line=2, known_elsewhere=elsewhere, checks=request.checks)
    check_arguments(FlowRequest(function, **request.arguments()))
    if request.source is None:
        return function
    parameter = source_parameter_of(function, request)
    return portable(
        cell, name, first_line=2, source_parameter=parameter, known_elsewhere=elsewhere, checks=request.checks
    )


def source_parameter_of(function: PortableFunction, request: RegistrationRequest) -> str:
    """Return the parameter that receives the download: the source's or an output's name, else the only one left."""
    source = request.source[0] if request.source else ""
    names = [parameter.name for parameter in function.parameters]
    named = next((name for each in (source, *request.outputs) if (name := parameter_name(each)) in names), None)
    if named:
        return named
    unbound = [each.name for each in function.parameters if each.required and each.name not in request.kwargs]
    if len(unbound) == 1:
        return unbound[0]
    if not unbound and function.takes_any:
        return parameter_name(source)
    has = f"Its parameters are {', '.join(names)}." if names else "It has none."
    raise InvalidArgument(
        f"It is not clear which parameter of {function.name}() receives the download. {has}",
        SurfaceText("Name the source like the parameter: --source PARAMETER=URL.", "Choose a URL for one parameter."),
    )


def pinned(session: Session, request: RegistrationRequest) -> RegistrationRequest:
    """Return the request with the version of each input that names a date; show the numbers of the versions."""
    from aero_jupyter.notebook.registration.pinned_dates import with_pinned_dates

    request, findings = with_pinned_dates(session.client, request)
    raise_on_error(findings)
    for finding in findings:
        display(Card(finding.text))
    return request


def register(
    session: Session, function: PortableFunction, request: RegistrationRequest, args: argparse.Namespace
) -> FlowCard:
    """Register the function as a flow; show the warnings of preflight, then the flow."""
    keys = _described_columns(args, request)
    validate_retention(session, args.keep, request.outputs)
    findings = preflight.check_registration(session, function, request, args.endpoint, replaces=args.replace)
    raise_on_error(findings)
    for finding in findings:
        display(Card(str(finding)))
    if request.uncopied is not None:
        request = _with_dataset_of_source(session, request, request.uncopied)
    flow = session.register(
        function,
        **request.arguments(),
        endpoint=args.endpoint,
        description=args.description or first_sentence(function.doc),
        replace=args.replace,
    )
    if keys is not None or args.time is not None:
        from aero_jupyter.session.descriptions import store_description

        store_description(session, flow.outputs[0].id, keys, args.time)
    expect_outputs(flow, args.expect)
    keep_outputs(session, flow.outputs, args.keep)
    return FlowCard(session, session.client.get_flow(flow.id))


def _described_columns(args: argparse.Namespace, request: RegistrationRequest) -> list[str] | None:
    """Return the columns of ``--keys``.

    Raises
    ------
    InvalidArgument
        If there are none, or if several outputs could be described.
    """
    if args.keys is None and args.time is None:
        return None
    if len(request.outputs) != 1:
        raise InvalidArgument(
            f"--keys and --time describe one output, and this registration has {len(request.outputs)}.",
            "Leave them out, and describe each: aero.describe(NAME, keys=[…])",
        )
    if args.keys is None:
        return None
    keys = [name.strip() for name in args.keys.split(",") if name.strip()]
    if not keys:
        raise InvalidArgument("--keys names no column.", "Write for example --keys geo,date")
    return keys


def preview(
    session: Session, function: PortableFunction, request: RegistrationRequest, args: argparse.Namespace
) -> Preview:
    """Compare the last versions of the outputs with what the function makes of the same inputs; register nothing."""
    from aero_jupyter.notebook.widgets.progress import RowCounter
    from aero_jupyter.session.flow_request import FlowRequest
    from aero_jupyter.session.preview import preview as compare

    if not args.replace or not args.preview:
        raise InvalidArgument(
            "A preview compares the versions of a flow that is replaced.", "Write: --replace --preview 3"
        )
    raise_on_error(preflight.check_registration(session, function, request, args.endpoint, replaces=True))
    with RowCounter() as progress:
        return compare(session, FlowRequest(function, **request.arguments()), args.endpoint, args.preview, progress)


def expect_outputs(flow: Flow, promise: str | None) -> None:
    """Store a freshness promise, if there is one, with each output of a flow."""
    from aero_jupyter.session import expect

    for data in flow.outputs if promise is not None else ():
        expect(data.id, promise)


def _with_dataset_of_source(
    session: Session, request: RegistrationRequest, source: UncopiedSource
) -> RegistrationRequest:
    """Return the request with the dataset of its source, which is created if it does not exist."""
    from aero_jupyter.session.sources import find_or_add_uncopied

    data = find_or_add_uncopied(session, source.name, source.url, source.source_type)
    return replace(request, inputs={**request.inputs, parameter_name(source.name): data.id})


def first_sentence(doc: str | None) -> str | None:
    """Return the first line of a docstring."""
    return doc.strip().partition("\n")[0] if doc and doc.strip() else None


def run_dry(session: Session, function: PortableFunction, request: RegistrationRequest, timeout: float) -> DryRun:
    """Run the function once, on this computer."""
    from aero_jupyter.notebook.registration.dry_run import dry_run

    if request.uncopied is not None:
        text = "A dry run calls the function on a version, and a source without copies has none before a notification."
        raise InvalidArgument(text, "Leave --dry-run out, or read a stored dataset with --input PARAMETER=NAME.")
    if request.source is not None and is_source_pattern(request.source[1]):
        text = "A dry run downloads the source, and a pattern matches several objects."
        raise InvalidArgument(text, "Leave --dry-run out, or name one object with --source NAME=URL.")
    lookups = Lookups()
    inputs, _ = preflight.resolve_inputs(session, request.inputs, lookups)
    for finding in check_formats(session, function, inputs, request.versions, lookups):
        display(Card(str(finding)))
    parameter = source_parameter_of(function, request) if request.source else ""
    return dry_run(session.client, function, request, source_parameter=parameter, timeout=timeout)
