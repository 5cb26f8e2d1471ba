"""The magics that ask questions across versions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any  # values of the notebook's namespace

from IPython.core.magic import magics_class

from aero_jupyter.core.errors import InvalidArgument, UnknownName
from aero_jupyter.notebook.magics.configuration import ConfigurableMagics
from aero_jupyter.notebook.magics.decorators import argument, line_magic, magic_arguments
from aero_jupyter.notebook.magics.interrupts import explain_interrupt
from aero_jupyter.notebook.magics.line_parsing import arguments, seconds

if TYPE_CHECKING:
    from aero_jupyter.core.models import Flow
    from aero_jupyter.vintages import Diff, FileDiff, Replay, Revisions


@magics_class
class VintageMagics(ConfigurableMagics):
    """The part of `AeroMagics` that compares versions."""

    @magic_arguments()
    @argument("id", help="Name or id of a dataset.")
    @argument("--value", default=None, metavar="COLUMN", help="The column; may be left out if it is the only one.")
    @argument("--keys", default=None, metavar="COLUMNS", help="The columns that identify a row: geo,date.")
    @argument("--time", default=None, metavar="COLUMN", help="The column with the date that a row is about.")
    @argument("--waiting", type=int, default=60, metavar="DAYS", help="Leave out younger rows; 60 by default.")
    @line_magic()
    def aero_revisions(self, line: str) -> Revisions:
        """Summarize how the observations of a dataset were revised from version to version."""
        from aero_jupyter.notebook.widgets.progress import RowCounter
        from aero_jupyter.session import revisions

        args = arguments(self.aero_revisions, line, self._names)
        with RowCounter() as progress:
            return revisions(
                args.id, args.value, keys=_columns(args.keys), time=args.time, progress=progress,
                min_waiting_period=args.waiting,
            )  # fmt: skip

    @magic_arguments()
    @argument("left", help="The earlier version: NAME@3 or NAME@2026-01-05.")
    @argument("right", help="The later version.")
    @argument("--keys", default=None, metavar="COLUMNS", help="The columns that identify a row: geo,date.")
    @line_magic()
    def aero_diff(self, line: str) -> Diff | FileDiff:
        """Show what differs between two versions: rows added and removed, and changed cells, the largest first."""
        from aero_jupyter.session import diff

        args = arguments(self.aero_diff, line, self._names)
        return diff(args.left, args.right, _columns(args.keys))

    @magic_arguments()
    @argument("flow", help="A flow, or a function of the notebook.")
    @argument("id", help="Name or id of the dataset, an input of the function.")
    @argument("--versions", default=None, metavar="NUMBERS", help="Only these versions: 1,2,5.")
    @argument("--every", default=None, metavar="TIME", help="Evenly spaced instants: 1d, 7d, 2w.")
    @argument("--since", default=None, metavar="TIME", help="Only later versions: 2026-01-05, or 30d.")
    @argument("--input", action="append", default=[], metavar="PARAMETER=NAME", help="For a function of the notebook.")
    @argument("--kwarg", action="append", default=[], metavar="NAME=VALUE", help="Instead of the flow's arguments.")
    @argument("--output", default=None, metavar="NAME", help="The output to return, of a flow with several.")
    @argument("--endpoint", default=None, metavar="NAME", help="By default that of the flow.")
    @argument("--timeout", type=seconds, default=300, metavar="SECONDS", help="For each call; 300 by default.")
    @argument("--fresh", action="store_true", help="Call the function on all versions again.")
    @argument("--commit", action="store_true", help="Store the results as versions that stand for the earlier times.")
    @line_magic()
    def aero_replay(self, line: str) -> Replay:
        """Call the function of a flow on each version of a dataset, as it was then known."""
        from aero_jupyter.notebook.registration.pairs import kwargs_from, pairs_of
        from aero_jupyter.notebook.widgets.progress import RowCounter
        from aero_jupyter.session import replay

        args = arguments(self.aero_replay, line, self._names)
        stopped = "You stopped waiting; calls that were sent continue on the endpoint."
        with RowCounter() as progress, explain_interrupt(stopped, "Run the cell again: it resumes."):
            return replay(
                _flow_or_function(args.flow, self._names),
                args.id,
                None if args.versions is None else _numbers(args.versions),
                every=args.every,
                since=_time(args.since),
                inputs=pairs_of(args.input, "--input", "PARAMETER=NAME"),
                kwargs=kwargs_from(args.kwarg) or None,
                output=args.output,
                endpoint=args.endpoint,
                timeout=args.timeout,
                progress=progress,
                fresh=args.fresh,
                commit=args.commit,
            )


def _flow_or_function(name: str, names: Mapping[str, Any]) -> Flow | Callable[..., Any]:
    from aero_jupyter.session import current

    try:
        return current().client.resolve_flow(name)
    except UnknownName:
        function: Callable[..., Any] | None = names.get(name)
        if not callable(function):
            raise
        return function


def _numbers(text: str) -> list[int]:
    numbers = [each.strip() for each in text.split(",") if each.strip()]
    if not numbers or not all(re.fullmatch("[0-9]{1,9}", each) for each in numbers):
        raise InvalidArgument(f"{text!r} names no versions.", "Write their numbers: --versions 1,2,5")
    return [int(each) for each in numbers]


def _time(text: str | None) -> str | datetime | None:
    """Return a date or a time; an age such as 30d is so long before now."""
    if text is None or "-" in text:
        return text
    from aero_jupyter.core.policy import seconds_from

    return datetime.now(timezone.utc) - timedelta(seconds=seconds_from(text))


def _columns(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]
