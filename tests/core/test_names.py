"""The validation of names: one spelling, or a reason and a cure."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.name_rules import (
    dataset_name,
    is_same_name,
    normalize_output_names,
    normalize_parameters,
    parameter_name,
)

ACCEPTED = [
    "cases", "two words", "it's", "café", "naïve.csv", "日本", "חולים", "مرضى", "\u0645\u06cc\u200c\u062e\u0648",
    "\U0001f469\u200d\U0001f52c lab", "❤️", "OR", "name:x", "a/b", "50%", "$HOME", "a;b", "a|b", "a&b", "(x)",
    "<b>x</b>", "#1", "!x", "why?", "~", "cafe", "2024", "deadbeef", "x" * 200,
]  # fmt: skip
REFUSED = {
    "": "it is empty",
    "   ": "it is empty",
    " a": "begins or ends with a space",
    "a\u00a0": "begins or ends with a space",
    "-a": "a leading - begins an option",
    "--output": "a leading - begins an option",
    "x" * 201: "201 characters",
    "0f8fad5b-d9cb-469f-a165-70867728950e": "the form of an id",
    "a@3": "@ begins the number of a version",
    "a@b": "@ begins",
    "a=b": "= stands between",
    "a,b": "a comma stands between",
    "a*": "* stands for anything",
    "{a}": "braces stand for a value",
    'say "x"': "a double quote",
    "a\\b": "a backslash",
    "a`b`": "a backquote",
    "a\nb": "not shown (U+000A)",
    "a\x00b": "not shown (U+0000)",
    "a\u200bb": "not shown (U+200B)",
    "ca\u200cses": "not shown (U+200C)",
    "a\u202eb": "not shown (U+202E)",
    "\u200fa": "not shown (U+200F)",
    "a\u2028b": "not shown (U+2028)",
    "a\u2066b": "not shown (U+2066)",
    "a\ufeff": "not shown (U+FEFF)",
    "\u3164": "not shown (U+3164)",
    "a\ufffd": "not shown (U+FFFD)",
    "a\u00a0b": "not the usual one (U+00A0)",
    "a\u3000b": "not the usual one (U+3000)",
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_name_that_works_everywhere_is_kept(name: str) -> None:
    assert dataset_name(unicodedata.normalize("NFD", name)) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_does_not_is_refused_with_its_reason(name: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        dataset_name(name)
    assert REFUSED[name] in refused.value.message
    assert refused.value.message.isprintable()
    assert refused.value.cure.startswith(("Write it as", "Choose another name"))


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("a,b", "a_b"),
        ("-a", "a"),
        (" a ", "a"),
        ("a\nb", "a b"),
        ("a\u00a0b", "a b"),
        ("a\u202eb", "ab"),
        ("{x}", "x"),
        ('say "x"', "say x"),
    ],
)
def test_the_name_that_the_cure_shows_is_accepted(name: str, better: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        dataset_name(name)
    assert refused.value.cure == f"Write it as {better!r}."
    assert dataset_name(better) == better


@given(st.text(max_size=230))
def test_every_text_is_normalised_or_refused_with_a_name_that_works(text: str) -> None:
    try:
        name = dataset_name(text)
    except InvalidArgument as refused:
        shown = refused.cure.removeprefix("Write it as ").removesuffix(".")
        if shown != refused.cure and refused.cure.startswith("Write"):
            assert shown == repr(dataset_name(eval(shown)))
    else:
        assert dataset_name(name) == name
        assert is_same_name(name, text)


def test_parameters_are_read_as_python_reads_them() -> None:
    assert parameter_name("ﬁle") == "file"
    assert normalize_parameters({"cafe\u0301": 1}) == {"café": 1}
    with pytest.raises(InvalidArgument, match="café is given twice, in two forms of Unicode"):
        normalize_parameters({"cafe\u0301": 1, "café": 2})


def test_an_output_that_continues_a_dataset_keeps_a_name_that_a_new_one_may_not_have() -> None:
    assert normalize_output_names({"a=b": {"id": "x"}, "cafe\u0301": {}}) == {"a=b": {"id": "x"}, "café": {}}
    for entry in ({}, {"id": None}):
        with pytest.raises(InvalidArgument, match="'a=b' cannot be the name of a dataset"):
            normalize_output_names({"a=b": entry})
