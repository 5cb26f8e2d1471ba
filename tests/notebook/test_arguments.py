from __future__ import annotations

from types import SimpleNamespace

import pytest

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.notebook.magics.line_parsing import expanded, search_arguments


class Fussy:
    @property
    def url(self):
        raise RuntimeError("not open")


NAMES = {
    "url": "http://x/a.csv",
    "plant": SimpleNamespace(url="http://y/b.csv", parts=["p", "q"]),
    "urls": ["first", "last"],
    "by_day": {"sunday": "s", "two words": "t"},
    "fussy": Fussy(),
}


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("{url}", "http://x/a.csv"),
        ("raw={plant.url}", "raw=http://y/b.csv"),
        ("{plant.parts[1]}", "q"),
        ("{urls[0]}-{urls[-1]}", "first-last"),
        ("{by_day['sunday']}{by_day[sunday]}", "ss"),
        ('{by_day["two words"]}', "t"),
        ('{"a": 1}', '{"a": 1}'),
        ("date:{2020 TO 2021}", "date:{2020 TO 2021}"),
        ("{}", "{}"),
    ],
)
def test_a_value_of_the_notebook_stands_where_its_name_stood(text, becomes):
    assert expanded(text, NAMES) == becomes


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{nope}", "{nope} is not defined in this notebook."),
        ("{plant.nope}", "has no attribute 'nope'"),
        ("{urls[7]}", "{urls[7]} is not defined in this notebook. IndexError"),
        ("{by_day[monday]}", "KeyError: 'monday'"),
        ("{fussy.url}", "RuntimeError: not open"),
        ("{plant.close()}", "{plant.close()} is not evaluated in a magic."),
        ("{open('x')}", "is not evaluated"),
    ],
)
def test_what_stands_for_nothing_or_would_be_called_is_said(text, says):
    with pytest.raises(InvalidArgument) as caught:
        expanded(text, NAMES)
    assert says in caught.value.message
    assert len(caught.value._render_traceback_()) == 2


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ('"north influent" AND name:{url}', ('"north influent" AND name:http://x/a.csv', None, False)),
        ("rain --limit 5", ("rain", 5, False)),
        ("rain --scan --limit=7", ("rain", 7, True)),
        ("rain --limit 7 --scan", ("rain", 7, True)),
        ("--limit 3 rain", ("rain", 3, False)),
    ],
)
def test_a_query_keeps_its_quotes_and_ends_with_its_options(line, read):
    assert search_arguments(line, NAMES) == read


@pytest.mark.parametrize(("line", "says"), [("", "no query"), ("  --limit 3", "no query"), ("a --limit x", "x")])
def test_a_query_that_is_none(line, says):
    with pytest.raises(InvalidArgument, match=says):
        search_arguments(line, {})
