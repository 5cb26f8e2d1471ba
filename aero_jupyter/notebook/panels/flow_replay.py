"""The part of the flow panel that replays the flow: its function on each version of an input."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Flow
from aero_jupyter.notebook.as_code import called
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.tree import Node

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session
    from aero_jupyter.vintages import Replay

_SHOWN_ROWS = 10


class FlowReplay:
    """A replay of a flow, with the parts that show it.

    Parameters
    ----------
    show : callable
        Shows the panel again while the replay goes on.
    """

    def __init__(self, session: Session, show: Callable[[], None]) -> None:
        self._session = session
        self._show = show
        self._name = self._note = ""
        self._flow_id = ""
        self._result: Replay | None = None

    def run(self, flow: Flow, name: str) -> None:
        """Replay a flow over all versions of one of its inputs, by the name of the input.

        Raises
        ------
        InvalidArgument
            If the session in use is another one.
        AeroError
            If the replay cannot be made.
        """
        from aero_jupyter.session import current
        from aero_jupyter.session.replaying import replay

        if current() is not self._session:
            raise InvalidArgument("The notebook uses another server now.", "Show the flow again: %aero_panel")
        self._name, self._flow_id, self._result = name, flow.id, None
        try:
            self._result = replay(flow, name, progress=self._report)
        finally:
            self._note = ""

    def _report(self, done: int, total: int) -> None:
        self._note = f"Replayed {done} of {total} versions of {self._name}."
        self._show()

    def buttons(self, flow: Flow) -> list[Node]:
        """Build a button for each input of the flow."""
        names = list(dict.fromkeys(data.name for data in flow.inputs))
        if len(names) == 1:
            return [trees.button("Replay", "replay", what=names[0])]
        return [trees.button(f"Replay {name}", "replay", what=name) for name in names]

    def nodes(self) -> list[Node]:
        """Build the progress, or the result with the call that makes it."""
        if self._note:
            return [trees.text(self._note, "meta")]
        if self._result is None:
            return []
        results, failures = self._result.results, self._result.failures
        heading = f"{len(results):,} rows of {results['version'].nunique()} versions; {len(failures)} failed"
        parts = (
            [trees.text(heading), trees.pre(results.head(_SHOWN_ROWS).to_string(index=False))]
            if len(results)
            else [trees.text(heading)]
        )
        parts += [trees.note("✕", f"v{version}: {error}") for version, error in _errors(self._result)]
        code = f"import aero_jupyter as aero\n\n{called('replay', self._flow_id, self._name)}.results\n"
        return [trees.group(f"Replay of {self._name}", *parts, trees.copy("Copy code", code, "the code"))]


def _errors(result: Replay) -> list[tuple[int, str]]:
    head = result.failures.head(_SHOWN_ROWS)
    return list(zip(head["version"].tolist(), head["error"].tolist(), strict=True))
