"""Versions that are not the newest are stored as differences; their bytes stay the same, whatever happens when."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.bare_store import Home, daily

from aero_jupyter.service.maintenance import backup, garbage
from aero_jupyter.service.maintenance.integrity import violations
from aero_jupyter.service.maintenance.rebuild import rebuild
from aero_jupyter.service.storage import compact_form, compaction, stored_content
from aero_jupyter.service.storage.compaction import Compaction, base_distance


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    yield made
    made.store.close()


def disk_bytes(home: Home) -> int:
    return sum(path.stat().st_size for path in (home.folder / "content").glob("*/*"))


def test_a_year_of_daily_versions_takes_a_few_times_the_newest(home: Home) -> None:
    data, bodies = home.dataset("cases"), daily(30, rows=1_500)
    sums = [home.commit(data, body) for body in bodies]
    home.compact()
    assert disk_bytes(home) < 3 * len(bodies[-1])
    assert [home.read(checksum) for checksum in sums] == bodies
    assert home.read(sums[5], 100, 2_000) == bodies[5][100:2_000]
    assert home.forms(sums[-1]) == (True, False)
    assert all(home.forms(checksum) == (False, True) for checksum in sums[:-1])
    assert violations(home.folder) == []


def test_a_chain_has_at_most_nine_steps() -> None:
    def steps(index: int) -> int:
        distance = base_distance(index)
        return 1 + steps(index - distance) if distance else 0

    assert max(map(steps, range(2_000))) == 9
    assert all(steps(index) == 0 for index in range(0, 2_000, 128))


def test_content_of_several_pieces_is_read_from_any_position(home: Home) -> None:
    data = home.dataset("large")
    bodies = [random.Random(1).randbytes(3_500_000)]
    for seed in range(2):
        at = random.Random(seed).randrange(len(bodies[-1]))
        bodies.append(bodies[-1][:at] + b"rows in between" * 1_000 + bodies[-1][at:])
    sums = [home.commit(data, body) for body in bodies]
    home.compact()
    # Random bytes cannot be compressed, but the second version is a difference from the first.
    assert [home.forms(checksum) for checksum in sums] == [(True, False), (False, True), (True, False)]
    for start in (0, 1_048_570, 2_097_152, 3_499_990):
        assert home.read(sums[1], start, start + 20) == bodies[1][start : start + 20]
    assert home.read(sums[1]) == bodies[1]


def test_the_beginning_of_a_large_content_decides_whether_it_pays(home: Home) -> None:
    data = home.dataset("noise")
    noise = random.Random(1).randbytes(17 << 20)
    first = home.commit(data, noise + bytes(80 << 20))
    home.commit(data, b"next\n")
    home.compact()
    assert home.forms(first) == (True, False)
    assert not list((home.folder / "tmp").iterdir())


def test_what_is_read_in_place_stays_as_it_is(home: Home) -> None:
    data, other, bodies = home.dataset("cases"), home.dataset("copy"), daily(3)
    sums = [home.commit(data, body) for body in bodies]
    home.commit(other, bodies[0])
    home.compact()
    assert home.forms(sums[0]) == (True, False)
    assert home.forms(sums[1]) == (False, True)


def test_a_reader_is_not_disturbed_by_compaction(home: Home) -> None:
    data, bodies = home.dataset("cases"), daily(2)
    first = home.commit(data, bodies[0])
    home.commit(data, bodies[1])
    with home.content.open(first, 0, len(bodies[0])) as reader:
        begun = reader.read(1_000)
        home.compact()
        assert home.forms(first) == (False, True)
        assert begun + reader.read() == bodies[0]


def test_old_content_that_comes_back_is_read_as_it_is(home: Home) -> None:
    data, bodies = home.dataset("cases"), daily(3)
    first, *_ = (home.commit(data, body) for body in bodies)
    home.compact()
    home.commit(data, bodies[0])
    assert home.forms(first) == (True, True)
    assert home.read(first) == bodies[0]
    home.commit(data, bodies[2])
    home.compact()
    assert home.forms(first) == (False, True)
    assert violations(home.folder) == []


#: The calls of the compaction of one version at which the process may end, before and after each of them.
STEPS = (
    (compaction, "write_compact_form"),
    (compaction, "flush_file"),
    (compaction, "hash_of_stored"),
    (compaction, "record_compact_form"),
    (compaction, "must_be_plain"),
    (Path, "replace"),
    (Path, "unlink"),
)


class Killed(BaseException):
    """The end of the process."""


def _killed(call: Callable[..., object], *, is_after: bool) -> Callable[..., object]:
    def end(*args: object, **kwargs: object) -> object:
        if is_after:
            call(*args, **kwargs)
        raise Killed

    return end


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", range(len(STEPS)), ids=[name for _, name in STEPS])
def test_a_crash_at_any_step_loses_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch, step: int, is_after: bool
) -> None:
    owner, name = STEPS[step]
    data, bodies = home.dataset("cases"), daily(6)
    sums = [home.commit(data, body) for body in bodies]
    work = Compaction(home.store, home.folder)
    work.step()
    monkeypatch.setattr(owner, name, _killed(getattr(owner, name), is_after=is_after))
    with pytest.raises(Killed):
        work.step()
    monkeypatch.undo()
    home.store.close()
    again = Home(home.folder)
    assert [again.read(checksum) for checksum in sums] == bodies
    assert violations(home.folder) == []
    again.compact()
    assert [again.read(checksum) for checksum in sums] == bodies
    assert all(again.forms(checksum) == (False, True) for checksum in sums[:-1])
    assert list((home.folder / "tmp").iterdir()) == []
    assert violations(home.folder) == []
    again.store.close()


def test_a_form_that_is_decoded_to_something_else_never_replaces_the_content(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, bodies = home.dataset("cases"), daily(2)
    first = home.commit(data, bodies[0])
    home.commit(data, bodies[1])
    monkeypatch.setattr(compact_form, "_encode", lambda piece, base, size: b"no frame")
    home.compact()
    assert home.forms(first) == (True, False)
    assert home.read(first) == bodies[0]


def test_a_damaged_form_is_found_and_refused(home: Home) -> None:
    data, bodies = home.dataset("cases"), daily(4)
    sums = [home.commit(data, body) for body in bodies]
    home.compact()
    path = stored_content.compact_path_of(home.folder / "content", sums[0])
    whole = path.read_bytes()
    path.write_bytes(bytes(100) + whole[100:])
    assert any("cannot be decoded" in sentence for sentence in violations(home.folder))
    path.write_bytes(whole[:-1])
    assert any("cannot be decoded" in sentence for sentence in violations(home.folder))
    path.unlink()
    found = violations(home.folder)
    assert f"The content {sums[0]} is missing." in found
    assert f"The content {sums[1]} was encoded against a content that is missing." in found


def test_a_backup_holds_the_compact_forms_and_is_restored(home: Home, tmp_path: Path) -> None:
    data, bodies = home.dataset("cases"), daily(12, rows=3_000)
    sums = [home.commit(data, body) for body in bodies]
    home.compact()
    file, target = tmp_path / "kept.tar", tmp_path / "restored"
    assert backup.backup(home.folder, file) == len(sums)
    assert file.stat().st_size < sum(map(len, bodies)) / 2
    assert backup.restore(target, file) == len(sums)
    restored = Home(target)
    assert [restored.read(checksum) for checksum in sums] == bodies
    assert violations(target) == []
    restored.store.close()


def test_a_store_that_is_lost_is_rebuilt_from_the_compact_forms(home: Home) -> None:
    data, bodies = home.dataset("cases"), daily(5)
    sums = [home.commit(data, body) for body in bodies]
    home.compact()
    home.store.close()
    for path in home.folder.glob("aero.db*"):
        path.unlink()
    assert rebuild(home.folder).made == len(bodies)
    again = Home(home.folder)
    assert [again.read(checksum) for checksum in sums] == bodies
    assert violations(home.folder) == []
    again.store.close()


def test_garbage_collection_keeps_what_a_kept_content_is_decoded_with(home: Home) -> None:
    data, bodies = home.dataset("cases"), daily(4)
    sums = [home.commit(data, body) for body in bodies]
    home.compact()
    with home.store.transaction() as db:
        db.run("DELETE FROM file WHERE checksum IN (?, ?)", sums[:2])
        db.run("UPDATE version SET removed_at = created_at WHERE version < 3")
    garbage.gc(home.folder, fresh=-60)
    assert [home.read(checksum) for checksum in sums[2:]] == bodies[2:]
    assert home.forms(sums[0]) == (False, True)
    assert violations(home.folder) == []


EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), st.integers(0, 1), st.integers(0, 30)),
        st.tuples(st.sampled_from(["compact", "gc", "backup", "reopen"]), st.just(0), st.just(0)),
    ),
    min_size=3,
    max_size=25,
)


@settings(max_examples=10, deadline=None)
@given(edits=EDITS)
def test_every_version_is_read_as_it_was_committed(edits: list[tuple[str, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "home"
        first.mkdir()
        home = Home(first)
        datasets = [home.dataset("one"), home.dataset("two")]
        bodies, known = daily(31, rows=300), dict[str, bytes]()
        for number, (what, at, day) in enumerate(edits):
            if what == "commit":
                known[home.commit(datasets[at], bodies[day])] = bodies[day]
            elif what == "compact":
                home.compact()
            elif what == "gc":
                garbage.gc(home.folder, fresh=-60)
            elif what == "reopen":
                home.store.close()
                home = Home(home.folder)
            else:
                backup.backup(home.folder, Path(folder) / f"{number}.tar")
                home.store.close()
                backup.restore(Path(folder) / f"restored-{number}", Path(folder) / f"{number}.tar")
                home = Home(Path(folder) / f"restored-{number}")
        assert {checksum: home.read(checksum) for checksum in known} == known
        assert violations(home.folder) == []
        home.store.close()
