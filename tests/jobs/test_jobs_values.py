"""Return values as JSON: unchanged, or refused with the path of the value."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aero_jupyter.jobs.json_values import find_unfit_value

FIT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(FIT)
def test_what_is_called_fit_comes_back_as_it_went(value: object) -> None:
    assert find_unfit_value(value) is None
    assert json.loads(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (math.nan, "NaN"),
        ({"level": [1.0, math.nan]}, "NaN at ['level'][1]"),
        ([{"a": (1, -math.inf)}], "infinity at [0]['a'][1]"),
        ({"weeks": {2026: 5}}, "the key 2026 at ['weeks'] would become a text"),
        ({None: 1}, "the key None would become a text"),
        ([{1, 2}], "Object of type set is not JSON serializable"),
    ],
)
def test_what_json_would_change_is_named_with_its_place(value: object, reason: str) -> None:
    assert find_unfit_value(value) == reason


def test_a_circle_and_a_deep_nest_have_a_reason() -> None:
    circle: list[object] = []
    circle.append(circle)
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert find_unfit_value(circle)
    assert find_unfit_value(deep)
