"""A store without a service, whose datasets get versions from their bytes."""

from __future__ import annotations

import hashlib
import random
import uuid
from pathlib import Path

from aero_jupyter.service.catalogue.commits import add_version, insert_version
from aero_jupyter.service.catalogue.dataset_rows import add_data
from aero_jupyter.service.storage import stored_content
from aero_jupyter.service.storage.compaction import Compaction
from aero_jupyter.service.storage.content import ContentStore
from aero_jupyter.service.storage.database import Store


class Home:
    """A store without a service, whose datasets get versions from their bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store(folder / "aero.db")
        self.content = ContentStore(self.store, folder)

    def dataset(self, name: str) -> str:
        with self.store.transaction() as db:
            return add_data(db, name, {"collection_uuid": self.store.collection})

    def commit(self, data_id: str, body: bytes, *, source_key: str | None = None, as_of: str | None = None) -> str:
        """Publish and commit a version, as a run does, or as a backfill does for a time; return its checksum."""
        name, checksum = f"file-{uuid.uuid4()}", hashlib.sha256(body).hexdigest()
        part = self.folder / "tmp" / name
        part.write_bytes(body)
        entry = {"file_bn": name, "file_format": "csv", "checksum": checksum, "size": len(body)}
        entry |= {"source_key": source_key}
        with self.store.transaction() as db:
            self.content.publish(self.store.collection, name, part, checksum, len(body))
            data = db.row("SELECT * FROM data WHERE id = ?", (data_id,))
            assert data is not None
            if as_of is None:
                add_version(db, self.store, data, entry)
            else:
                insert_version(db, self.store, data, entry, as_of)
        part.unlink(missing_ok=True)
        return checksum

    def compact(self) -> None:
        work = Compaction(self.store, self.folder)
        while work.step():
            pass

    def read(self, checksum: str, start: int = 0, end: int | None = None) -> bytes:
        with self.content.open(checksum, start, 1 << 40 if end is None else end) as file:
            return file.read() if end is None else file.read(end - start)

    def forms(self, checksum: str) -> tuple[bool, bool]:
        """Return whether a content is stored as it is, and whether in its compact form."""
        folder = self.folder / "content"
        return (
            stored_content.path_of(folder, checksum).exists(),
            stored_content.compact_path_of(folder, checksum).exists(),
        )


def table(rows: int, seed: int = 0) -> list[str]:
    source = random.Random(seed)
    return [f"2026-01-{row % 28 + 1:02d},{row:05d},{source.random()}" for row in range(rows)]


def daily(days: int, rows: int = 1_000) -> list[bytes]:
    """Return the versions of a table of which 1 % changes each day, and which grows by a row."""
    source, lines, made = random.Random(1), table(rows), []
    for day in range(days):
        for row in source.sample(range(len(lines)), max(1, rows // 100)):
            lines[row] = f"{lines[row].rpartition(',')[0]},{source.random()}"
        lines.append(f"2026-02-01,{rows + day:05d},{source.random()}")
        made.append("\n".join(lines).encode())
    return made
