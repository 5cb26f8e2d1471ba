"""Runs whose inputs come from different versions of one ancestor are marked, and aligned flows never run on them."""

import random
import uuid

import pytest

from aero_jupyter.service.catalogue import commits, flows
from aero_jupyter.service.catalogue.dataset_rows import add_data
from aero_jupyter.service.catalogue.input_alignment import mixed
from aero_jupyter.service.catalogue.runs import Runs
from aero_jupyter.service.catalogue.serializers import CatalogueRecords
from aero_jupyter.service.storage.connection import RequestError, stamp
from aero_jupyter.service.storage.database import Store

ALL, ANY = 3, 2


class Diamond:
    """A store of its own, whose runs are done by hand: in any order, with new results, unchanged ones or none."""

    def __init__(self, home):
        self.store = Store(home / "aero.db")
        self.runs = Runs(CatalogueRecords(self.store, "http://127.0.0.1/"), home)
        self.sent = 0
        self.function = str(uuid.uuid4())
        with self.store.transaction() as db:
            row = {"name": "f", "code": "def f(): pass", "serialized": 0, "created_at": stamp()}
            db.insert("function", id=self.function, **row)

    def data(self, name):
        # A remote collection, so that no content is needed.
        with self.store.transaction() as db:
            return add_data(db, name, {"collection_uuid": "elsewhere", "collection_url": "https://x.example/"})

    def flow(self, inputs, output, rule=ANY, **values):
        body = {
            "gc_endpoint": self.store.endpoint, "function_uuid": self.function, "pull_function_uuid": None,
            "commit_function_uuid": None, "description": None, "email": None, "tags": [], "timer": 86_400, "rule": rule,
            "flow_kwargs": {"n": str(uuid.uuid4())}, "output_data": {"made": {"id": output}},
            "input_data": {f"p{number}": {"id": id, "version": None} for number, id in enumerate(inputs)},
        }  # fmt: skip
        return flows.register(self.store, {**body, **values})[0]

    def commits(self, flow_id, data_id, checksum=None, run=None):
        """Commit a result as a run does; of a run, with the versions it read."""
        self.sent += 1
        made = {"id": data_id, "file_bn": f"{self.sent}", "file_format": "csv", "size": 1}
        inputs = self.store.db.rows("SELECT * FROM run_input WHERE run_id = ?", (run,))
        made["checksum"] = checksum or f"{self.sent}"
        body = {
            "flow_id": flow_id, "run_id": run, "output_data": {"made": made},
            "input_data": {row["parameter"]: {"id": row["data_id"], "version": row["version"]} for row in inputs},
        }  # fmt: skip
        commits.commit(self.store, body)

    def claim(self):
        run = self.runs.claim()
        return run and self.store.db.row("SELECT * FROM run WHERE id = ?", (run["id"],))

    def does(self, run, how="new"):
        """Do a claimed run: with a new result, an unchanged one, or none because it fails."""
        made = self.store.db.row(
            "SELECT d.* FROM flow_output o JOIN data d ON d.id = o.data_id WHERE o.flow_id = ?", (run["flow_id"],)
        )
        same = "SELECT checksum FROM version WHERE data_id = ? AND version = ?"
        if how != "failed":
            checksum = self.store.db.value(same, (made["id"], made["newest"])) if how == "unchanged" else None
            self.commits(run["flow_id"], made["id"], checksum, run["id"])
        self.runs.end(run["id"], "failed" if how == "failed" else "done")

    def inputs(self, run):
        sql = "SELECT d.name, r.version FROM run_input r JOIN data d ON d.id = r.data_id WHERE run_id = ?"
        return {row["name"]: row["version"] for row in self.store.db.rows(sql, (run["id"],))}


@pytest.fixture
def diamond(tmp_path):
    return Diamond(tmp_path)


def built(diamond, rule=ANY, **values):
    """Build a -> b, a -> c, both -> d; return a function that makes a new version of a, and the flows."""
    a, b, c, d = (diamond.data(name) for name in "abcd")
    first = diamond.flow([], a, rule=-1)
    made = {"b": diamond.flow([a], b), "c": diamond.flow([a], c)}
    made["d"] = diamond.flow([b, c], d, rule, **values)
    return (lambda: diamond.commits(first, a)), made


def claimed(diamond, of):
    """Claim what waits; return it by the name of its flow."""
    names, found = {id: name for name, id in of.items()}, {}
    while (run := diamond.claim()) is not None:
        found[names[run["flow_id"]]] = run
    return found


def test_a_run_on_inputs_from_different_versions_of_their_source_says_which(diamond):
    new, of = built(diamond)
    new()
    runs = claimed(diamond, of)
    diamond.does(runs["b"])
    diamond.does(runs["c"])
    run = claimed(diamond, of)["d"]
    assert run["mixed"] is None
    diamond.does(run)
    new()
    diamond.does(claimed(diamond, of)["b"])
    run = claimed(diamond, of)["d"]
    assert run["mixed"] == "b is from a v2, c is from a v1"
    assert diamond.runs.detail(run["id"])["mixed"] == run["mixed"]
    diamond.does(run)
    prov = diamond.store.db.row("SELECT * FROM prov WHERE run_id = ?", (run["id"],))
    assert CatalogueRecords(diamond.store, "").prov_out(prov)["mixed"] == run["mixed"]


def test_a_source_beside_its_own_result_is_mixed_where_the_result_is_older(diamond):
    a, b, c = (diamond.data(name) for name in "abc")
    first = diamond.flow([], a, rule=-1)
    of = {"b": diamond.flow([a], b), "c": diamond.flow([a, b], c)}
    diamond.commits(first, a)
    diamond.does(claimed(diamond, of)["b"])
    run = claimed(diamond, of)["c"]
    assert run["mixed"] is None
    diamond.does(run)
    diamond.commits(first, a)
    assert claimed(diamond, of)["c"]["mixed"] == "a is at v2, b is from a v1"


def test_an_unchanged_result_counts_for_the_version_that_confirmed_it(diamond):
    new, of = built(diamond, ALL, aligned=True)
    new()
    for how in ("new", "unchanged"):
        runs = claimed(diamond, of)
        diamond.does(runs["b"])
        diamond.does(runs["c"], how)
        run = claimed(diamond, of)["d"]
        assert run["mixed"] is None
        diamond.does(run)
        new()
    assert diamond.inputs(run) == {"b": 2, "c": 1}


def test_an_aligned_run_reads_what_was_aligned_although_an_input_changes_before_it_starts(diamond):
    new, of = built(diamond, ALL, aligned=True)
    new()
    runs = claimed(diamond, of)
    new()
    diamond.does(runs["b"])
    diamond.does(runs["c"])
    later = diamond.store.db.rows("SELECT * FROM run WHERE state = 'queued' AND flow_id = ?", (of["b"],))
    assert len(later) == 1
    diamond.runs.enter_step(later[0]["id"], "pulling")
    run = claimed(diamond, of)
    diamond.does(run["b"])
    assert diamond.inputs(run["d"]) == {"b": 1, "c": 1}
    diamond.does(run["d"])
    assert "d" not in claimed(diamond, of)
    diamond.does(run["c"])
    run = claimed(diamond, of)["d"]
    assert diamond.inputs(run) == {"b": 2, "c": 2}


def test_aligned_is_refused_where_it_cannot_be_meant(diamond):
    a, b = diamond.data("a"), diamond.data("b")
    with pytest.raises(RequestError, match="policy ALL"):
        diamond.flow([a], b, ANY, aligned=True)
    with pytest.raises(RequestError, match="is pinned to one version"):
        diamond.flow([], b, ALL, aligned=True, input_data={"p": {"id": a, "version": 1}})


def test_an_aligned_flow_that_is_started_by_hand_waits_for_aligned_inputs(diamond):
    new, of = built(diamond, ALL, aligned=True)
    new()
    runs = claimed(diamond, of)
    diamond.does(runs["c"], "failed")
    diamond.does(runs["b"])
    new()
    runs = claimed(diamond, of)
    diamond.does(runs["c"])
    with pytest.raises(RequestError, match="b is from a v1, c is from a v2"):
        diamond.runs.request_run(of["d"])
    diamond.does(runs["b"])
    run = claimed(diamond, of)["d"]
    diamond.does(run)
    assert diamond.runs.request_run(of["d"])["state"] == "queued"
    assert diamond.inputs(claimed(diamond, of)["d"]) == {"b": 2, "c": 1}


def at_random(diamond, chance):
    """Build flows in layers and an aligned flow at their end; return what makes the sources, and the aligned flow."""
    sources = [diamond.data(f"s{number}") for number in range(chance.choice((1, 1, 2)))]
    pulls = [(diamond.flow([], id, rule=-1), id) for id in sources]
    layer = list(sources)
    for number in range(chance.randint(2, 5)):
        made = diamond.data(f"m{number}")
        diamond.flow(chance.sample(layer, chance.randint(1, min(2, len(layer)))), made)
        layer.append(made)
    ends = chance.sample(layer, min(len(layer), chance.randint(2, 3)))
    return pulls, diamond.flow(ends, diamond.data("last"), ALL, aligned=True)


def turns(diamond, chance, pulls):
    """Change sources and start and end runs in random order, then end all; yield each started run."""
    running = []
    for turn in range(400):
        busy = turn < 45
        if turn == 0 or (busy and chance.random() < 0.3):
            diamond.commits(*chance.choice(pulls))
        if (run := diamond.claim()) is not None:
            running.append(run)
            yield run
        elif not busy and not running:
            return
        if running and (run is None or chance.random() < 0.6):
            how = chance.choice(("new", "new", "new", "unchanged", "failed")) if busy else "new"
            diamond.does(running.pop(chance.randrange(len(running))), how)


@pytest.mark.parametrize("seed", range(12))
def test_an_aligned_flow_never_runs_on_mixed_inputs_and_never_misses_the_last_that_agree(tmp_path, seed):
    chance = random.Random(seed)
    diamond = Diamond(tmp_path)
    pulls, last = at_random(diamond, chance)
    seen = []
    for run in turns(diamond, chance, pulls):
        if run["flow_id"] == last:
            assert run["mixed"] is None
            seen.append(diamond.inputs(run))
    newest = diamond.store.db.rows(
        "SELECT d.id AS data_id, d.name, d.newest AS version FROM flow_input i JOIN data d ON d.id = i.data_id "
        "WHERE i.flow_id = ?", (last,),
    )  # fmt: skip
    agree = all(row["version"] for row in newest) and mixed(diamond.store.db, newest) is None
    # With two unrelated sources, policy ALL waits for both.
    if agree and len(pulls) == 1:
        assert seen[-1] == {row["name"]: row["version"] for row in newest}
