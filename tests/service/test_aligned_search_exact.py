"""The newest aligned versions are found however many versions came meanwhile, and in whatever combination."""

from __future__ import annotations

import itertools
import random
import uuid
from pathlib import Path

import pytest

from aero_jupyter.service.catalogue.alignment_search import Candidates, Origins, intersect_origins, newest_combination
from aero_jupyter.service.catalogue.dataset_rows import add_data
from aero_jupyter.service.catalogue.input_alignment import newest_aligned
from aero_jupyter.service.storage.connection import DB, stamp
from aero_jupyter.service.storage.database import Store


class Records:
    """A store with an aligned flow, whose versions and runs are written as rows."""

    def __init__(self, home: Path, inputs: str) -> None:
        self.store, self.counts = Store(home / "aero.db"), dict[str, int]()
        with self.store.transaction() as db:
            elsewhere = {"collection_uuid": "elsewhere", "collection_url": "https://x.example/"}
            self.data = {name: add_data(db, name, elsewhere) for name in {*"abc", *inputs}}
            db.insert(
                "flow", id="flow", function_id="f", endpoint="e", policy=3, flow_kwargs="{}", arg_hash="h",
                created_at=stamp(), aligned=1,
            )  # fmt: skip
            for name in inputs:
                db.insert("flow_input", flow_id="flow", parameter=name, data_id=self.data[name])

    def make(self, db: DB, name: str, *used: str) -> str:
        """Write a version, the run that made it, and what the run used; return the id of the version."""
        id, record = (str(uuid.uuid4()) for _ in range(2))
        number = self.counts[name] = self.counts.get(name, 0) + 1
        db.insert("version", id=id, data_id=self.data[name], version=number, checksum=id, created_at=stamp())
        db.insert("prov", id=record, flow_id="made", task=0, created_at=stamp())
        db.insert("prov_made", prov_id=record, version_id=id, is_new=1)
        for each in used:
            db.insert("prov_used", prov_id=record, version_id=each)
        return id

    def found(self) -> dict[str, int] | None:
        names = {id: name for name, id in self.data.items()}
        found = newest_aligned(self.store.db, "flow")
        return found and {names[id]: number for id, number in found.items()}


@pytest.mark.parametrize("later", [49, 60, 700])
def test_the_last_aligned_versions_are_found_behind_any_number_of_newer_ones(tmp_path: Path, later: int) -> None:
    records = Records(tmp_path, "bc")
    with records.store.transaction() as db:
        first = records.make(db, "a")
        records.make(db, "b", first)
        for _ in range(later):
            records.make(db, "b", records.make(db, "a"))
        records.make(db, "c", first)
    assert records.found() == {"b": 1, "c": 1}


def test_nothing_aligned_among_many_versions_is_said_soon(tmp_path: Path) -> None:
    records = Records(tmp_path, "bcde")
    with records.store.transaction() as db:
        sources = [records.make(db, "a") for _ in range(800)]
        for at, name in enumerate("bcde"):
            for source in sources[at * 200 : (at + 1) * 200]:
                records.make(db, name, source)
    assert records.found() is None


def test_inputs_without_a_common_source_that_a_third_one_joins_are_searched_together(tmp_path: Path) -> None:
    records = Records(tmp_path, "dez")
    with records.store.transaction() as db:
        pairs = [(records.make(db, "a"), records.make(db, "b")) for _ in range(300)]
        for one, other in pairs:
            records.make(db, "d", one)
            records.make(db, "e", other)
        records.make(db, "z", pairs[3][0], pairs[200][1])
    assert records.found() == {"d": 4, "e": 201, "z": 1}


def is_new(versions: tuple[int, ...], inputs: list[Candidates]) -> bool:
    """Return whether versions agree and are all new, by trying every pair."""
    origins = [each.origins[number] for each, number in zip(inputs, versions, strict=True)]
    newer = [number > each.used for each, number in zip(inputs, versions, strict=True)]
    fine = set[int]()
    for one, other in itertools.permutations(range(len(inputs)), 2):
        now = intersect_origins([origins[one], origins[other]])
        then = intersect_origins([inputs[one].before, inputs[other].before])
        common = {*origins[one]} & {*origins[other]}
        later = any(max(now[id], default=0) > max(then.get(id, ()), default=0) for id in common)
        if newer[one] or (newer[other] and later):
            fine.add(one)
    return any(newer) and len(fine) == len(inputs) and all(intersect_origins(origins).values())


def at_random(chance: random.Random) -> list[Candidates]:
    """Return inputs whose versions come from any versions of up to three sources."""
    inputs = []
    for at in range(chance.randint(2, 4)):
        sources, used = chance.sample("xyz", chance.randint(0, 2)), chance.choice((0, 1, 1))
        origins: dict[int, Origins] = {}
        for version in range(max(used, 1), chance.randint(2, 5)):
            several = {each: frozenset(chance.choices(range(1, 5), k=chance.choice((1, 1, 2)))) for each in sources}
            origins[version] = {**several, f"own {at}": frozenset((version,))}
        inputs.append(Candidates(used, origins))
    return inputs


@pytest.mark.parametrize("seed", range(4))
def test_the_search_finds_what_trying_all_combinations_finds(seed: int) -> None:
    chance, outcomes = random.Random(seed), set[bool]()
    for _ in range(250):
        inputs = at_random(chance)
        fitting = [each for each in itertools.product(*(one.origins for one in inputs)) if is_new(each, inputs)]
        found = newest_combination(inputs)
        outcomes.add(found is None)
        if found is None:
            assert fitting == []
        else:
            assert tuple(found) in fitting
            better = [each for each in fitting if all(new >= old for new, old in zip(each, found, strict=True))]
            assert better == [tuple(found)]
    assert outcomes == {True, False}
