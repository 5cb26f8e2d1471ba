"""Alignment of inputs: whether they come from the same versions of common ancestors, and the newest that do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from aero_jupyter.service.catalogue.alignment_search import Candidates, Origins, intersect_origins, newest_combination
from aero_jupyter.service.storage.connection import DB, Row

#: Number of versions of an input that are looked at first; more only if none of them are aligned.
_VERSIONS = 50

_KNOWN = "SELECT v.id, v.data_id, v.version FROM json_each(?) j JOIN version v ON v.id = j.value"
_MADE = (
    "SELECT p.seq, p.id, m.version_id FROM json_each(?) j JOIN prov_made m ON m.version_id = j.value "
    "JOIN prov p ON p.id = m.prov_id"
)
_USED = (
    "SELECT u.prov_id, v.id FROM json_each(?) j JOIN prov_used u ON u.prov_id = j.value "
    "JOIN version v ON v.id = u.version_id"
)


def origins_of(db: DB, version_ids: Iterable[str]) -> dict[str, Origins]:
    """Return the origins of versions, by id.

    A run that finds its result unchanged confirms the version for the inputs it used. Each run that created or
    confirmed a version is one derivation. A version agrees with the origins of any of its derivations.
    """
    versions, ways = _history(db, version_ids)
    found: dict[str, Origins] = {id: {} for id in versions}
    changed = True
    while changed:
        changed = False
        for made, used in ways:
            agreed = intersect_origins([{**found[id], versions[id][0]: frozenset((versions[id][1],))} for id in used])
            for data_id, numbers in agreed.items():
                known = found[made].get(data_id)
                if known is None or not numbers <= known:
                    found[made] = {**found[made], data_id: (known or frozenset()) | numbers}
                    changed = True
    return found


def _history(db: DB, version_ids: Iterable[str]) -> tuple[dict[str, tuple[str, int]], list[tuple[str, list[str]]]]:
    """Return the versions that led to some, and for each run the version that it made and those that it used."""
    versions: dict[str, tuple[str, int]] = {}
    used: dict[str, list[str]] = {}
    made: set[tuple[int, str, str]] = set()
    edge = set(version_ids)
    while edge:
        found = json.dumps(sorted(edge))
        versions |= {row["id"]: (row["data_id"], row["version"]) for row in db.rows(_KNOWN, (found,))}
        records = [(row["seq"], row["version_id"], row["id"]) for row in db.rows(_MADE, (found,))]
        made |= set(records)
        new = {id: list[str]() for _, _, id in records if id not in used}
        for row in db.rows(_USED, (json.dumps(sorted(new)),)):
            new[row["prov_id"]].append(row["id"])
        used |= new
        edge = {id for ids in new.values() for id in ids} - versions.keys()
    return versions, [(version, used[record]) for _, version, record in sorted(made) if version in versions]


def mixed(db: DB, inputs: Sequence[Row]) -> str | None:
    """Return a sentence about inputs of a run that come from different versions of one dataset, or None.

    Parameters
    ----------
    inputs : sequence of dict
        ``data_id`` and ``version`` of each input.
    """
    found = _versions_of(db, inputs)
    if len(found) < 2:
        return None
    origins = origins_of(db, (row["id"] for row in found))
    own = {row["id"]: {**origins[row["id"]], row["data_id"]: frozenset((row["version"],))} for row in found}
    shared = {data_id for data_id, numbers in intersect_origins(list(own.values())).items() if not numbers}
    if not shared:
        return None
    # The nearest ancestor is the most helpful; datasets are created after their ancestors.
    nearest = max(shared, key=lambda data_id: int(db.value("SELECT seq FROM data WHERE id = ?", (data_id,)) or 0))
    ancestor = db.value("SELECT name FROM data WHERE id = ?", (nearest,))
    parts = [_part(row, own[row["id"]][nearest], nearest, ancestor) for row in found if nearest in own[row["id"]]]
    return ", ".join(parts)


def _part(row: Row, numbers: frozenset[int], nearest: str, ancestor: str) -> str:
    if row["data_id"] == nearest:
        return f"{row['name']} is at v{row['version']}"
    origin = f"{ancestor} v{max(numbers)}" if numbers else f"several versions of {ancestor}"
    return f"{row['name']} is from {origin}"


def _versions_of(db: DB, inputs: Sequence[Row]) -> list[Row]:
    sql = (
        "SELECT v.id, v.data_id, v.version, d.name FROM version v JOIN data d ON d.id = v.data_id "
        "WHERE v.data_id = ? AND v.version = ?"
    )
    rows = [db.row(sql, (each["data_id"], each["version"])) for each in inputs]
    return list({row["id"]: row for row in rows if row is not None}.values())


def newest_aligned(db: DB, flow_id: str) -> dict[str, int] | None:
    """Return the newest versions, by dataset, on which an aligned flow must run; None if the flow must not run.

    The versions agree on every common ancestor, and none is older than the version used last. Each version is newer, or
    agrees with the others on a newer version of an ancestor because a run found it unchanged.
    """
    sql = "SELECT DISTINCT data_id, used FROM flow_input WHERE flow_id = ? ORDER BY data_id"
    inputs = db.rows(sql, (flow_id,))
    limit = _VERSIONS
    while True:
        choices = [_newest(db, each, limit) for each in inputs]
        if not choices or not all(choices):
            return None
        picked = newest_combination(_candidates(db, inputs, choices))
        if picked is not None:
            return {each["data_id"]: number for each, number in zip(inputs, picked, strict=True)}
        if all(len(several) < limit for several in choices):
            return None
        limit *= 8


def _newest(db: DB, one: Row, limit: int) -> list[Row]:
    """Return the newest versions of an input that are not older than the one used last, and that one."""
    newer = (
        "SELECT id, version FROM version WHERE data_id = ? AND version > ? AND as_of IS NULL AND removed_at IS NULL "
    )
    newer += "ORDER BY version DESC LIMIT ?"
    last = "SELECT id, version FROM version WHERE data_id = ? AND version = ?"
    return db.rows(newer, (one["data_id"], one["used"], limit)) + db.rows(last, (one["data_id"], one["used"]))


def _candidates(db: DB, inputs: Sequence[Row], choices: Sequence[Sequence[Row]]) -> list[Candidates]:
    origins = origins_of(db, (row["id"] for several in choices for row in several))
    return [
        Candidates(
            each["used"],
            {row["version"]: {**origins[row["id"]], each["data_id"]: frozenset((row["version"],))} for row in several},
        )
        for each, several in zip(inputs, choices, strict=True)
    ]
