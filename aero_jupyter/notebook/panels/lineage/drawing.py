"""Drawing of a lineage panel: the graph with its folds, its selection and its search."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from aero_jupyter.core.name_rules import folded
from aero_jupyter.notebook.panels.lineage.folding import MAX_DRAWN_BOXES, collapse
from aero_jupyter.notebook.panels.lineage.geometry import build_drawing
from aero_jupyter.notebook.panels.lineage.graph import NOTHING, Box, Graph
from aero_jupyter.notebook.panels.lineage.highlight import mark_drawing
from aero_jupyter.notebook.panels.lineage.outline import as_list, outline_ids
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.tree import Node

#: Numbers of the actions; each is used once, also by another drawing of the same panel.
_TURNS = itertools.count()


class LineageDrawing:
    """The drawing, the list and the Mermaid text of a graph.

    Attributes
    ----------
    graph : Graph
        The whole graph.
    unfolded : tuple of str
        Ids of the unfolded boxes.
    selected : str or None
        Id of the selected box or flow.
    search : str
        Boxes whose text contains it are marked.
    turned : int
        Number of the user's last action that moved boxes; other changes wait while the pointer is over the drawing.
    """

    def __init__(self, graph: Graph, label: str) -> None:
        self.graph, self._label = graph, label
        self.unfolded: tuple[str, ...] = ()
        self.selected: str | None = None
        self.search = ""
        self.turn()
        self._centered = ""
        self._lay_out()

    def _lay_out(self) -> None:
        """Lay out the graph, which a selection or a search does not alter."""
        self._shown = collapse(self.graph, unfolded=self.unfolded)
        self._drawn = build_drawing(self._shown, self._label)
        self._outline = trees.nested(as_list(self._shown), outline_ids(self._shown))

    def unfold(self, ids: Sequence[str]) -> None:
        """Unfold boxes, in this order."""
        self.unfolded = tuple(ids)
        self.turn()
        self._lay_out()

    def turn(self) -> None:
        """Count an action of the user that moves boxes."""
        self.turned = next(_TURNS)

    def adopt(self, before: LineageDrawing) -> None:
        """Take over the folds, the selection and the search of an earlier drawing."""
        self.selected, self.search, self.turned = before.selected, before.search, before.turned
        self._centered, self.unfolded = before._centered, before.unfolded
        self._lay_out()

    def is_fold(self, id: str) -> bool:
        """Return whether a box stands for several."""
        box = self._shown.boxes.get(id)
        return box is not None and box.holds > 1

    @property
    def found(self) -> list[str]:
        """Ids of the boxes that match the search, folded boxes too."""
        wanted = folded(self.search.strip())
        if not wanted:
            return []
        flows: dict[str, list[str]] = {}
        for line in self.graph.lines:
            flows.setdefault(line.end, []).append(line.flow)
        return [id for id, box in self._searched.items() if wanted in folded(" ".join([box.title, *flows.get(id, ())]))]

    @property
    def _searched(self) -> dict[str, Box]:
        """The boxes that a search can find: not the missing ends of flows."""
        return {id: box for id, box in self.graph.boxes.items() if box.kind != NOTHING}

    def next_match(self) -> str | None:
        """Return the match after the selected one, unfold it, and center the drawing on it; None without a match."""
        found = self.found
        if not found:
            return None
        at = found.index(self.selected) + 1 if self.selected in found else 0
        id = self._centered = found[at % len(found)]
        if id not in self._shown.boxes or self.is_fold(id):
            self.unfold((*self.unfolded, id))
        return id

    def picture(self) -> Node:
        """Build the drawing, with the search above it."""
        found = self.found
        drawn = mark_drawing(self._drawn, self._shown, self.selected, set(found))
        return trees.picture(
            {**drawn, "center": self._centered, "turned": self.turned},
            trees.field("search", "Search the lineage", self.search, hint="Search", quiet=True),
            trees.button("Next match", "next") if found else None,
        )

    def match_count(self) -> Node | None:
        """Build the line that counts what the search found; None without a search."""
        if not (text := self.search.strip()):
            return None
        return trees.text(f"{len(self.found)} of {len(self._searched)} match {text!r}.", "meta")

    def outline(self) -> Node:
        """Build the list, which replaces the drawing in a narrow panel."""
        return trees.fold("Show as list", self._outline, is_narrow=True)

    def mermaid_button(self) -> Node:
        """Build the button that copies the graph as Mermaid."""
        if len(self.graph.boxes) <= MAX_DRAWN_BOXES:
            return trees.copy("Copy as Mermaid", self.graph.to_mermaid(), "the Mermaid text")
        # Mermaid cannot draw the whole graph.
        shown = self._shown
        return trees.copy(
            "Copy the drawn part as Mermaid", shown.to_mermaid(), f"the Mermaid text of {len(shown.boxes)} boxes"
        )
