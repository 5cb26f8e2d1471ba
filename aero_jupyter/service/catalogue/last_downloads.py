"""The last download of a flow, so that the next one downloads only changes."""

from __future__ import annotations

from aero_jupyter.service.storage.connection import DB, Row


def last_download(db: DB, flow_id: str) -> Row | None:
    """Return what a flow downloaded last and the versions created from it, so that only changes are downloaded."""
    rows = db.rows(
        "SELECT o.name, o.etag, o.modified, o.url, v.checksum, v.file_name, v.file_type, v.size, v.encoding "
        "FROM flow_output o JOIN data d ON d.id = o.data_id "
        "LEFT JOIN version v ON v.data_id = d.id AND v.version = d.newest WHERE o.flow_id = ?",
        (flow_id,),
    )
    marks = next(((row["etag"], row["modified"]) for row in rows if row["url"]), (None, None))
    if not any(marks) or not all(row["file_name"] for row in rows):
        return None
    newest = {
        row["name"]: {
            "checksum": row["checksum"],
            "file_bn": row["file_name"],
            "file_format": row["file_type"],
            "size": row["size"],
            "encoding": row["encoding"],
        }
        for row in rows
    }
    validators = {"etag": marks[0], "last_modified": marks[1]}
    return {"marks": {name: mark for name, mark in validators.items() if mark}, "newest": newest}
