"""Filters of single columns, and the words that a search highlights."""

from __future__ import annotations

from dataclasses import replace

from aero_jupyter.core.columns import COLUMNS
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.name_rules import folded
from aero_jupyter.core.search_query import terms
from aero_jupyter.notebook.tables.query import ListQuery


def filterable_columns(question: ListQuery) -> list[str]:
    """Return the columns that a user can filter by a text."""
    return [column.name for column in COLUMNS.get(question.shape, ()) if column.type in ("text", "word")]


def with_column_filter(question: ListQuery, column: str, text: str) -> ListQuery:
    """Return a query whose column contains a text; without the filter if the text is empty.

    A word, such as a state, must be the whole text. A ``*`` of the user stands for any text.
    """
    others = tuple(pair for pair in question.where if pair[0] != column)
    words = {each.name for each in COLUMNS[question.shape] if each.type == "word"}
    value = text if "*" in text or column in words else f"*{text}*"
    return replace(question, where=(*others, (column, value)) if text else others)


def highlighted_words(question: ListQuery, local_text: str) -> list[str]:
    """Return the folded words that matched, for highlighting."""
    if question.shape != "search":
        return [folded(text)] if (text := question.text or local_text) else []
    try:
        return [folded(word) for word in terms(question.query or "")]
    except InvalidArgument:
        # The grammar of another server.
        return []
