"""Versions have the time at which their source was last modified, and are read by it."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from support.file_site import FileSite
from support.http_serving import serve_in_thread
from support.local_server import LocalAeroServer

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.errors import InvalidArgument, NotFound
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.session.kernel_use import kernel_use
from aero_jupyter.session.lock_in_force import LockPath

NAME = "source times"
DATES = {"Mon, 05 Jan 2026 12:00:00 GMT": b"n\n1\n", "Mon, 12 Jan 2026 12:00:00 GMT": b"n\n2\n"}


@pytest.fixture(scope="module")
def client(aero):
    """Return a client of an AERO with two versions, whose source was modified in January 2026."""
    session = aero_jupyter.local()
    function = portable("def take_dated(raw):\n    return raw\n", source_parameter="raw")
    with serve_in_thread(FileSite()) as site:
        for number, (date, content) in enumerate(DATES.items(), 1):
            site.content, site.extra_headers = content, {"Last-Modified": date}
            if number == 1:
                flow = session.register(
                    function, outputs=[NAME], source=site.url, policy=PolicyEnum.INGESTION, timer=86400
                )
            else:
                session.client.run_flow(flow.id)
            session.client.wait_for_version(flow.outputs[0].id, number, 120)
    return session.client


def test_a_version_has_the_time_of_its_source(client) -> None:
    versions = client.versions(client.resolve_data(NAME).id)
    assert [version.source_time for version in versions] == [
        dt.datetime(2026, 1, day, 12, tzinfo=dt.timezone.utc) for day in (5, 12)
    ]
    assert all(version.created_at > version.source_time for version in versions)
    assert client.latest(versions[0].data_id).source_time == versions[1].source_time


def test_a_version_is_read_by_the_time_of_its_source(client) -> None:
    for as_of, number in (("2026-01-05", 1), ("2026-01-12T11:59:59Z", 1), ("2026-01-12T12:00:00Z", 2)):
        frame = aero_jupyter.read(NAME, as_of=as_of, by="source")
        assert frame.attrs["aero"]["version"] == number
        assert frame["n"].tolist() == [number]
    with pytest.raises(NotFound, match="no version as of 2026-01-05;"):
        aero_jupyter.read(NAME, as_of="2026-01-05")


def test_what_is_not_known_by_the_source_is_refused(client, aero) -> None:
    with pytest.raises(NotFound, match="the source of version 1 was modified at 2026-01-05 12:00:00 UTC") as error:
        aero_jupyter.read(NAME, as_of="2026-01-04", by="source")
    assert error.value.cure == f"Read the first version: {NAME}@1"
    with pytest.raises(InvalidArgument, match="by=source needs a time"):
        aero_jupyter.read(NAME, by="source")
    server = LocalAeroServer(aero)
    server.add_version(server.add_data("no source time"), b"n\n1\n")
    with pytest.raises(InvalidArgument, match="does not list when the source of no source time was modified"):
        aero_jupyter.read("no source time", as_of="2026-01-04", by="source")


def test_a_read_by_the_time_of_the_source_is_locked(client, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(LockPath, "named", None)
    monkeypatch.setattr(LockPath, "shown", set())
    monkeypatch.setattr(kernel_use, "reads", {})
    time = {"as_of": "2026-01-12T12:00:00Z", "by": "source"}
    aero_jupyter.read(NAME, **time)
    (read,) = aero_jupyter.lock().lock.reads
    assert (read.asked, read.version) == ("2026-01-12T12:00:00Z UTC by source", 2)
    first = client.version(read.data_id, 1)
    document = json.loads((tmp_path / "aero.lock").read_text())
    document["datasets"][0]["versions"] = {"1": first.checksum}
    (tmp_path / "aero.lock").write_text(json.dumps(document))
    with pytest.warns(UserWarning, match="version 1 is locked, version 2 is newer"):
        assert aero_jupyter.read(NAME, **time).attrs["aero"]["version"] == 1
    assert aero_jupyter.lock(update=NAME).lock.reads[0].version == 2
