"""The columns of lists: one table, which the tables, the wire and the SQL of the local AERO follow."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import aero_jupyter
from aero_jupyter.core.columns import COLUMNS, column_names, filterable_columns, sortable_columns
from aero_jupyter.notebook.tables import columns as tables
from aero_jupyter.service.catalogue.list_queries import COLUMN_SQL

_PACKAGE = Path(aero_jupyter.__file__).parent
#: Modules that may name several columns of a kind in one literal, and why.
_ALLOWED = {
    "core/columns.py": "the table",
    "service/catalogue/list_queries.py": "the SQL of each column, which the next test compares",
    "cli/catalogue_commands.py": "prints fewer columns, which scripts parse",
    "compute/endpoints.py": "builds the records",
}
#: So many words that are all names of one kind's columns are a list of its columns.
_MANY = 3


@pytest.mark.parametrize("kind", COLUMN_SQL)
def test_the_service_has_sql_for_exactly_the_columns_it_sorts_and_filters_by(kind: str) -> None:
    assert set(COLUMN_SQL[kind]) == {*sortable_columns(kind), *filterable_columns(kind)}


def test_the_service_sorts_and_filters_lists_that_have_sql_only() -> None:
    assert set(COLUMN_SQL) == {kind for kind in COLUMNS if sortable_columns(kind) or filterable_columns(kind)}


@pytest.mark.parametrize("kind", COLUMNS)
def test_tables_show_exactly_these_columns(kind: str) -> None:
    assert [(column.name, column.type) for column in tables.COLUMNS[kind]] == [
        (column.name, column.type) for column in COLUMNS[kind]
    ]


@pytest.mark.parametrize("kind", COLUMNS)
def test_each_column_has_a_field_or_is_computed(kind: str) -> None:
    computed = {name for of, name in tables._COMPUTED if of == kind}
    assert computed == {column.name for column in COLUMNS[kind] if not column.field}


def test_no_other_module_lists_columns() -> None:
    kinds = [set(column_names(kind)) for kind in COLUMNS]
    found = []
    for path in sorted(_PACKAGE.rglob("*.py")):
        name = path.relative_to(_PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            words = _words(node)
            if name not in _ALLOWED and len(words) >= _MANY and any(words <= columns for columns in kinds):
                found.append((name, sorted(words)))
    assert found == []


def _words(node: ast.AST) -> set[str]:
    """Return the texts that a literal of several values, or the keys of one, holds."""
    values = node.elts if isinstance(node, (ast.Tuple, ast.List, ast.Set)) else getattr(node, "keys", [])
    return {each.value for each in values if isinstance(each, ast.Constant) and isinstance(each.value, str)}
