"""Tab after our magics, in a real shell on the local AERO."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter

import aero_jupyter
from aero_jupyter.notebook import completion, extension
from aero_jupyter.notebook.completion import Names


@pytest.fixture
def offered(shell: Any) -> Any:
    def offered(line: str) -> list[str]:
        with provisionalcompleter():
            return [each.text for each in shell.Completer.completions(line, len(line))]

    return offered


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion, "PATIENCE", 30)


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
        ("%%aero_run --en", ["--endpoint"]),
        ("%aero_search x --s", ["--scan"]),
        ("%aero_get nosuch", []),
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
    assert Names(lambda: None).of("data") == []


def test_a_tab_does_not_wait_for_a_slow_server_and_the_next_one_has_the_names(monkeypatch: pytest.MonkeyPatch) -> None:
    answered, done = threading.Event(), threading.Event()

    class Client:
        base_url = "https://slow.example.org/"

    class Session:
        client = Client()

    def slowly(_: Any) -> list[str]:
        answered.wait(30)
        done.set()
        return ["sewage"]

    monkeypatch.setattr(completion, "PATIENCE", 0.01)
    monkeypatch.setitem(completion._READERS, "data", slowly)
    session: Any = Session()
    names = Names(lambda: session)
    assert names.of("data") == []
    answered.set()
    done.wait(30)
    monkeypatch.setattr(completion, "PATIENCE", 30)
    assert names.of("data") == ["sewage"]
