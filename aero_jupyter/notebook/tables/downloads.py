"""Files of a table: its rows as CSV, Parquet or Excel, and the data of selected rows."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple  # records of any kind

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.notebook.formatting import printable, size_of
from aero_jupyter.notebook.tables.columns import common_columns_of
from aero_jupyter.notebook.tables.selection import Selection, version_id

if TYPE_CHECKING:
    import pandas as pd

    from aero_jupyter.client import AeroClient

_FORMATS = {"csv": "CSV", "parquet": "Parquet", "xlsx": "Excel"}
_ROWS = {"page": "this page", "all": "all", "selected": "the selected rows"}
_TYPES = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
#: Maximum size of data that is sent to the browser at once.
MAX_DATA_BYTES = 200_000_000


class DownloadFile(NamedTuple):
    """A file for the user's browser."""

    name: str
    type: str
    content: bytes


def offered_downloads(*, is_one_page: bool, has_selection: bool) -> list[Mapping[str, Any]]:
    """Return the downloads that apply: of the page, of all rows and of the selected ones, in each format."""
    rows = [*([] if is_one_page else ["page"]), "all", *(["selected"] if has_selection else [])]
    return [
        {"do": "download", "text": f"{words} of {_ROWS[what]}", "what": what, "format": suffix}
        for what in rows
        for suffix, words in _FORMATS.items()
    ]


def table_file(name: str, suffix: str, kind: str, rows: Selection) -> DownloadFile:
    """Build the file of a table's rows.

    Raises
    ------
    InvalidArgument
        If the package that writes the format is not installed.
    """
    import pandas as pd

    table = pd.DataFrame(common_columns_of(kind, rows))
    table = table.astype(dict.fromkeys(table.select_dtypes("object"), "str")).where(table.notna())
    if suffix not in _TYPES:
        suffix = "csv"
    try:
        content = _WRITERS[suffix](table)
    except ImportError:
        package = "pyarrow" if suffix == "parquet" else "openpyxl"
        message = f"{_FORMATS[suffix]} needs {package}."
        raise InvalidArgument(message, f"Run: pip install {package}; or take the CSV.") from None
    return DownloadFile(f"{name}.{suffix}", _TYPES[suffix], content)


def _excel(table: pd.DataFrame) -> bytes:
    """Write a workbook: times without a zone, which Excel lacks, and no text as a formula."""
    import pandas as pd

    zoned = {name: f"{name} (UTC)" for name in table.select_dtypes("datetimetz")}
    for name in zoned:
        table[name] = table[name].dt.tz_localize(None)
    for name in table.select_dtypes(exclude=["number", "datetime"]):
        table[name] = [printable(value) if isinstance(value, str) else value for value in table[name]]
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer, engine="openpyxl") as writer:
        table.rename(columns=zoned).to_excel(writer, index=False, sheet_name="rows")
        for cell in (cell for row in writer.sheets["rows"].iter_rows() for cell in row if cell.data_type == "f"):
            cell.data_type = "s"
    return buffer.getvalue()


def _parquet(table: pd.DataFrame) -> bytes:
    content: bytes = table.to_parquet(index=False)
    return content


_WRITERS = {"csv": lambda table: table.to_csv(index=False).encode(), "parquet": _parquet, "xlsx": _excel}


def data_files(client: AeroClient, selected: Sequence[Any]) -> Iterator[DownloadFile]:
    """Fetch the data of the selected rows.

    Raises
    ------
    InvalidArgument
        If they are larger than the browser should receive.
    ClientError
        If the server refuses or does not answer.
    """
    found = [client.place(*version_id(row)) for _, row in selected]
    total = sum(each.version.file.size or 0 for each in found if each.version.file)
    if total > MAX_DATA_BYTES:
        raise InvalidArgument(
            f"The selected data is {size_of(total)}; the browser receives at most {size_of(MAX_DATA_BYTES)} at once.",
            "Select fewer rows.",
        )
    for location in found:
        with client.open_content(location) as reader:
            content = reader.read(MAX_DATA_BYTES + 1)
        if len(content) > MAX_DATA_BYTES:
            raise InvalidArgument(f"{location.label} is larger than {size_of(MAX_DATA_BYTES)}.", "Load it instead.")
        name = f"{location.data.name or location.data.id}-v{location.version.version}-{location.file_name}"
        yield DownloadFile(name, "application/octet-stream", content)
