"""Actions on the selected rows of a table: load, compare, download, use, copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any  # records of any kind

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data, Version
from aero_jupyter.core.version_ref import VersionRef
from aero_jupyter.notebook.tables.columns import Row, readers_of
from aero_jupyter.notebook.tables.loading import load_into_notebook
from aero_jupyter.notebook.widgets.cards import Card
from aero_jupyter.session.descriptions import stored_keys
from aero_jupyter.session.reading import read_version

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.session.session import Session

#: Selected records, each with its kind.
Selection = Sequence[tuple[str, Row]]
_LOADABLE = ("data", "search", "version")


def selection_actions(selected: Selection, can_use: bool) -> list[Mapping[str, Any]]:
    """Return the actions on selected rows; those with a text to copy need no request."""
    plural, kinds = "s" * (len(selected) != 1), {kind for kind, _ in selected}
    actions: list[Mapping[str, Any]] = []
    if kinds.issubset(_LOADABLE):
        actions += [{"do": "load selected", "text": f"Load as DataFrame{plural}"}]
        actions += [{"do": "compare selected", "text": "Compare"}] if len(selected) == 2 else []
        actions += [{"do": "download", "text": "Download the data", "what": "data"}]
        if can_use:
            actions += [{"do": "use selected", "text": f"Use as input{plural}"}]
        code = "\n".join(dict.fromkeys(_reading(*version_id(row)) for _, row in selected))
        actions += [{"do": "copy", "text": "Copy code", "copy": f"import aero_jupyter as aero\n\n{code}\n"}]
    names = "\n".join(dict.fromkeys(_label(kind, row) for kind, row in selected))
    clear = {"do": "clear", "text": f"Clear {len(selected)} selected"}
    return [*actions, {"do": "copy", "text": f"Copy name{plural}", "copy": names}, clear]


def version_id(row: Row) -> tuple[str, int | None]:
    """Return the id of the dataset of a row, and the number of the version if the row is one."""
    if isinstance(row, Version):
        return row.data_id, row.version
    return str(row.id if isinstance(row, Data) else row.get("data_id") or row.get("id")), None


def _reading(data_id: str, version: int | None) -> str:
    return f"aero.read({data_id!r}" + (")" if version is None else f", version={version})")


def _label(kind: str, row: Row) -> str:
    """Return the name of a record; of one without a name its id."""
    values = {name: read(row) for name, read in readers_of(kind).items()}
    return str(values.get("name") or values["id"])


def load_rows(client: AeroClient, selected: Selection) -> str:
    """Read datasets or versions into variables of the notebook; return a sentence about them."""
    pairs = [version_id(row) for _, row in selected]
    return " ".join(load_into_notebook(client, client.get_data(id), version) for id, version in pairs)


def compare_rows(session: Session, selected: Selection) -> Card:
    """Compare two versions, or the newest versions of two datasets, by the described keys of the first.

    Raises
    ------
    InvalidArgument
        If other than two rows are selected, or their tables cannot be compared.
    ClientError
        If the server refuses or does not answer.
    """
    from aero_jupyter.vintages.diff import diff

    if len(selected) != 2:
        raise InvalidArgument(f"{len(selected)} rows are selected.", "Select two rows to compare.")
    pairs = sorted((version_id(row) for _, row in selected), key=lambda pair: pair[1] or 0)
    tables = [read_version(session.client, VersionRef(id, number), {}) for id, number in pairs]
    names = [f"{table.attrs['aero']['name']}@{table.attrs['aero']['version']}" for table in tables]
    differences = diff(
        tables[0], tables[1], stored_keys(session, pairs[0][0]), from_version=names[0], to_version=names[1]
    )
    return Card(f"{names[0]} → {names[1]}", pre=str(differences))
