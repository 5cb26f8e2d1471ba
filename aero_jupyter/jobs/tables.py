"""The table reader of the notebook, the command line and the endpoint."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from typing import IO, Any  # pandas objects: pandas is imported only to read a table

from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.jobs.column_types import with_exact_integers
from aero_jupyter.jobs.table_formats import kind_hints, no_table_reason, table_kind_of
from aero_jupyter.jobs.table_json import read_json_table
from aero_jupyter.jobs.table_text import read_delimited, text_encoding
from aero_jupyter.jobs.table_unpacking import (
    TableError,
    TableLimits,
    TimedFile,
    check_parquet,
    check_workbook,
    copy_limited,
    packer_of,
    unpack,
)
from aero_jupyter.jobs.typed_csv import read_typed_csv, read_typed_parquet

_HEAD_BYTES = 1 << 16
_UNREADABLE = (ValueError, OSError, EOFError, KeyError, IndexError, OverflowError, RecursionError, zipfile.BadZipFile)
_MEMBERS_SHOWN = 10


class MissingReader(TableError):
    """A package that reads such files is not installed; ``kind`` names the files."""

    def __init__(self, kind: str, label: str) -> None:
        package = {"xls": "xlrd", "excel": "openpyxl"}.get(kind, "pyarrow")
        super().__init__(f"Reading {label} ({kind}) needs {package}.", f"Run: pip install {package}")
        self.kind = kind


class TableReader:
    """A reader of one file.

    Parameters
    ----------
    label : str
        The file's name in messages.
    names : sequence of str or None
        File name, URL and dataset name, whose suffixes hint at the kind; the most trusted first.
    file_type, encoding : str, optional
        As declared.
    options : dict
        For the pandas reader; ``max_bytes`` lifts the limits and ``member`` names a file of a zip archive.

    Attributes
    ----------
    notes : list of str
        The reader's unexpected decisions.
    found_encoding : str or None
        The encoding that the text was read in.
    """

    def __init__(
        self, label: str, names: Sequence[str | None], file_type: str | None, encoding: str | None,
        options: dict[str, Any],
    ) -> None:  # fmt: skip
        self.label, self.names, self.file_type, self.encoding = label, list(names), file_type, encoding
        self.options = {key: value for key, value in options.items() if key not in ("max_bytes", "member")}
        self.member = options.get("member")
        self.limits = TableLimits(options.get("max_bytes"))
        self.notes: list[str] = []
        self._opened: list[IO[bytes]] = []
        self.found_encoding: str | None = None

    def read(self, file: IO[bytes], types: bytes | None = None) -> Any:
        """Return a DataFrame, or a dict of them for all sheets.

        Raises
        ------
        TableError
            If the bytes are not a table, or exceed the limits.
        """
        self._kind = "csv"
        try:
            if types is not None and self._keeps_types():
                return self._part_of(read_typed_csv(file, parse_json(types)))
            return self._parsed(self._unpacked(file), self._kind)
        except TypeError as error:
            raise self._wrong_option(error) from error
        except ImportError as error:
            raise MissingReader(self._kind, self.label) from error
        except UnicodeDecodeError as error:
            message = f"{self.label} has bytes that are no characters of {self.found_encoding or error.encoding}."
            raise TableError(message, "Read it with encoding_errors='replace', or with encoding='cp1252'.") from error
        except _UNREADABLE as error:
            text = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
            raise TableError(f"{self.label} does not read as {self._kind}: {text[:200]}.") from error
        finally:
            for each in self._opened:
                each.close()

    def _keeps_types(self) -> bool:
        """Return whether the options leave the stored types as they are; a note names those that replace them."""
        names, count = self.options.get("usecols"), self.options.get("nrows")
        is_list = isinstance(names, (list, tuple))
        are_names = names is None or (is_list and (_are_places(names) or all(isinstance(each, str) for each in names)))
        if not self.options.keys() - {"usecols", "nrows"} and are_names and (count is None or type(count) is int):
            return True
        self.notes.append(
            f"{', '.join(sorted(self.options))}: read with these options, not with the types it was stored with."
        )
        return False

    def _part_of(self, frame: Any) -> Any:
        """Return the columns and the rows that the options ask for."""
        names, count = self.options.get("usecols"), self.options.get("nrows")
        if names is not None:
            known = range(frame.shape[1]) if _are_places(names) else frame.columns
            if missing := [str(name) for name in names if name not in known]:
                raise ValueError(f"it has no column {', '.join(missing)}")
            frame = frame.loc[:, [name in names for name in known]]
        return frame if count is None else frame.head(max(count, 0))

    def _wrong_option(self, error: TypeError) -> TableError:
        """Return the error for an option that this kind of file does not have."""
        found = re.search(r"unexpected keyword argument '(\w+)'", str(error))
        if found is None or found.group(1) not in self.options:
            text = (str(error).strip() or "TypeError").splitlines()[0].rstrip(".")
            return TableError(f"{self.label} does not read as {self._kind}: {text[:200]}.")
        name = found.group(1)
        removal = "None" if name in ("header", "sheet_name") else f"{name}=None"
        return TableError(
            f"{self.label} is {self._kind}, whose reader has no option {name}.",
            f"Leave {name} out; where it is stored, remove it with aero.read_options(NAME, {removal}).",
        )

    def _unpacked(self, file: IO[bytes]) -> IO[bytes]:
        for _ in range(4):
            head = _head_of(file)
            if packer := packer_of(head):
                self._kind = packer
                file = unpack(file, packer, self.label, self.limits)
                self._opened.append(file)
                continue
            kind = table_kind_of(head, kind_hints(self.file_type, self.names))
            self._kind = kind or ""
            if kind != "excel" or (member := self._member_of(file)) is None:
                if kind is None:
                    raise TableError(no_table_reason(head, self.label))
                return file
            file = self._opened_member(file, member)
            self._opened.append(file)
        raise TableError(f"{self.label} is packed more than three times.")

    def _member_of(self, file: IO[bytes]) -> str | None:
        """Return the member of a zip archive to read; None for a workbook."""
        with zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/") and "__MACOSX/" not in name]
        if "[Content_Types].xml" in names:
            return None
        tables = [name for name in names if re.search(_TABLE_NAMES, name.lower())] or names
        if self.member in names:
            return str(self.member)
        if len(tables) == 1 and self.member is None:
            return tables[0]
        shown = ", ".join(tables[:_MEMBERS_SHOWN]) + (", …" if len(tables) > _MEMBERS_SHOWN else "")
        if not tables:
            raise TableError(f"{self.label} is an empty zip archive.")
        wrong = f" and no {self.member}" if self.member else ""
        raise TableError(
            f"{self.label} holds {len(tables)} files{wrong}: {shown}.", f"Read it with member={tables[0]!r}."
        )

    def _opened_member(self, file: IO[bytes], member: str) -> IO[bytes]:
        self.names, self.file_type, self.member = [member], None, None
        with zipfile.ZipFile(file) as archive, archive.open(member) as stream:
            return copy_limited(stream, archive.getinfo(member).compress_size, self.label, self.limits)

    def _parsed(self, file: IO[bytes], kind: str) -> Any:
        if kind in ("csv", "tsv", "json"):
            self.found_encoding = self.options.get("encoding") or text_encoding(file, self.encoding)
            timed = TimedText(TimedFile(file, self.label, self.limits))
            if kind == "json":
                return read_json_table(timed, self.found_encoding, self.options)
            return read_delimited(timed, kind, self.found_encoding, self.options, self.notes, self.label)
        file.seek(0)
        if kind == "parquet":
            check_parquet(file, self.label, self.limits)
            return read_typed_parquet(file, **self.options)
        return self._workbook(file, kind)

    def _workbook(self, file: IO[bytes], kind: str) -> Any:
        import pandas as pd

        if kind == "excel":
            with zipfile.ZipFile(file) as book:
                check_workbook(book, self.label, self.limits)
        options = {"dtype": object, **self.options}
        timed = TimedText(TimedFile(file, self.label, self.limits))
        with pd.ExcelFile(timed, engine="xlrd" if kind == "xls" else "openpyxl") as book:
            sheets = [str(name) for name in book.sheet_names]
            chosen = options.get("sheet_name", 0)
            if len(sheets) > 1 and isinstance(chosen, (int, str)):
                self._say_sheet(sheets, chosen)
            found = pd.read_excel(book, **options)
        if "dtype" in self.options:
            return found
        return {name: _inferred(one) for name, one in found.items()} if isinstance(found, dict) else _inferred(found)

    def _say_sheet(self, sheets: list[str], chosen: int | str) -> None:
        at = sheets.index(chosen) if isinstance(chosen, str) and chosen in sheets else chosen
        if not isinstance(at, int) or at >= len(sheets):
            raise TableError(f"{self.label} has no sheet {chosen!r}; its sheets: {', '.join(sheets)}.")
        if "sheet_name" not in self.options:
            self.notes.append(f"sheet {at + 1} of {len(sheets)}: {', '.join(sheets)}")


def _inferred(values: Any) -> Any:
    return with_exact_integers(values.infer_objects(), lambda: values)


def _are_places(names: Sequence[Any]) -> bool:
    """Return whether columns are given by their positions, counted from 0."""
    return bool(names) and all(type(each) is int for each in names)


class TimedText(io.BufferedReader):
    """A buffered file that pandas reads and does not close."""

    def close(self) -> None:
        """Leave the file open for the next reading."""

    def __del__(self) -> None:
        """Leave the file open."""


_TABLE_NAMES = r"\.(csv|tsv|tab|json|jsonl|ndjson|geojson|parquet|pq|xlsx|xls|txt)(\.(gz|bz2|xz|zst))?$"


def _head_of(file: IO[bytes]) -> bytes:
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    return head
