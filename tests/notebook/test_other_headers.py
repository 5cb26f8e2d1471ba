"""Other headers make another registration; no function registers a secret itself."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from aero_jupyter import api
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.session import connections as sessions

pytestmark = pytest.mark.slow

KEPT = "def kept(raw):\n    return raw\n"
SECRET = "s3cr3tvalue"


@pytest.fixture
def session(aero: Any, aero_home: Any) -> sessions.Session:
    return sessions.local()


def ingests(session: sessions.Session, name: str, **values: Any) -> Any:
    url = "http://127.0.0.1:9/never.csv"
    return session.register(portable(KEPT), source=url, outputs=[name], policy=PolicyEnum.INGESTION, **values)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"headers": {"X-Key": "$ONE"}}, {"headers": {"X-Key": "$TWO"}}),
        ({}, {"auth": "ann:$PASSWORD"}),
        ({"auth": "ann:$PASSWORD"}, {}),
    ],
)
def test_other_headers_are_a_difference_and_replace_changes_them(
    session: sessions.Session, first: dict[str, Any], then: dict[str, Any]
) -> None:
    name = f"asked{uuid.uuid4().hex[:6]}"
    flow = ingests(session, name, **first)
    assert ingests(session, name, **first).id == flow.id
    with pytest.raises(InvalidArgument, match="other headers or credentials"):
        ingests(session, name, **then)
    entry = ingests(session, name, replace=True, **then).raw["function_args"]["kwargs"]["aero"]["output_data"][name]
    assert {key: entry[key] for key in ("headers", "auth") if key in entry} == then


@pytest.mark.parametrize("entry", [{"headers": {"X-Key": SECRET}}, {"auth": f"ann:{SECRET}"}])
def test_a_secret_itself_is_refused_before_anything_is_sent(session: sessions.Session, entry: dict[str, Any]) -> None:
    outputs = {"raw": {"url": "http://127.0.0.1:9/never.csv", **entry}}
    for register in (
        lambda: ingests(session, "refused", **entry),
        lambda: api.register_flow(session.endpoint or "", str(uuid.uuid4()), output_data=outputs),
    ):
        with pytest.raises(InvalidArgument) as caught:
            register()
        assert SECRET not in f"{caught.value} {caught.value.cure}"
