"""The panel that deletes the flows of a dataset after a question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aero_jupyter.core import policy as policies
from aero_jupyter.core.models import Data, Flow, Json
from aero_jupyter.notebook.as_code import called
from aero_jupyter.notebook.panels.base import Message, Task, start_thread
from aero_jupyter.notebook.panels.tree_panel import TreePanel
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.tree import Node

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session

#: Flows that are listed; the others are counted.
_MAX_LISTED = 50


@dataclass(frozen=True)
class FlowDeletionState:
    """State of the panel.

    Attributes
    ----------
    data : Data
        The dataset.
    flows : tuple of Flow
        The flows that would be deleted, at most 50.
    count : int
        How many there are.
    deleted : tuple of mapping, or None
        The server's records of the deleted flows; None before the deletion.
    """

    data: Data
    flows: tuple[Flow, ...]
    count: int
    deleted: tuple[Json, ...] | None = None


class FlowDeletion(TreePanel):
    """The question whether to delete the flows of a dataset, and its outcome; `delete_flows` makes it."""

    label = "Delete flows"

    def __init__(self, session: Session, data: Data, *, begin: Callable[[Task], None] = start_thread) -> None:
        super().__init__(session, begin=begin)
        self._state = self._fetch(data)
        self._note = ""

    def _fetch(self, data: Data) -> FlowDeletionState:
        flows, count = self._session.client.attached(data.id, _MAX_LISTED)
        return FlowDeletionState(data, tuple(flows), count)

    @property
    def value(self) -> FlowDeletionState:
        """The state that the panel shows."""
        return self._state

    def expression(self) -> str:
        """Return the call that builds the panel."""
        return called("delete_flows", self._state.data.id)

    def nodes(self) -> Sequence[Node | None]:
        """Return the nodes of the tree."""
        state, name = self._state, self._state.data.name
        if state.deleted is not None:
            heading = f"✓ {_count(len(state.deleted))} of {name} deleted."
            return [trees.text(heading, "strong"), *(trees.text(_outcome(each)) for each in state.deleted)]
        if not state.count:
            return [trees.text(f"No flow makes or reads {name}.", "strong")]
        others = state.count - len(state.flows)
        return [
            trees.text(f"Delete {_count(state.count)} of {name}?", "strong"),
            *(trees.text(_described(flow, state.data)) for flow in state.flows),
            trees.text(f"… and {others:,} more") if others else None,
            trees.text("Their provenance is deleted too. The dataset, its versions and its type stay.", "meta"),
            trees.text(f"Without buttons, type aero.delete_flows({name!r}).confirm()", "meta"),
            trees.row(trees.button(f"Delete {_count(state.count)}", "delete"), trees.button("Keep them", "keep")),
            trees.text(self._note, "meta") if self._note else None,
        ]

    def screen_reader_text(self) -> str:
        """Return the last note, or the outcome."""
        return self._note or (f"{_count(len(self._state.deleted))} deleted" if self._state.deleted is not None else "")

    def actions(self) -> Mapping[str, Callable[[Message], None]]:
        """Return the handlers of messages, by the name of the action."""
        return {"delete": lambda _: self.run_in_background(self.confirm), "keep": lambda _: self._keep()}

    def confirm(self) -> None:
        """Delete the flows that the panel shows; ask again if there are others by now.

        Raises
        ------
        ClientError
            If the server refuses or does not answer.
        """
        newest = self._fetch(self._state.data)
        if {flow.id for flow in newest.flows} != {flow.id for flow in self._state.flows}:
            self._state, self._note = newest, "The flows have changed. Nothing was deleted."
            return
        if self._state.deleted is None and newest.count:
            records = tuple(self._session.client.delete_flows_of(self._state.data.id))
            self._state = FlowDeletionState(self._state.data, newest.flows, newest.count, records)
            self._note = ""
            self.resolve_waiters(records)

    def _keep(self) -> None:
        self._note = "Nothing was deleted."
        self.show()


def _count(number: int) -> str:
    return "1 flow" if number == 1 else f"{number:,} flows"


def _described(flow: Flow, data: Data) -> str:
    makes, reads = (data.id in [each.id for each in several] for several in (flow.outputs, flow.inputs))
    role = "makes and reads" if makes and reads else "makes" if makes else "reads"
    name = flow.function_name or flow.description or "a function"
    return f"{name} {role} it, {policies.in_words(flow.policy, flow.timer)}    flow {flow.id[:8]}"


def _outcome(record: Json) -> str:
    count, timer = record.get("provenance_deleted"), record.get("timer")
    facts = [f"{count} provenance records deleted" if count is not None else "", f"timer {timer}" if timer else ""]
    told = "; ".join(fact for fact in facts if fact)
    return f"flow {str(record.get('flow_id'))[:8]}{f': {told}' if told else ''}"


def deletion_in(session: Session, name_or_id: str) -> FlowDeletion:
    """Build the panel for a dataset of a session.

    Raises
    ------
    UnknownName
        If there is no such dataset, or several.
    ClientError
        If the server refuses or does not answer.
    """
    return FlowDeletion(session, session.client.resolve_data(name_or_id))


def delete_flows(data: str) -> FlowDeletion:
    """Ask whether to delete the flows that make or read a dataset; a button deletes them.

    Parameters
    ----------
    data : str
        Name or id of the dataset.

    Returns
    -------
    FlowDeletion
        A panel; ``.confirm()`` deletes without the button.

    Raises
    ------
    UnknownName
        If there is no such dataset, or several.
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> [flow.function_name for flow in aero.delete_flows("sewage").value.flows]
    ['clean']
    """
    from aero_jupyter.session import current

    return deletion_in(current(), data)
