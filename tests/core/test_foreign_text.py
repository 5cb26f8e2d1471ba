"""Untrusted text raises only errors of this package."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aero_jupyter.auth.token_storage import TokenStore
from aero_jupyter.client.retries import parse_pause as of_client
from aero_jupyter.core import config, decode, server_errors
from aero_jupyter.core.errors import AeroError
from aero_jupyter.core.safe_parsing import parse_count, parse_json, parse_pause
from aero_jupyter.jobs.collection_hosts import strict_origin
from aero_jupyter.jobs.loopback import is_loopback
from aero_jupyter.jobs.table_unpacking import TableError
from aero_jupyter.jobs.tables import TableReader
from aero_jupyter.notebook.registration.pairs import value_from
from aero_jupyter.service import home_lock, local_home

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["id", "tokens", "data"]), inner),
    max_leaves=8,
)
DEEP = ["[" * 50_000, '{"a":' * 50_000, "[" * 50_000 + "]" * 50_000]


@pytest.mark.parametrize("text", ["²", "٣", "1_000", "-1", "+1", "1.5", "0x1", "", "9" * 5000, None])
def test_what_is_no_count_is_none(text: str | None) -> None:
    assert parse_count(text) is None


@pytest.mark.parametrize("text", ["²", "Mon, 99 Feb 2024 99:99:99 GMT", "Mon, 01 Jan 0001 00:00:00 +2359", "nan", None])
def test_what_is_no_pause_is_none_or_no_wait(text: str | None) -> None:
    assert not parse_pause(text)
    assert of_client is parse_pause


@pytest.mark.parametrize("text", DEEP)
def test_deep_json_is_refused_in_words_everywhere(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)
    assert server_errors.error_from(500, text).code == 500
    path = tmp_path / "tokens.json"
    path.write_text(text)
    with pytest.raises(AeroError, match="cannot be read"):
        TokenStore(path).get_token_data_by_resource_server()
    (tmp_path / "state.json").write_text(text)
    assert local_home.read_state(tmp_path) is None


@pytest.mark.parametrize("text", [*DEEP, "9" * 5000, "\ufeff{}", "{"])
def test_what_a_lock_says_of_its_holder_may_be_anything(text: str, tmp_path: Path) -> None:
    path = tmp_path / "service.lock"
    with home_lock.exclusive(path, "a test", 10):
        path.write_text(text)
        assert home_lock.holder(path) == home_lock.Holder()


@pytest.mark.parametrize("text", [*DEEP, "9" * 5000, "1e999", "NaN"])
def test_a_value_that_json_does_not_hold_stays_text(text: str) -> None:
    assert value_from(text) == text


@pytest.mark.parametrize("text", [*DEEP, "\ufeff{}", "9" * 5000])
def test_kept_types_that_are_broken_are_refused_in_words(text: str) -> None:
    with pytest.raises(TableError, match="does not read as csv"):
        TableReader("cases", ["cases.csv"], ".csv", None, {}).read(io.BytesIO(b"a\n1\n"), text.encode())


@settings(max_examples=40, deadline=None)
@given(st.text() | st.binary())
def test_any_text_is_parsed_or_refused(text: str | bytes) -> None:
    with contextlib.suppress(ValueError):
        parse_json(text)
    if isinstance(text, str):
        for parse in (parse_count, parse_pause, is_loopback, strict_origin):
            parse(text)
            parse(f"http://{text}")


@settings(max_examples=40, deadline=None)
@given(ANY, st.integers(400, 599))
def test_any_error_body_is_an_error_in_words(body: object, status: int) -> None:
    assert server_errors.error_from(status, json.dumps(body)).message is not None


@settings(max_examples=40, deadline=None)
@given(ANY)
def test_any_configuration_is_read_or_refused_in_words(document: object) -> None:
    for whole in (document, {"default": document}, {"default": {"client_uuid": "u", "collection_hosts": document}}):
        with contextlib.suppress(AeroError):
            config.profile_from(whole if isinstance(whole, dict) else {}, {})


@settings(max_examples=40, deadline=None)
@given(ANY)
def test_any_record_is_read_or_refused_as_one(body: object) -> None:
    from aero_jupyter.client.responses import decode_body

    for read in (decode.flow, decode.run, decode.data, decode.version):
        with contextlib.suppress(AeroError):
            decode_body(read, body)


@settings(max_examples=40, deadline=None)
@given(ANY)
def test_any_state_file_and_token_file_is_read_or_refused(document: object) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for name in ("state.json", "tokens.json"):
            Path(folder, name).write_text(json.dumps(document))
        local_home.read_state(Path(folder))
        with contextlib.suppress(AeroError):
            TokenStore(Path(folder, "tokens.json")).get_token_data_by_resource_server()
