"""Patterns in which only a star is special."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aero_jupyter.core.wildcards import matches_wildcard


@pytest.mark.parametrize(
    ("value", "pattern", "so"),
    [
        ("red_1", "red*", True),
        ("RED_1", "red*", True),
        ("infrared", "red*", False),
        ("x[1]", "x[1]", True),
        ("x1", "x[1]", False),
        ("azb", "a?b", False),
        ("aba", "ab*ba", False),
        ("abba", "ab*ba", True),
        (None, "", True),
        (None, "*", True),
        (7, "7", True),
    ],
)
def test_a_star_stands_for_anything_and_everything_else_for_itself(value: object, pattern: str, so: bool) -> None:
    assert matches_wildcard(value, pattern) is so


@given(st.text("ab*[?", max_size=8), st.text("ab*", max_size=6))
def test_it_agrees_with_a_regular_expression(text: str, pattern: str) -> None:
    expression = ".*".join(map(re.escape, pattern.split("*")))
    assert matches_wildcard(text, pattern) is (re.fullmatch(expression, text, re.DOTALL) is not None)
