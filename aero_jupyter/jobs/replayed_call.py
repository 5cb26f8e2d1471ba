"""One call of a replay: as a flow calls the function, but its table is returned and not stored."""

from __future__ import annotations

import base64
import os
import zlib
from collections.abc import Mapping
from typing import Any  # values of a function's arguments and result

from aero_jupyter.jobs.encoding_check import encoding_of_file
from aero_jupyter.jobs.request_errors import AeroJobError
from aero_jupyter.jobs.single_call import call_answer, json_result
from aero_jupyter.jobs.typed_csv import TYPES_SUFFIX
from aero_jupyter.jobs.upload import file_of, is_frame, named_results

#: Globus Compute accepts results of 10 MB.
_MOST_RESULT_BYTES = 9_000_000
#: The mark of a file among the values that JSON holds.
PACKED_FILE = "aero_packed_file"


def run_vintage(cell: Mapping[str, Any], kwargs: Mapping[str, Any], aero: Mapping[str, Any]) -> dict[str, Any]:
    """Run the function of a cell once, and return its table as the file that a flow would store.

    Parameters
    ----------
    aero : mapping
        ``input_data``, and for a flow ``declared``, its outputs, ``optional``, those that may be missing, and
        ``output``, the one to return.

    Returns
    -------
    dict
        As for `run_once`; a table has the key `PACKED_FILE`.
    """

    def encode(value: object, folder: str) -> Any:
        declared = aero.get("declared")
        if declared:
            named = named_results(value, declared, aero.get("optional") or ())
            name = str(aero["output"])
            if name not in named:
                raise AeroJobError(f"{cell['name']}() did not make output {name}.")
            return packed_file(name, file_of(name, named[name], folder))
        if not is_frame(value):
            return json_result(cell["name"], value)
        return packed_file(cell["name"], file_of(cell["name"], value, folder))

    return call_answer(cell, kwargs, aero, encode)


def packed_file(name: str, path: str) -> dict[str, Any]:
    """Return a file, and the types that are stored beside it, as JSON.

    Raises
    ------
    AeroJobError
        If the file is too large for the result of a task.
    """
    packed: dict[str, Any] = {
        PACKED_FILE: os.path.basename(path),
        "encoding": encoding_of_file(path),
        "content": _packed_bytes(path),
    }
    if os.path.isfile(path + TYPES_SUFFIX):
        packed["types"] = _packed_bytes(path + TYPES_SUFFIX)
    size = sum(len(text) for text in packed.values() if text)
    if size > _MOST_RESULT_BYTES:
        raise AeroJobError(
            f"The result {name} takes {size / 1e6:.1f} MB packed; a replay returns at most 9 MB of each version. "
            "Return fewer rows, or a summary."
        )
    return packed


def _packed_bytes(path: str) -> str:
    with open(path, "rb") as file:
        return base64.b64encode(zlib.compress(file.read(), 1)).decode("ascii")


def unpacked_bytes(text: str, most: int) -> bytes:
    """Return the bytes that `packed_file` packed.

    Raises
    ------
    ValueError
        If the text holds no packed bytes, or more than `most` of them.
    """
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(base64.b64decode(text, validate=True), most)
    except zlib.error as error:
        raise ValueError("It is no packed file.") from error
    if not unpacking.eof:
        raise ValueError(f"It takes more than {most:,} bytes.")
    return content
