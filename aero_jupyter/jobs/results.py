"""What a function returned, held against what its flow declares, and brought to where it is kept."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timezone
from typing import IO, Any

from aero_jupyter.jobs.names import suffix_of
from aero_jupyter.jobs.server import token_for
from aero_jupyter.jobs.web import AeroJobError, ask

_SENT_AT_ONCE = 1 << 20


def named_results(result: Any, declared: Collection[str]) -> dict[str, Any]:
    """Give each declared output what the function returned for it: a DataFrame or a path.

    Raises
    ------
    AeroJobError
        If what was returned is not what was declared.
    """
    pairs = list(_pairs(result, tuple(declared)))
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise AeroJobError(f"The function returned output {twice[0]} twice.")
    if names and not declared:
        raise AeroJobError(f"The function returned {', '.join(names)}, but this flow declares no output.")
    if not names and declared:
        raise AeroJobError(f"The function returned nothing, but {_outputs(declared)}. {_cure(declared)}")
    if set(names) != set(declared):
        raise AeroJobError(
            f"The function returned output {', '.join(names)}, but this flow declares {', '.join(declared)}."
        )
    return dict(pairs)


def file_of(name: str, value: Any, folder: str) -> str:
    """Give the file that holds one output; a DataFrame is written to ``folder``, as the name says or as csv."""
    if not is_frame(value):
        path = os.fspath(value)
        if os.path.isdir(path):
            raise AeroJobError(f"Output {name} names the folder {path}; return one file.")
        if not os.path.isfile(path):
            raise AeroJobError(f"Output {name} {_no_file(path)}")
        return str(path)
    parquet = name.lower().endswith(".parquet")
    path = os.path.join(folder, uuid.uuid4().hex + (".parquet" if parquet else ".csv"))
    if parquet:
        value.to_parquet(path)
    else:
        value.to_csv(path, index=_index_says_something(value))
    return path


def upload(aero: Mapping[str, Any], name: str, path: str) -> dict[str, Any]:
    """Send one output to its collection and tell what was sent."""
    entry = aero["output_data"][name]
    suffix = suffix_of(path) or suffix_of(name)
    kept_as = uuid.uuid4().hex + suffix
    if not entry.get("collection_url"):
        raise AeroJobError(f"Output {name} has no collection to be kept in.")
    url = f"{str(entry['collection_url']).rstrip('/')}/{kept_as}"
    token = token_for(aero, url, entry.get("collection_uuid"))
    with open(path, "rb") as file:
        body = _Hashed(file, os.path.getsize(path))
        # A redirect would find the body already read.
        with ask("PUT", url, "The collection", token=token, data=body if len(body) else b"", allow_redirects=False):
            pass
    return {
        "file_bn": kept_as,
        "file_format": suffix,
        "checksum": body.digest.hexdigest(),
        "size": len(body),
        "encoding": "utf-8",
        "created_at": datetime.now(timezone.utc).isoformat().replace("+00:00", "Z"),
    }


def is_frame(value: Any) -> bool:
    """Whether it is a pandas DataFrame, found out without importing pandas."""
    kinds = type(value).__mro__
    return any(kind.__name__ == "DataFrame" and kind.__module__.startswith("pandas") for kind in kinds)


class _Hashed:
    """A file that is hashed while it is sent; its length makes the request say how much will come."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self.digest = hashlib.sha256()
        self._file = file
        self._size = size

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._file.read(_SENT_AT_ONCE):
            self.digest.update(chunk)
            yield chunk


def _pairs(result: Any, declared: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if result is None:
        return
    if _is_output(result):
        yield result.name, result.path
    elif isinstance(result, dict):
        yield from _pairs_of_dict(result)
    elif isinstance(result, (list, tuple)):
        yield from _pairs_of_list(result)
    elif not _is_content(result):
        raise AeroJobError(f"The function returned {kind_of(result)}; {_expected(declared)}")
    elif len(declared) != 1:
        must = f"{_outputs(declared)}. {_cure(declared)}" if declared else "this flow declares no output."
        raise AeroJobError(f"The function returned {kind_of(result)}, but {must}")
    else:
        yield declared[0], result


def _pairs_of_dict(result: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in result.items():
        if not _is_content(value):
            raise AeroJobError(f"The function returned {kind_of(value)} as {name}; it must be a DataFrame or a path.")
        yield str(name), value


def _pairs_of_list(result: Collection[Any]) -> Iterator[tuple[str, Any]]:
    for item in result:
        if not _is_output(item):
            raise AeroJobError(
                f"The function returned a list with {kind_of(item)}, which tells no output's name. "
                "Return a list of AeroOutput, or a dict from name to DataFrame or path."
            )
        yield item.name, item.path


def _is_output(value: Any) -> bool:
    # By its shape: the AeroOutput of the AERO client or of an installed aero_jupyter is another class.
    name, path = getattr(value, "name", None), getattr(value, "path", None)
    return isinstance(name, str) and isinstance(path, (str, os.PathLike)) and not isinstance(value, os.PathLike)


def _is_content(value: Any) -> bool:
    return isinstance(value, (str, os.PathLike)) or is_frame(value)


def kind_of(value: Any) -> str:
    """Say what a value is, as in "a DataFrame"."""
    if isinstance(value, (str, os.PathLike)):
        return "a path"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _expected(declared: tuple[str, ...]) -> str:
    return f"{_outputs(declared)}. {_cure(declared)}" if declared else "this flow declares no output. Return None."


def _outputs(declared: Collection[str]) -> str:
    names = ", ".join(declared)
    return f"outputs {names} are declared" if len(declared) > 1 else f"output {names} is declared"


def _cure(declared: Collection[str]) -> str:
    named = [f'AeroOutput("{name}", path)' for name in declared]
    if len(named) == 1:
        return f"Return a DataFrame, a path or {named[0]}."
    return f"Return [{', '.join(named)}]."


def _no_file(path: str) -> str:
    # A table handed over as its text is the usual mistake; a message is no place for it.
    if len(path) > 300 or "\n" in path:
        return f"is a text of {len(path):,} characters, which names no file. Write it to a file and return its path."
    return f"names the file {path}, which does not exist."


def _index_says_something(frame: Any) -> bool:
    index = frame.index
    return any(name is not None for name in index.names) or type(index).__name__ != "RangeIndex"
