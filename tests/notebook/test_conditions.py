"""Lists narrowed and sorted, options set, and the last result found again."""

from __future__ import annotations

from typing import Any

import pytest

import aero_jupyter
from aero_jupyter.notebook import extension
from aero_jupyter.notebook.settings import Settings, options
from aero_jupyter.notebook.tables import query


@pytest.fixture(autouse=True)
def _as_before(shell: Any) -> Any:
    # IPython keeps what %config was given, also for the next one who loads the magics.
    shell.config.pop("AeroMagics", None)
    extension.unload(shell)
    extension.load(shell)
    vars(options).update(vars(Settings()))
    yield
    shell.config.pop("AeroMagics", None)
    vars(options).update(vars(Settings()))


@pytest.mark.parametrize(
    ("conditions", "names"),
    [
        ("--where name=influent", ["influent"]),
        ("--where name=INFLUE*", ["influent"]),
        ("--where name=influent --where description=nothing", []),
        ("--where name=influent --since 7d", ["influent"]),
        ("--where name=influent --since 7d --sort updated --limit 50", ["influent"]),
        ("--where name=influent --limit 0", []),
    ],
)
def test_a_list_is_narrowed(shell: Any, influent: Any, conditions: str, names: list[str]) -> None:
    assert shell.run_line_magic("aero_list", f"data {conditions}")["name"].tolist() == names


@pytest.mark.parametrize("column", ["name", "created", "updated", "size", "newest version", "url"])
def test_a_list_is_sorted_by_the_server_or_here(shell: Any, influent: Any, column: str) -> None:
    up = shell.run_line_magic("aero_list", f"data --limit 1000 --sort '{column}'")[column].dropna()
    down = shell.run_line_magic("aero_list", f"data --limit 1000 --sort '-{column}'")[column].dropna()
    values = [value.casefold() if isinstance(value, str) else value for value in up]
    assert values == sorted(values)
    assert len(down) == len(up)
    assert down.iloc[0] == up.iloc[-1] or column in ("newest version", "size", "url", "name")


def test_runs_are_narrowed_by_state_and_age(shell: Any, influent: Any) -> None:
    runs = shell.run_line_magic("aero_list", "run --where state=done --since 1d")
    assert set(runs["state"]) == {"done"}
    assert shell.run_line_magic("aero_list", "run --where state=nothing").empty


@pytest.mark.parametrize(
    ("line", "happened", "cure"),
    [
        ("--where name", "--where name is not COLUMN=VALUE.", "Write --where COLUMN=VALUE."),
        ("--where nme=x", "data has no column 'nme'.", "Choose one of name, description"),
        ("--sort nme", "data has no column 'nme'.", "Choose one of"),
        ("--since soon", "--since: ", "%aero_list?"),
    ],
)
def test_what_cannot_be_asked_is_two_lines(error_lines: Any, line: str, happened: str, cure: str) -> None:
    lines = error_lines(f"%aero_list data {line}")
    assert len(lines) == 2
    assert happened in lines[0]
    assert cure in lines[1]


def test_the_code_of_a_narrowed_list_makes_it_again(shell: Any, influent: Any) -> None:
    frame = shell.run_line_magic("aero_list", "data --where name=influent --sort -updated --since 7d")
    names: dict[str, Any] = {}
    exec(frame.aero.as_code().replace("aero.frame", "again = aero.frame"), names)
    assert names["again"]["id"].tolist() == frame["id"].tolist()


def test_the_last_result_is_found_again_until_unloading(shell: Any, influent: Any) -> None:
    frame = shell.run_line_magic("aero_list", "data")
    assert shell.user_ns["_aero"] is frame
    card = shell.run_line_magic("aero_status", "")
    assert shell.user_ns["_aero"] is card
    extension.unload(shell)
    assert "_aero" not in shell.user_ns
    extension.load(shell)


def test_options_change_what_is_shown(shell: Any, influent: Any) -> None:
    shell.run_line_magic("config", "AeroMagics.max_rows = 1")
    shell.run_line_magic("config", "AeroMagics.time_zone = 'Asia/Tokyo'")
    shown = repr(aero_jupyter.frame("data"))
    assert "1–1 of " in shown
    assert " Asia/Tokyo · local AERO" in shown
    shell.run_line_magic("config", "AeroMagics.page_size = 30")
    assert options.page_size == 30


def test_options_that_make_no_sense_are_refused(shell: Any) -> None:
    for setting in ("page_size = 7", "theme = 'pink'", "max_rows = 0", "time_zone = 'Nowhere'"):
        shell.run_line_magic("config", f"AeroMagics.{setting}")
    assert options == Settings()


def test_reloading_keeps_other_formatters(shell: Any) -> None:
    class Theirs:
        """Somebody else's."""

    formatter = shell.display_formatter.formatters["text/html"]
    formatter.for_type(Theirs, lambda _: "theirs")
    shell.run_line_magic("reload_ext", "aero_jupyter")
    extension.unload(shell)
    assert formatter(Theirs()) == "theirs"
    extension.load(shell)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("flow --text INFLUENT", True),
        ("flow --text 'no such words'", False),
        ("flow --where outputs=influent", True),
        ("flow --where policy=ingestion --where outputs=influent", True),
        ("flow --where policy=any --where outputs=influent", False),
        ("prov --text 'influent v1'", True),
        ("prov --where 'made=influent v1'", True),
        ("run --text 'influent v1'", True),
        ("run --where 'made=influent v*' --since 1d --sort -created", True),
        ("run --where made=nothing", False),
    ],
)
def test_the_server_narrows_and_here_it_is_the_same(
    shell: Any, influent: Any, line: str, found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed = shell.run_line_magic("aero_list", line)
    assert (len(pushed) > 0) == found
    monkeypatch.setattr(query, "_narrows", lambda *_: False)
    assert shell.run_line_magic("aero_list", f"{line} --limit 10000")["id"].tolist() == pushed["id"].tolist()


def test_what_the_server_narrows_is_not_read_whole(influent: Any) -> None:
    narrowed = query.QueryResult(aero_jupyter.current(), query.ListQuery("data", text="influent"))
    everything = query.QueryResult(aero_jupyter.current(), query.ListQuery("data"))
    assert len(narrowed.pages.page(1)) == narrowed.pages.total
    assert everything.pages.page(1)
    assert narrowed.pages.total < (everything.pages.total or 0)


def test_versions_are_narrowed_and_sorted(influent: Any) -> None:
    every = aero_jupyter.frame("version", "influent", sort="-version")
    assert every["version"].is_monotonic_decreasing
    assert aero_jupyter.frame("version", "influent", where={"version": "1"})["version"].tolist() == [1]


def test_what_was_searched_is_narrowed_and_sorted_too(influent: Any) -> None:
    client = aero_jupyter.local().client
    for name in ("weir_blue", "weir_red_2", "weir_red_1"):
        client.post("data/source", data={"name": name, "url": f"https://example.org/{name}.csv"})
    found = aero_jupyter.frame("data", "weir*", where={"name": "weir_red*"}, sort="name")
    assert found["name"].tolist() == ["weir_red_1", "weir_red_2"]
    with pytest.raises(aero_jupyter.AeroError, match="no column 'colour'"):
        aero_jupyter.frame("data", "weir*", sort="colour")
