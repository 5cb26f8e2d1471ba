"""Hard names over every surface: refused alike everywhere, or usable everywhere."""

from __future__ import annotations

import os
import shlex
import sqlite3
import unicodedata
from pathlib import Path
from typing import Any

import globus_sdk
import pytest
from IPython.core.completer import provisionalcompleter
from support.register_form import FilledForm

import aero_jupyter
from aero_jupyter.api import register_flow
from aero_jupyter.cli import main
from aero_jupyter.client.client import AeroClient
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.errors import ClientError, InvalidArgument
from aero_jupyter.core.name_rules import dataset_name, normal_name
from aero_jupyter.notebook.magics.completion import matcher

USABLE = [
    "two words", "O'Brien", "cafe\u0301", "Vie\u0323\u0302t.csv", "日本の川", "חולים 2024", "مرضى",
    "\u0645\u06cc\u200c\u062e\u0648", "\U0001f469\u200d\U0001f52c lab", "❤️", "OR", "NOT", "name:x", "a/b", "100%",
    "$HOME", "end;", "a|b", "a&b", "(x)", "<b>x</b>", "#1", "!x", "why?", "~", "beefcafe", "20240101", "L" * 200,
    "a > b", "x + y", "a:b.csv", "%aero", "[1]",
]  # fmt: skip
REFUSED = [
    "", "   ", " lead", "trail ", "-dash", "--output", "a@3", "a@b", "a=b", "a,b", "a*", "{x}", 'say "x"',
    "back\\slash", "a`b", "a\nb", "a\tb", "nul\0", "zero\u200bwidth", "\u202ertl", "a\u00a0b", "\ufeffa", "\u3164",
    "L" * 201, "0f8fad5b-d9cb-469f-a165-70867728950e",
]  # fmt: skip
FUNCTION = "def give():\n    import pandas as pd\n    return pd.DataFrame({'n': [1]})\n"


@pytest.fixture(scope="module")
def client(aero: Any) -> AeroClient:
    return aero_jupyter.local().client


@pytest.fixture
def kept(client: AeroClient, shell: Any) -> dict[str, str]:
    """A dataset of each usable name, added by the service's own route: name to id."""
    found = {row.name: row.id for row in client.list("data").all()}
    for name in USABLE:
        if normal_name(name) not in found:
            source = {"name": name, "url": "https://example.org/x.csv"}
            client.post("data/source", data=source)
    return {row.name: row.id for row in client.list("data").all()}


@pytest.mark.parametrize("name", USABLE)
def test_a_name_is_kept_in_one_form_and_found_in_every_place(
    name: str, kept: dict[str, str], shell: Any, client: AeroClient, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = kept[normal_name(name)]
    monkeypatch.setattr(matcher, "TAB_WAIT_SECONDS", 30)
    for form in {name, unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)}:
        typed = shlex.quote(form)
        assert client.resolve_data(form).id == id
        assert shell.run_line_magic("aero_versions", typed).empty
        listed = shell.run_line_magic("aero_list", f"data --where {shlex.quote(f'name={form}')}")
        assert list(listed["id"]) == [id]
        assert id in list(shell.run_line_magic("aero_list", f"data --text {typed}")["id"])
        assert shell.run_line_magic("aero_lineage", typed) is not None
        assert main.main(["versions", form]) == 0
        with provisionalcompleter():
            line = f"%aero_versions {typed[: len(typed) - typed.endswith(chr(39))]}"
            offers = [each.text for each in shell.Completer.completions(line, len(line))]
        assert offers, line
    assert shell.run_cell(f"%aero_versions {shlex.quote(name)}").success
    capsys.readouterr()


@pytest.mark.parametrize("name", [name for name in USABLE if any(each.isalnum() for each in name)])
def test_a_search_finds_it_in_quotes_in_both_forms(name: str, kept: dict[str, str], shell: Any) -> None:
    for form in (unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)):
        found = shell.run_line_magic("aero_search", f'name:"{form}"')
        assert kept[normal_name(name)] in list(found["id"])


@pytest.mark.parametrize("name", USABLE[::3])
def test_a_form_takes_it_as_input_and_output_and_writes_itself_as_code(
    name: str, kept: dict[str, str], shell: Any
) -> None:
    shell.run_cell("def made_of(x):\n    return x\n", store_history=True)
    filled = FilledForm(shell).set("function", "made_of").set("outputs", f"{name} 2"[:200])
    filled.set("how x", "input").set("what x", name)
    assert not [note for note in filled.notes if "cannot be the name" in note or "There is no data" in note]
    code = filled.form.as_code()
    call = code.strip().splitlines()[-1].removesuffix(".register()")
    again = eval(call, {**shell.user_ns, "aero": aero_jupyter})
    assert again.as_code().splitlines()[-1].removesuffix(".register()") == call


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_would_not_work_is_refused_by_every_door(
    name: str, shell: Any, client: AeroClient, error_lines: Any
) -> None:
    before = len(client.list("data").all())
    with pytest.raises(globus_sdk.GlobusAPIError, match="cannot be the name of a dataset") as refused:
        client.post("data/source", data={"name": name, "url": "https://example.org/x.csv"})
    assert refused.value.http_status == 422
    session = aero_jupyter.current()
    function = portable(FUNCTION, "give")
    with pytest.raises(InvalidArgument, match="cannot be the name of a dataset"):
        session.register(function, outputs=[name])
    with pytest.raises(InvalidArgument, match="cannot be the name of a dataset"):
        register_flow(session.endpoint, session.register_function(function), output_data={name: {}})
    body = {"gc_endpoint": session.endpoint, "function_uuid": session.register_function(function), "rule": -1}
    jobs = {"pull_function_uuid": None, "commit_function_uuid": None, "flow_kwargs": {}, "input_data": {}}
    with pytest.raises(ClientError, match="cannot be the name of a dataset"):
        client.register_flow({**body, **jobs, "output_data": {name: {}}})
    if name.isprintable() and name:
        lines = error_lines(f"%%aero_register --output={shlex.quote(name)}\n{FUNCTION}")
        braces = name.startswith("{")
        assert ("cannot be the name of a dataset" in lines[0]) is not braces
    assert len(client.list("data").all()) == before


@pytest.mark.parametrize("name", ["-dash", "a@3", "a=b", "{x}", "zero\u200bwidth", "L" * 201])
def test_the_form_says_why_a_name_is_refused(name: str, shell: Any) -> None:
    shell.run_cell(FUNCTION, store_history=True)
    filled = FilledForm(shell).set("function", "give").set("outputs", name)
    assert [note for note in filled.notes if note.startswith("✕") and "cannot be the name of a dataset" in note]
    assert not filled.is_enabled("Register")


def test_a_flow_of_accented_names_runs_whichever_form_is_typed(shell: Any, client: AeroClient) -> None:
    composed, decomposed = "d\u00e9bit", "de\u0301bit"
    body = f"return {{'{decomposed}': pd.DataFrame({{'n': [{composed}]}})}}"
    made = f"def measure({decomposed}=1):\n    import pandas as pd\n    {body}\n"
    assert shell.run_cell(f"%%aero_register --output {decomposed} --kwarg {decomposed}=7\n{made}").success
    assert shell.run_cell(f"%aero_run {composed}").success
    first = shell.run_line_magic("aero_get", f"{composed} --wait 180")
    assert list(first["n"]) == [7]
    use = f"def read_it({composed}):\n    import pandas as pd\n    return pd.read_csv({composed})\n"
    line = f"%%aero_register --input {decomposed}={decomposed} --output e\u0301tat"
    assert shell.run_cell(f"{line}\n{use}").success
    assert list(shell.run_line_magic("aero_get", "\u00e9tat --wait 180")["n"]) == [7]
    assert [row.name for row in client.list("data", match=decomposed)] == [composed]
    # The same registration again, in the other form, is the same flow.
    assert shell.run_cell(f"{line.replace(decomposed, composed)}\n{use}").success
    assert len([flow for flow in client.list("flow").all() if flow.function_name == "read_it"]) == 1
    twice = shell.run_cell(f"%%aero_run --kwarg {decomposed}=3\ndef twice({composed}): return {composed} * 2\n")
    assert twice.result == 6


def test_a_parameter_is_compared_as_python_reads_it(shell: Any, error_lines: Any) -> None:
    assert shell.run_cell("%%aero_run --kwarg \ufb01le=2\ndef f(\ufb01le): return file\n").result == 2
    lines = error_lines("%%aero_run --kwarg \ufb01le=2 --kwarg file=3\ndef f(file): return file\n")
    assert lines[0].startswith("--kwarg file is given twice")


def test_a_dataset_that_has_a_hard_name_already_is_still_read_by_name_and_id(aero: Any, client: AeroClient) -> None:
    names = {"e\u0301te\u0301": "\u00e9t\u00e9", "a=b": "a=b", "x@y": "x@y", 'say "hi"': 'say "hi"', "-old": "-old"}
    for stored, typed in names.items():
        client.post("data/source", data={"name": f"before {typed.strip('-')[:1]}", "url": "https://example.org/x.csv"})
        id = client.resolve_data(f"before {typed.strip('-')[:1]}").id
        with sqlite3.connect(Path(os.environ["AERO_HOME"]) / "aero.db", timeout=120) as database:
            database.execute("UPDATE data SET name = ? WHERE id = ?", (stored, id))
        for name in (stored, typed, id, id[:8]):
            assert client.resolve_data(name).id == id
    assert dataset_name("e\u0301te\u0301") == "\u00e9t\u00e9"
