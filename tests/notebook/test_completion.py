"""Tab after our magics, in a real shell on the local AERO."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from support.server_standins import Newest, serve_standin

import aero_jupyter
from aero_jupyter.notebook import extension
from aero_jupyter.notebook.magics.completion import matcher
from aero_jupyter.notebook.magics.completion.cursor import Fragment, parse_line
from aero_jupyter.notebook.magics.completion.matcher import NameCache

TAB_WAIT_SECONDS = matcher.TAB_WAIT_SECONDS
Offered = Callable[[str], list[str]]
NAMES = (
    *(
        "plain",
        "two words",
        "-dash",
        "--limit",
        "{x}",
        "new\nline",
        "quote's",
        'q"q',
        "both'\"s",
        "a=b",
        "#hash",
        "*star",
    ),
    *(
        "\u202ertl",
        "emoji\U0001f600",
        "<img src=x>",
        "$HOME",
        "back\\slash",
        "",
        " lead",
        "a;b",
        "x?",
        "x!",
        "tab\tbed",
    ),
    *("nul\0", "carriage\rreturn", "twin", "twin", "at@1"),
)


@pytest.fixture
def offered(shell: Any) -> Any:
    def offered(line: str) -> list[str]:
        with provisionalcompleter():
            return [each.text for each in shell.Completer.completions(line, len(line))]

    return offered


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matcher, "TAB_WAIT_SECONDS", 30)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("%aero_get influe", ["influent"]),
        ("%aero_versions influe", ["influent"]),
        ("x = %aero_get influe", ["influent"]),
        ("%aero_run foll", ["follow"]),
        ("%aero_list ", ["data", "flow", "prov", "run"]),
        ("x = %aero_list ", ["data", "flow", "prov", "run"]),
        ("%aero_list data --si", ["--since"]),
        ("%aero_list data --limit ", ["15", "50", "500"]),
        ("%aero_list data --where name=influe", ["influent"]),
        ("%%aero_register --policy a", ["all", "any"]),
        ("%%aero_register --endpoint lo", ["local"]),
        ("%%aero_register --endpoint=lo", ["local"]),
        ("%%aero_register --input x=influe", ["influent"]),
        ("%%aero_run --endpoint", ["--endpoint", "--endpoint-config"]),
        ("%%aero_register --input x=influent --no-fetch ", ["x"]),
        ("%aero_register --fi", ["--file"]),
        ("%aero_notify influe", ["influent"]),
        ("%aero_delete_flows influe", ["influent"]),
        ("%aero_types tr", []),
        ("%aero_search x --s", ["--scan"]),
        ("%aero_get nosuch", []),
        ("%aero_get 'influe", ["'influent'"]),
        ('%aero_get "influe', ['"influent"']),
        ("%aero_get --version 2 influe", ["influent"]),
        ("%aero_get influent ", ["--as-of", "--by", "--option", "--version", "--wait"]),
        ("%aero_get influent --version ", ["1", "2"]),
        ("%aero_lineage influe", ["influent"]),
        ("%aero_lineage influent@", ["influent@1", "influent@2"]),
        ("%%aero_run --input x=influent@2", ["influent@2"]),
        ("%aero_panel ", ["browse", "lineage", "register", "runs"]),
        ("%aero_list data --sort na", ["name"]),
        ("%aero_list data --sort -na", ["-name"]),
        ("%aero_list run --sort=sta", ["state"]),
        ("%aero_list data --where n", ["'newest version=", "name="]),
        ("%aero_list data --where 'newest version=", []),
        ("%aero_list run --where state=c", ["cancelled", "committing"]),
        ("%aero_list flow --where policy=an", ["any"]),
        ("%aero_list flow --where inputs=influe", ["influent"]),
        ("%aero_list data --where 'name=influe", ["influent'"]),
        ("%aero_list data --text ", []),
        ("%aero_search infl", []),
        ("%aero_search \\al", []),
        ("%%aero_register --output abs", []),
        ("%%aero_register --input in", []),
    ],
)
def test_only_what_can_stand_there_is_offered(influent: Any, offered: Any, line: str, words: list[str]) -> None:
    assert offered(line) == words


def test_ids_are_offered_too(influent: Any, offered: Any) -> None:
    id = aero_jupyter.current().client.resolve_data("influent").id
    assert offered(f"%aero_get {id[:8]}") == [id]


def test_names_with_spaces_are_quoted(aero: Any, offered: Any) -> None:
    client = aero_jupyter.local().client
    client.post("data/source", data={"name": "two words's", "url": "https://example.org/two.csv"})
    shown = offered("%aero_get two")
    assert shown == ["'two words'\"'\"'s'"]


def test_everywhere_else_nothing_is_touched(shell: Any, offered: Any) -> None:
    shell.user_ns["influx"] = {"one": 1}
    assert "influx" in offered("influ")
    assert "%timeit" in offered("%time")


def test_unloading_takes_it_away(shell: Any) -> None:
    def ours() -> list[Any]:
        return [
            each for each in shell.Completer.custom_matchers if "aero" in str(getattr(each, "matcher_identifier", ""))
        ]

    assert len(ours()) == 1
    extension.unload(shell)
    assert ours() == []
    extension.load(shell)


def test_without_a_session_nothing_is_started_for_a_tab() -> None:
    assert NameCache(lambda: None).names("data") == []


def test_a_tab_does_not_wait_for_a_slow_server_and_the_next_one_has_the_names(monkeypatch: pytest.MonkeyPatch) -> None:
    answered, done = threading.Event(), threading.Event()

    class Client:
        base_url = "https://slow.example.org/"

    class Session:
        client = Client()

    def slowly(_: Any) -> list[str]:
        answered.wait(180)
        done.set()
        return ["sewage"]

    monkeypatch.setattr(matcher, "TAB_WAIT_SECONDS", 0.01)
    monkeypatch.setitem(matcher._READERS, "data", slowly)
    session: Any = Session()
    names = NameCache(lambda: session)
    assert names.names("data") == []
    answered.set()
    done.wait(180)
    monkeypatch.setattr(matcher, "TAB_WAIT_SECONDS", 30)
    assert names.names("data") == ["sewage"]


@pytest.fixture
def odd(shell: Any) -> Iterator[Newest]:
    """A server whose data have odd names, in use."""
    with serve_standin(Newest()) as server:
        for name in NAMES:
            server.add_version(server.add_data(name), b"a\n1\n")
        aero_jupyter.connect(server.url, token="t")
        yield server
    aero_jupyter.local()


@pytest.mark.parametrize("begun", ["", "'", '"'])
def test_whatever_is_offered_can_be_chosen(odd: Newest, shell: Any, offered: Offered, begun: str) -> None:
    chosen = offered(f"%aero_get {begun}")
    read = {shell.run_line_magic("aero_get", text).attrs["aero"]["data_id"] for text in chosen}
    assert read == {row["id"] for row in odd.data}


def test_what_stands_for_a_name_that_cannot_be_typed_is_its_id(odd: Newest, offered: Offered) -> None:
    ids = {row["name"]: row["id"] for row in odd.data}
    assert offered("%aero_get -d") == [ids["-dash"]]
    assert offered("%aero_get nu") == [ids["nul\0"]]
    assert sorted(offered("%aero_get twi")) == sorted(row["id"] for row in odd.data if row["name"] == "twin")
    assert offered("%aero_get a=") == ["a=b"]
    assert offered("%aero_get two\\ w") == ["two\\ words"]


def test_a_notebook_s_value_is_offered_behind_a_brace(shell: Any, offered: Offered) -> None:
    shell.user_ns["chosen_one"] = "influent"
    assert offered("%aero_get {chosen") == ["{chosen_one}"]


@pytest.mark.parametrize(
    "line",
    [
        *("%aero_get ", "%aero_run ", "%%aero_register --endpoint ", "%%aero_register --input x=", "%aero_lineage x@"),
        *("%aero_list data --where name=", "%aero_get x --version "),
    ],
)
def test_on_a_slow_server_a_tab_waits_once_and_offers_nothing_of_others(
    shell: Any, offered: Offered, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()

    def slowly(*_: Any) -> list[str]:
        answered.wait(180)
        return ["late"]

    assert TAB_WAIT_SECONDS < 0.15
    monkeypatch.setattr(matcher, "TAB_WAIT_SECONDS", TAB_WAIT_SECONDS)
    monkeypatch.setattr(matcher, "_READERS", dict.fromkeys(matcher._READERS, slowly))
    shell.user_ns["late_too"] = 1
    assert offered(line) == []
    answered.set()


@pytest.mark.parametrize(
    ("line", "before", "meant"),
    [
        ("%aero_get ", (), ""),
        ("%aero_get 'two wo", (), "two wo"),
        ('%aero_get "a\\"b', (), 'a"b'),
        ("%aero_get two\\ w", (), "two w"),
        ("%aero_get a\\", (), "a\\"),
        ("%aero_get 'two words' --ver", ("two words",), "--ver"),
        ("x = %aero_list data --where 'a b=c", ("data", "--where"), "a b=c"),
    ],
)
def test_words_are_read_as_a_shell_reads_them(line: str, before: tuple[str, ...], meant: str) -> None:
    typed = parse_line(line)
    assert typed is not None
    assert (typed.before, typed.fragment.value) == (before, meant)
    assert line.endswith(typed.fragment.text)


@pytest.mark.parametrize("begun", ["", "'", '"', "\\"])
@pytest.mark.parametrize("name", ["two words", "it's", 'say "x"', "back\\slash", "both'\"s"])
def test_a_completed_word_means_the_name(begun: str, name: str) -> None:
    assert Fragment(Fragment(begun).completed(name)).value == name


def test_types_their_urls_and_their_objects_are_offered(shell: Any, offered: Offered) -> None:
    client = aero_jupyter.current().client
    source = client.add_source("typed_offers", "https://h/offers/*.csv", "typed_offers", no_copy=True)
    client.notify(source.id, key="offers/a.csv", etag="one", size=3)
    assert offered("%aero_types typed_of") == ["typed_offers"]
    assert offered("%%aero_register --type typed_of") == ["typed_offers"]
    assert offered("%aero_types typed_offers --remove-url ht") == ["https://h/offers/*.csv"]
    assert offered("%aero_notify typed_offers --key of") == ["offers/a.csv"]


def test_files_are_offered(offered: Offered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "flows.yaml").touch()
    (tmp_path / "flows.txt").touch()
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    assert offered("%aero_register --file f") == ["flows.yaml", "folder/"]
    assert offered("%%aero_register --kwargs-file fl") == ["flows.yaml"]
