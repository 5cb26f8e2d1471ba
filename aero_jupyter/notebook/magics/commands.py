"""Work of single magics: status, reading a version, running a flow."""

from __future__ import annotations

import argparse
import getpass
import os
from typing import TYPE_CHECKING, Any  # records of any kind

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.setting_names import unknown_settings
from aero_jupyter.core.version_ref import version_named
from aero_jupyter.notebook.magics.interrupts import explain_interrupt
from aero_jupyter.notebook.magics.reader_options import read_options
from aero_jupyter.notebook.widgets.cards import Card, LoginCard, RunCard
from aero_jupyter.notebook.widgets.error_text import raise_for_run
from aero_jupyter.session import reading
from aero_jupyter.session.retention import space_line

if TYPE_CHECKING:
    import pandas as pd

    from aero_jupyter.client import AeroClient
    from aero_jupyter.client.methods.records import Kind
    from aero_jupyter.core.models import Flow
    from aero_jupyter.notebook.panels.login_panel import LoginPanel
    from aero_jupyter.session.session import Session


def log_in(session: Session, code: str | None, *, force: bool) -> Card | LoginPanel:
    """Log in to the session's server; the local AERO needs no login."""
    if session.is_local:
        return LoginCard(f"Logged in to the local AERO on this machine as {getpass.getuser()}.")
    from aero_jupyter.notebook.panels import login

    return login.log_in(session, code, force)


def status_card(session: Session) -> Card:
    """Build a card with the AERO in use, the number of its records, and the settings that are misspelt."""
    kinds: tuple[Kind, ...] = ("data", "flow", "run") if session.client.dialect.runs else ("data", "flow")
    counts = []
    for kind in kinds:
        # `list` has a type for each kind, and none for all of them.
        pages: Any = session.client.list(kind)
        shown = len(pages.page(1))
        counts.append(f"{kind}: {f'{shown}+' if pages.total is None else pages.total}")
    warnings = [f"▲ {sentence}" for sentence in unknown_settings(os.environ)]
    space = [line] if (line := space_line(session)) else []
    return Card(f"✓ {session.name} answers at {session.client.base_url}", " · ".join(counts), *space, *warnings)


def read_version(client: AeroClient, args: argparse.Namespace, line: str) -> pd.DataFrame:
    """Read a version of a dataset, as ``%aero_get`` names it; wait for it if ``--wait`` is given."""
    ref = version_named(args.id, args.version, args.as_of)
    if args.wait is not None:
        if ref.as_of is not None:
            raise InvalidArgument(
                "--wait waits for a version by its number, not for the version as of a time.", "Leave --wait out."
            )
        data = client.resolve_data(ref.name)
        number = ref.version or 1
        ref = ref._replace(version=number)
        stopped = f"Stopped waiting for version {number} of {data.name}; the runs that make it continue."
        with explain_interrupt(stopped, f"Wait again with %aero_get {line.strip()}"):
            client.wait_for_version(data.id, number, args.wait)
    return reading.read_version(client, ref, read_options(args.option), args.by)


def run_flow(client: AeroClient, flow: Flow, name: str, timeout: float | None) -> RunCard:
    """Start a run of a flow, and wait until it has ended or for `timeout` seconds; None does not wait.

    Raises
    ------
    RunFailed
        If the run failed or was cancelled.
    AeroError
        If the wait was interrupted.
    """
    unknown = f"Interrupted before the server confirmed that {name} runs."
    with explain_interrupt(unknown, "See its runs with %aero_list run"):
        run = client.run_flow(flow.id)
    if timeout is not None:
        stopped = f"Stopped waiting; run {run.id[:8]} of {name} continues."
        with explain_interrupt(stopped, "Follow or cancel it with %aero_panel runs"):
            run = client.wait_for_run(run.id, timeout)
    return RunCard(raise_for_run(run, name), name)
