"""Prompt for the dataset whose lineage is to be shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from aero_jupyter.notebook.panels.base import Message
from aero_jupyter.notebook.panels.lineage.factory import view_of
from aero_jupyter.notebook.panels.lineage.panel import LineageView
from aero_jupyter.notebook.panels.tree_panel import TreePanel
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.tree import Node

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session


class LineagePrompt(TreePanel):
    """A field for the name of a dataset.

    Parameters
    ----------
    on_lineage : callable
        Called with the lineage of the dataset that the user chose.
    """

    label = "Lineage"

    def __init__(self, session: Session, on_lineage: Callable[[LineageView], None]) -> None:
        super().__init__(session)
        self._name = ""
        self._suggestions: list[str] = []
        self._on_lineage = on_lineage

    @property
    def value(self) -> None:
        """None: the prompt has no state of its own."""
        return None

    def expression(self) -> str:
        """Return an empty string: nothing is shown yet."""
        return ""

    def nodes(self) -> Sequence[Node | None]:
        """Return the nodes of the tree."""
        return [
            trees.text("Where did a number come from?", "strong"),
            trees.row(
                trees.field(
                    "name", "Name or id of a dataset", self._name, known=self._suggestions, hint="sewage or sewage@3"
                ),
                trees.button("Show lineage", "show", can=bool(self._name.strip()), primary=True),
            ),
        ]

    def actions(self) -> Mapping[str, Callable[[Message], None]]:
        """Return the handlers of messages, by the name of the action."""
        return {"set": self._set_name, "show": lambda _: self.run_in_background(self._show_lineage)}

    def on_shown(self) -> None:
        """Fetch the names of datasets."""
        self.run_in_background(self._fetch_suggestions)

    def _fetch_suggestions(self) -> None:
        self._suggestions = sorted({data.name for data in self._session.client.list("data").page(1)})

    def _show_lineage(self) -> None:
        self._on_lineage(view_of(self._session, self._name))

    def _set_name(self, message: Message) -> None:
        self._name = str(message.get("value"))
        self.show()
