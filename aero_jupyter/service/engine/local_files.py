"""Files that a function and the store share on one machine: inputs that are read in place, outputs that are taken over."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any  # JSON values

from aero_jupyter.jobs.local_store import state_of_file
from aero_jupyter.jobs.typed_csv import TYPED_CSV, TYPES_SUFFIX
from aero_jupyter.service.storage.connection import RequestError, Row
from aero_jupyter.service.storage.content import ContentStore, flush_file, hash_of
from aero_jupyter.service.storage.stored_content import is_stored

#: Seconds by which a file must be older than the call, so that each change during the call also changes its times.
_TIMESTAMP_SECONDS = 0.02
#: Bytes of a file that is hashed again rather than waited for.
_SMALL_FILE_BYTES = 1 << 20


class LocalFiles:
    """The files of one call of a function.

    Parameters
    ----------
    content : ContentStore
    folder : Path
        The folder of the run.
    tasks : list of dict
        The tasks of the run as the download returned them.
    is_own_download : bool
        Whether the download is code of this package, so that its checksum is right.
    """

    def __init__(self, content: ContentStore, folder: Path, tasks: list[Row], *, is_own_download: bool) -> None:
        self._content, self._folder, self._tasks = content, folder, tasks
        self._downloads = {
            entry["file"]: entry
            for entry in tasks[0]["kwargs"]["aero"]["output_data"].values()
            if is_own_download and entry.get("file_state")
        }
        self._called_at = 0

    def facts(self, aero: Row, *, has_own_folders: bool) -> Row:
        """Return what a function must know about the store on its machine.

        Parameters
        ----------
        aero : dict
            The inputs and outputs of the run, as the store records them.
        has_own_folders : bool
            Whether each task of the run has a folder of its own.
        """
        collection, own = self._content.collection, aero["output_data"].values()
        # Where the tasks share a folder, the file of one task may be overwritten by the next one.
        is_apart = has_own_folders or len(self._tasks) == 1
        is_taken = is_apart and all(entry["collection_uuid"] == collection for entry in own)
        for entry in self._downloads.values():
            _, size, _, changed = entry["file_state"]
            age = time.time() - changed / 1e9
            if size > _SMALL_FILE_BYTES and 0 <= age < _TIMESTAMP_SECONDS:
                time.sleep(_TIMESTAMP_SECONDS - age)
        self._called_at = time.time_ns()
        return {"takes_over_files": is_taken, "stored_files": self._stored_files(aero["input_data"])}

    def _stored_files(self, inputs: Mapping[str, Row]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, entry in self._tasks[0]["kwargs"]["aero"].get("input_data", {}).items():
            file, own = entry.get("file_bn"), inputs.get(name, {})
            if own.get("collection_uuid") != self._content.collection or own.get("fetch") is False:
                continue
            if isinstance(file, str) and (checksum := self._content.checksum_of_version(own["id"], file)) is not None:
                found[file] = str(self._content.plain_path(checksum, self._folder))
                types = self._content.checksum_of_file(file + TYPES_SUFFIX) if file.endswith(TYPED_CSV) else None
                if types is not None:
                    found[file + TYPES_SUFFIX] = str(self._content.plain_path(types, self._folder))
        return found

    def with_checksums(self, kwargs: Row) -> Row:
        """Return the result of a function with the checksums of its files; its process has ended.

        Raises
        ------
        RequestError
            If a file is not a file of this run.
        """
        aero = kwargs["aero"]
        outputs = {name: self._described(name, entry) for name, entry in aero["output_data"].items()}
        return {**kwargs, "aero": {**aero, "output_data": outputs}}

    def _described(self, name: str, entry: Row) -> Row:
        files = entry.get("files")
        if files is None:
            return entry
        if not isinstance(files, dict) or entry.get("file_bn") not in files:
            raise RequestError(422, f"Output {name} names no file that can be stored.")
        described = {stored_as: self._measured(name, stored_as, path) for stored_as, path in files.items()}
        main = described[entry["file_bn"]]
        return {**entry, "files": described, "checksum": main["checksum"], "size": main["size"]}

    def _measured(self, name: str, stored_as: str, path: Any) -> Row:
        """Return the checksum of a file that is on disk then, and its state for `take_over_files`."""
        self._content.require(self._content.collection, stored_as)
        if not isinstance(path, str) or Path(path).parent.resolve() != self._folder.resolve():
            raise RequestError(422, f"Output {name} is not in the folder of its run.")
        file = Path(path)
        facts = file.lstat() if os.path.lexists(file) else None
        if facts is None or not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
            raise RequestError(422, f"Output {name} is not a regular file.")
        checksum = self._downloaded_checksum(path) or hash_of(file, "sha256")
        file.chmod(0o600)
        flush_file(file)
        return {"path": path, "checksum": checksum, "size": facts.st_size, "state": state_of_file(path)}

    def _downloaded_checksum(self, path: str) -> str | None:
        """Return the checksum of a download that the function has not changed."""
        entry = self._downloads.get(path)
        if entry is None or state_of_file(path) != entry["file_state"]:
            return None
        is_settled = entry["file_state"][-1] / 1e9 + _TIMESTAMP_SECONDS <= self._called_at / 1e9
        return str(entry["checksum"]) if is_settled else None


def take_over_files(content: ContentStore, results: list[Row]) -> None:
    """Move the files of a run into the store; a repeated call changes nothing.

    Raises
    ------
    RequestError
        If a file has changed since its checksum was computed.
    """
    for kwargs in results:
        for entry in kwargs["aero"]["output_data"].values():
            # The file of the table comes last: a version never lacks the files that its name promises.
            for stored_as, file in (entry.get("files") or {}).items():
                if not is_stored(content.folder, file["checksum"]) and (
                    not os.path.exists(file["path"]) or state_of_file(file["path"]) != file["state"]
                ):
                    raise RequestError(
                        409,
                        f"The file {stored_as} has changed since the function ended, or is missing. Run the flow again.",
                    )
                content.publish(content.collection, stored_as, Path(file["path"]), file["checksum"], file["size"])
