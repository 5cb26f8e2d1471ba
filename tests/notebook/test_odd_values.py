"""Whatever a server puts into a field, its record stays a row, and the table can be shown and saved."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aero_jupyter.client.responses import decode_body
from aero_jupyter.core import decode
from aero_jupyter.notebook.tables.aero_frame import AeroFrame, framed
from aero_jupyter.notebook.tables.columns import COLUMNS
from aero_jupyter.notebook.tables.row_order import ordered

pytestmark = pytest.mark.slow

NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)
TEXTS = ("a\ud800b", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "1600-01-01T00:00:00Z", "not json", "²", "")
NUMBERS = (10**30, -(10**30), 2**63, float("inf"), float("nan"), -1.5, True)
ODD = st.sampled_from((*TEXTS, "\x1b[2J", "9" * 30, *NUMBERS))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
VERSION = ("id", "data_id", "version", "checksum", "created_at", "data", "data_file", "source_key")
DATA = ("id", "name", "url", "description", "collection_uuid", "size", "updated_at", "created_at", "newest_version")
FIELDS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "data": (decode.data, DATA),
    "flow": (
        decode.flow,
        (
            "id",
            "function_id",
            "endpoint",
            "policy",
            "description",
            "timer",
            "last_executed",
            "derived_from",
            "contributed_to",
            "function_args",
            "function_name",
        ),
    ),
    "prov": (decode.provenance, ("id", "flow_id", "run_id", "created_at", "derived_from", "contributed_to")),
    "version": (decode.version, VERSION),
    "run": (
        decode.run,
        (
            "id",
            "flow_id",
            "state",
            "trigger",
            "created_at",
            "started_at",
            "ended_at",
            "error",
            "log",
            "steps",
            "derived_from",
            "contributed_to",
            "flow_name",
        ),
    ),
    "search": (dict, ("name", "description", "created", "version", "file_size", "url", "source", "data_id", "id")),
}


def values(name: str) -> st.SearchStrategy[Any]:
    """Anything, and for what nests records, records of anything."""
    if name in ("derived_from", "contributed_to", "steps"):
        fields = (*VERSION, "name", "state", "started_at")
        return ANYTHING | st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(fields, ANYTHING)), max_size=2)
    if name in ("data", "data_file"):
        nested = st.fixed_dictionaries(
            {"id": ANYTHING}, optional={"file_name": ANYTHING, "size": ANYTHING, "name": ANYTHING}
        )
        return ANYTHING | nested
    return ANYTHING


@pytest.mark.parametrize("kind", FIELDS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_value_in_any_field_is_shown_and_saved(kind: str, data: Any) -> None:
    read, names = FIELDS[kind]
    records = data.draw(st.lists(st.fixed_dictionaries({name: values(name) for name in names}), min_size=1, max_size=3))
    rows = [decode_body(read, record) for record in records]
    frame = framed(None, rows, shape=kind)
    assert len(frame) == len(records)
    for shown in (repr(frame), frame._repr_html_(), frame.to_csv(index=False)):
        shown.encode()
    assert frame.equals(framed(None, rows, shape=kind))
    for _, _, column, _ in COLUMNS[kind]:
        assert len(ordered(rows, column, down=True)) == len(rows)


def table(**field: Any) -> AeroFrame:
    return framed(None, [decode.data({"id": "1", "name": "ok"}), decode.data({"id": "2", **field})], shape="data")


@pytest.mark.parametrize("size", [float("inf"), float("nan"), 10**30, "many", True, [1]])
def test_a_size_that_is_none_is_blank(size: Any) -> None:
    assert table(name="odd", size=size)["size"].isna().all()
    assert table(name="odd", size="12")["size"][1] == 12


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59Z", "1600-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", 12])
def test_a_time_that_no_column_holds_is_blank(time: Any) -> None:
    frame = table(name="odd", updated_at=time)
    assert str(frame["updated"].dtype) == "datetime64[ns, UTC]"
    assert frame["updated"][1] is pd.NaT


def test_half_a_character_is_shown_as_one_that_can_be_written() -> None:
    assert table(name="odd", description="a\ud800b")["description"][1] == "a\N{REPLACEMENT CHARACTER}b"
    assert table(name=json.loads('"\\ud83d\\ude00"'))["name"][1] == "\U0001f600"


def test_a_name_that_is_null_is_blank_and_text_that_is_none_is_told_as_it_came() -> None:
    assert "None" not in repr(table(name=None))
    assert table(name="odd", description=["a", {"b": 1}])["description"][1] == '["a", {"b": 1}]'


def test_a_flow_with_odd_arguments_is_a_flow() -> None:
    flow = decode.flow({"id": "f", "function_args": "not json", "policy": [99], "timer": "soon"})
    assert (flow.parameters, flow.policy.name, flow.timer) == ({}, "NONE", None)
