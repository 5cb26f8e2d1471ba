"""A version or an answer that sends more bytes than recorded is stopped while it arrives."""

from __future__ import annotations

import gzip

import pytest
from support.server_standins import COLLECTION, Local, Reply

from aero_jupyter.client import AeroClient, content
from aero_jupyter.core import errors


def version_of(local: Local, body: Reply) -> str:
    data = local.add_data("sewage")
    local.add_version(data, b"x\n")
    name = local.versions[data["id"]][-1]["data_file"]["file_name"]
    local.faults[f"/collections/{COLLECTION}/{name}"] = [body]
    return str(data["id"])


@pytest.mark.parametrize("size", [3, 5 << 20, 40 << 20])
def test_a_version_longer_than_recorded_is_stopped_early(local: Local, size: int) -> None:
    id = version_of(local, Reply(200, b"x" * size))
    with AeroClient(local.url) as client, client.open_version(id) as reader:
        with pytest.raises(errors.ServerFailed, match="sends more than the 2 bytes that were recorded"):
            reader.read()
        assert reader.raw._integrity.count <= content.CHUNK_BYTES  # type: ignore[attr-defined]


def test_a_packed_version_is_stopped_at_the_limit(local: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "_UNLIMITED_RATIO_BYTES", 1 << 20)
    packed = gzip.compress(bytes(20 << 20))
    id = version_of(local, Reply(200, packed, {"Content-Encoding": "gzip"}))
    with (
        AeroClient(local.url) as client,
        client.open_version(id) as reader,
        pytest.raises(errors.ServerFailed, match="is packed more than 200 times"),
    ):
        reader.read()


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}])
def test_an_endless_or_packed_answer_is_not_read_into_memory(
    local: Local, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    monkeypatch.setenv("AERO_ANSWER_BYTES", "100000")
    body = bytes(1 << 20)
    local.faults["/data"] = [Reply(200, gzip.compress(body) if headers else body, headers)]
    local.faults["/data/x"] = local.faults["/data"]
    with (
        AeroClient(local.url) as client,
        pytest.raises(errors.Unreachable, match="has more than 100,000 bytes, the limit of AERO_ANSWER_BYTES"),
    ):
        client.get_data("x")
