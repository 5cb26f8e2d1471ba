"""An error of two lines with commas is no table; a short table is one."""

from __future__ import annotations

import pytest

from aero_jupyter.jobs.content_kinds import kind_of_body


@pytest.mark.parametrize(
    "body",
    [
        b"Error, code\n503, try again later\n",
        b"Error: quota exceeded, sorry\nplease wait, then retry\n",
        b"Access denied, token expired\nlog in, then retry\n",
    ],
)
def test_a_short_error_with_commas_is_a_message(body: bytes) -> None:
    assert kind_of_body(body) == "text"


@pytest.mark.parametrize(
    "body", [b"error,code\n503,12\n", b"day, cases\n2026-01-01, 3\n", b"error_rate, day\n0.1, 2026-01-01\n"]
)
def test_a_short_table_stays_a_table(body: bytes) -> None:
    assert kind_of_body(body) == "table"
