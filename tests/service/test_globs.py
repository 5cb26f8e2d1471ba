"""Globs over object keys: what they fit, and that none takes longer than its length times the key's."""

from __future__ import annotations

import itertools
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aero_jupyter.core.globs import Glob, matches_glob

_MEANING = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_WORDS = st.sampled_from([*_MEANING, "[ab]", "[^a]", "a", "b", "/"])


@pytest.mark.parametrize(
    ("pattern", "key", "fitting"),
    [
        ("b/*.csv", "b/x.csv", True),
        ("b/*.csv", "b/c/x.csv", False),
        ("b/**/x.csv", "b/x.csv", True),
        ("b/**/x.csv", "b/c/d/x.csv", True),
        ("b/**/x.csv", "b/c/dx.csv", False),
        ("b/**", "b/c/x.csv", True),
        ("b/202?/x", "b/2024/x", True),
        ("b/202?/x", "b/202/x", False),
        ("b/[0-3]x", "b/2x", True),
        ("b/[0-3]x", "b/4x", False),
        ("b/[", "b/[", True),
        ("b/.", "b/c", False),
        ("[z-a]", "z", False),
        ("plain", "plain", False),
    ],
)
def test_what_a_pattern_stands_for(pattern: str, key: str, fitting: bool) -> None:
    assert matches_glob(pattern, key) is fitting


def test_a_class_that_is_none_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"s/\[z-a\] is not a valid pattern: bad character range z-a"):
        Glob("s/[z-a]")


@settings(max_examples=300, deadline=1_000)
@given(st.lists(_WORDS, max_size=6), st.text("ab/", max_size=8))
def test_it_means_what_the_regular_expression_means(words: list[str], key: str) -> None:
    meant, pattern = "".join(_MEANING.get(word, word) for word in words), "".join(words)
    # Stars side by side can be read in more ways than one.
    read_otherwise = {("*", "*"), ("*", "**"), ("**", "*"), ("**", "**"), ("*", "**/"), ("**", "**/"), ("**", "/")}
    if not read_otherwise & set(itertools.pairwise(words)):
        assert Glob(pattern).matches(key) is (re.fullmatch(meant, key) is not None)


@pytest.mark.parametrize("pattern", ["**/" * 25 + "x", "*a" * 25 + "x", "**a" * 25 + "x", "**/*" * 25 + "x", "?*" * 25])
def test_no_pattern_hangs(pattern: str) -> None:
    began = time.thread_time()
    assert not Glob(pattern).matches("a/" * 26 + "a" * 200 + "/y/")
    assert time.thread_time() - began < 1.0
