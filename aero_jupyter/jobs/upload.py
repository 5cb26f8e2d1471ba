"""The upload of a function's results, checked against the outputs that its flow declares."""

from __future__ import annotations

import hashlib
import json
import os
import unicodedata
import uuid
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timezone
from typing import IO, Any  # pandas objects: pandas is imported only to read a table

from aero_jupyter.core.warned_files import WARNED, WARNINGS_SUFFIX
from aero_jupyter.jobs.aero_server import token_for
from aero_jupyter.jobs.collection_hosts import explain_unsigned
from aero_jupyter.jobs.encoding_check import encoding_of_file
from aero_jupyter.jobs.file_types import suffix_of
from aero_jupyter.jobs.http_client import send_request
from aero_jupyter.jobs.local_store import can_hand_over, hand_over, state_of_file
from aero_jupyter.jobs.request_errors import AeroJobError
from aero_jupyter.jobs.shared_folder import is_on_shared_folder, place_on_shared_folder
from aero_jupyter.jobs.typed_csv import TYPED_CSV, TYPES_SUFFIX, write_frame

_SENT_AT_ONCE = 1 << 20


def named_results(result: object, declared: Collection[str], optional: Collection[str] = ()) -> dict[str, Any]:
    """Return the function's result for each declared output: a DataFrame or a path.

    Parameters
    ----------
    optional : collection of str
        The declared outputs that may be missing.

    Raises
    ------
    AeroJobError
        If the results do not match the declared outputs.
    """
    spelled = {unicodedata.normalize("NFC", name): name for name in declared}
    pairs = [
        (name if name in declared else spelled.get(unicodedata.normalize("NFC", name), name), value)
        for name, value in _pairs(result, tuple(declared))
    ]
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    required = set(declared) - set(optional)
    if twice:
        raise AeroJobError(f"The function returned output {twice[0]} twice.")
    if names and not declared:
        raise AeroJobError(f"The function returned {', '.join(names)}, but this flow declares no output.")
    if not names and required:
        raise AeroJobError(f"The function returned nothing, but {_outputs(declared)}. {_cure(declared)}")
    if not required <= set(names) <= set(declared):
        raise AeroJobError(
            f"The function returned output {', '.join(names)}, but this flow declares {', '.join(declared)}."
        )
    return dict(pairs)


def file_of(name: str, value: Any, folder: str) -> str:
    """Return the file that holds one output; a DataFrame is written to ``folder`` with its columns and types."""
    if not is_frame(value):
        path = os.fspath(value)
        if os.path.isdir(path):
            raise AeroJobError(f"Output {name} names the folder {path}; return one file.")
        if not os.path.isfile(path):
            raise AeroJobError(f"Output {name} {_no_file(path)}")
        return str(path)
    return write_frame(name, value, folder)


def write_warnings(warnings: Collection[Mapping[str, str]], folder: str) -> str:
    """Write the warnings of an output's checks to a file; return its path."""
    path = os.path.join(folder, uuid.uuid4().hex + WARNINGS_SUFFIX)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(list(warnings), file)
    return path


def upload(aero: Mapping[str, Any], name: str, path: str, warnings_path: str | None = None) -> dict[str, Any]:
    """Upload one output to its collection, with the file of its warnings if there is one; return its record.

    A store on this machine takes the files over, instead.
    """
    entry = aero["output_data"][name]
    suffix = suffix_of(path) or suffix_of(name)
    typed = path.endswith(TYPED_CSV) and os.path.isfile(path + TYPES_SUFFIX)
    kept_as = uuid.uuid4().hex + (WARNED if warnings_path else "") + (TYPED_CSV if typed else suffix)
    if not entry.get("collection_url"):
        raise AeroJobError(f"Output {name} has no collection to store it in.")
    # Types and warnings first: a version never lacks the files that its name promises.
    files = {kept_as + TYPES_SUFFIX: path + TYPES_SUFFIX} if typed else {}
    files |= {kept_as + WARNINGS_SUFFIX: warnings_path} if warnings_path else {}
    files[kept_as] = path
    record: dict[str, Any] = {
        "file_bn": kept_as,
        "file_format": suffix,
        "created_at": datetime.now(timezone.utc).isoformat().replace("+00:00", "Z"),
    }
    if is_on_shared_folder(aero):
        aero, files = place_on_shared_folder(aero, files)
    if can_hand_over(aero, files.values()):
        is_as_it_came = entry.get("file_state") == state_of_file(path)
        record["encoding"] = entry.get("encoding") if is_as_it_came else encoding_of_file(path)
        # The service computes their checksums, once the process of the function has ended.
        return record | {"files": {name: hand_over(aero["temp_dir"], each, name) for name, each in files.items()}}
    url = str(entry["collection_url"]).rstrip("/")
    body = [_send(aero, entry, f"{url}/{name}", each) for name, each in files.items()][-1]
    is_as_it_came = bool(entry.get("download")) and entry.get("checksum") == body.digest.hexdigest()
    return record | {
        "checksum": body.digest.hexdigest(),
        "size": len(body),
        "encoding": entry.get("encoding") if is_as_it_came else encoding_of_file(path),
    }


def _send(aero: Mapping[str, Any], entry: Mapping[str, Any], url: str, path: str) -> _HashingReader:
    collection = entry.get("collection_uuid")
    token = token_for(aero, url, collection)
    with open(path, "rb") as file, explain_unsigned(token, collection, url):
        body = _HashingReader(file, os.path.getsize(path))
        # A redirect cannot read the body again.
        with send_request(
            "PUT", url, "The collection", token=token, data=body if len(body) else b"", allow_redirects=False
        ):
            return body


def is_frame(value: object) -> bool:
    """Return whether a value is a DataFrame, without importing pandas."""
    kinds = type(value).__mro__
    return any(kind.__name__ == "DataFrame" and kind.__module__.startswith("pandas") for kind in kinds)


class _HashingReader:
    """A file that is hashed while it is sent; its length sets the request's Content-Length."""

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
                f"The function returned a list with {kind_of(item)}, which names no output. "
                "Return a list of AeroOutput, or a dict from name to DataFrame or path."
            )
        yield item.name, item.path


def _is_output(value: object) -> bool:
    # By attributes: the AeroOutput of the AERO client or of aero_jupyter is another class.
    name, path = getattr(value, "name", None), getattr(value, "path", None)
    return isinstance(name, str) and isinstance(path, (str, os.PathLike)) and not isinstance(value, os.PathLike)


def _is_content(value: object) -> bool:
    return isinstance(value, (str, os.PathLike)) or is_frame(value)


def kind_of(value: object) -> str:
    """Return a value's type as "a DataFrame"."""
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
    # The path is often a whole table by mistake, too long for a message.
    if len(path) > 300 or "\n" in path:
        return f"is a text of {len(path):,} characters, which names no file. Write it to a file and return its path."
    return f"names the file {path}, which does not exist."
