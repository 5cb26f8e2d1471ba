"""A replay whose results are stored as versions that stand for the instants of its calls."""

from __future__ import annotations

import pytest
from support.local_server import LocalAeroServer

import aero_jupyter
from aero_jupyter.client.methods.backfill import OutputFile
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.check_grammar import parse_check
from aero_jupyter.core.errors import ClientError, InvalidArgument
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.jobs.typed_csv import TYPED_CSV
from aero_jupyter.service.maintenance.integrity import violations

CASES, OUTPUT, REPORT = "backfilled cases", "backfilled total", "backfilled report"
TEXT = (
    "import pandas as pd\ndef backfilled(cases: pd.DataFrame):\n"
    "    return pd.DataFrame({'total': [int(cases['count'].sum())], 'day': pd.to_datetime(['2026-01-05'])})\n"
)
COPY = "import pandas as pd\ndef backfilled_report(x: pd.DataFrame):\n    return x\n"


@pytest.fixture(scope="module")
def add_vintage(aero):
    """Return a function that adds a vintage of the cases."""
    server = LocalAeroServer(aero)
    cases = server.add_data(CASES)
    return lambda count: server.add_version(cases, f"geo,count\nA,{count}\n".encode())


@pytest.fixture(scope="module")
def session(add_vintage):
    """Return an AERO with four vintages; the flow and the one after it were registered on the last."""
    session = aero_jupyter.local()
    for number in range(1, 5):
        add_vintage(number)
    for text, name, output, inputs in (
        (TEXT, "backfilled", OUTPUT, {"cases": CASES}),
        (COPY, "backfilled_report", REPORT, {"x": OUTPUT}),
    ):
        flow = session.register(portable(text, name), inputs=inputs, outputs=[output], policy=PolicyEnum.ANY)
        session.client.wait_for_version(flow.outputs[0].id, 1, 120)
    return session


def versions_of(session, name):
    return session.client.versions(session.client.resolve_data(name).id)


def violations_here(session):
    """Return the violations of the datasets and flows of this file; other files leave flows that never ran."""
    names = (CASES, OUTPUT, REPORT)
    ids = {session.client.resolve_data(name).id for name in names}
    ids |= {session.client.resolve_flow(name).id for name in ("backfilled", "backfilled_report")}
    return [each for each in violations(session.home) if any(id in each for id in ids)]


def test_results_are_stored_for_their_instants_and_ordinary_versions_stay_apart(session) -> None:
    vintages = versions_of(session, CASES)
    runs_before = session.client.list("run").all()
    found = aero_jupyter.replay("backfilled", CASES, commit=True)
    assert found.committed["version"].tolist() == [1, 2, 3, 4]
    assert found.committed["output_version"].tolist() == [2, 3, 4, 5]
    assert "4 stored as versions" in repr(found)
    versions = versions_of(session, OUTPUT)
    assert [version.version for version in versions] == [2, 3, 4, 5, 1]
    assert [version.as_of for version in versions] == [*(each.created_at for each in vintages), None]
    # The newest version is the ordinary one, and nothing ran on the others.
    assert session.client.resolve_data(OUTPUT).newest_version == 1
    assert aero_jupyter.read(OUTPUT).attrs["aero"]["version"] == 1
    assert [run.id for run in session.client.list("run").all()] == [run.id for run in runs_before]
    assert [version.version for version in versions_of(session, REPORT)] == [1]
    for number, vintage in enumerate(vintages, 1):
        frame = aero_jupyter.read(OUTPUT, as_of=vintage.created_at)
        assert frame["total"].tolist() == [number]
        assert str(frame["day"].dtype).startswith("datetime64")
        lineage = session.client.lineage(versions[0].data_id, number + 1)
        link = next(link for link in lineage.links if number + 1 in {made.version for made in link.made})
        assert [(used.data_id, used.version) for used in link.used] == [(vintage.data_id, number)]
    archive = aero_jupyter.archive(OUTPUT, keys=["day"], time="day")
    assert archive.series({"day": "2026-01-05"})["total"].tolist()[:4] == [1, 2, 3, 4]
    assert violations_here(session) == []


def test_a_result_is_stored_once_and_the_next_ordinary_version_is_the_newest(session, add_vintage) -> None:
    before = versions_of(session, OUTPUT)
    again = aero_jupyter.replay("backfilled", CASES, [2, 3], commit=True)
    assert again.committed["output_version"].tolist() == [3, 4]
    assert versions_of(session, OUTPUT) == before
    add_vintage(50)
    data = session.client.resolve_data(OUTPUT)
    session.client.wait_for_version(data.id, 6, 120)
    assert session.client.resolve_data(OUTPUT).newest_version == 6
    assert aero_jupyter.read(OUTPUT)["total"].tolist() == [50]
    assert violations_here(session) == []


def test_equal_bytes_with_other_column_types_are_another_version(session) -> None:
    flow, output = session.client.resolve_flow("backfilled"), session.client.resolve_data(OUTPUT)
    vintage = versions_of(session, CASES)[0]
    used = {"cases": (vintage.data_id, vintage.version)}

    def stored(types: bytes) -> int:
        file = OutputFile(f"x{TYPED_CSV}", b"total,day\n1,2026-01-05\n", "utf-8", types)
        return session.client.commit_as_of(flow.id, output, file, used, vintage.created_at).version

    first = stored(b'{"total": "int64"}')
    assert stored(b'{"total": "int64"}') == first
    assert stored(b'{"total": "string"}') > first


def test_what_cannot_be_stored_is_refused_before_anything_runs(session) -> None:
    flow = session.client.resolve_flow("backfilled")
    with pytest.raises(InvalidArgument, match="made with the flow's own arguments"):
        aero_jupyter.replay(flow, CASES, kwargs={}, commit=True)
    checked = portable(
        TEXT.replace("backfilled", "backfilled_checked"), "backfilled_checked", checks=[parse_check("total > 0")]
    )
    session.register(checked, inputs={"cases": CASES}, outputs=["backfilled checked"], policy=PolicyEnum.NONE)
    with pytest.raises(InvalidArgument, match="has checks, which a replay does not run"):
        aero_jupyter.replay("backfilled_checked", CASES, commit=True)
    output, cases = session.client.resolve_data(OUTPUT), versions_of(session, CASES)
    used, time = {"cases": (cases[0].data_id, 2)}, cases[0].created_at
    for entries, as_of, message in (
        (used, time, "names version 2, which was made at"),
        ({}, time.replace(year=2999), "is in the future"),
    ):
        with pytest.raises(ClientError, match=message):
            session.client.commit_as_of(flow.id, output, OutputFile("x.csv", b"n\n1\n"), entries, as_of)
