"""AERO_HOME that is no folder: every command and every magic says so in a sentence, and writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from aero_jupyter.cli import main
from aero_jupyter.notebook import extension
from aero_jupyter.session import connections as session

#: Each command with its arguments; {file} is where a backup is written to or brought back from.
COMMANDS = [
    ["local", "start"], ["local", "stop"], ["local", "status"], ["local", "logs"], ["local", "check"],
    ["local", "backup", "{file}"], ["local", "restore", "{file}"], ["local", "rebuild"], ["local", "gc"],
    ["status"], ["list", "data"], ["list", "flow"], ["list", "prov"], ["list", "run"], ["search", "x"],
    ["search", "x", "--scan"], ["versions", "x"], ["get", "x"], ["get", "x", "-o", "{file}"], ["login"], ["logout"],
    ["doctor"], ["types"], ["create", "-n", "x", "-u", "https://h.example/x.csv"], ["delete-flows", "x"],
    ["cite", "x"], ["export", "x", "a.zip"], ["keep", "x"], ["notices"], ["endpoint", "list"],
    ["endpoint", "remove", "x"],
]  # fmt: skip
#: The demo runs on a folder of its own, completion needs none; the others read a file before they look at the folder.
ELSEWHERE = {"completion", "demo", "register", "configure"}
FUNCTION = "def f(raw):\n    return raw\n"
MAGICS: dict[str, tuple[str, str | None]] = {
    "aero_login": ("", None), "aero_logout": ("", None), "aero_status": ("", None), "aero_search": ("x", None),
    "aero_list": ("data", None), "aero_endpoints": ("", None), "aero_versions": ("x", None), "aero_get": ("x", None),
    "aero_lineage": ("x", None), "aero_panel": ("", None), "aero_run": ("x", None),
    "aero_types": ("", None), "aero_notify": ("x", None), "aero_delete_flows": ("x", None),
    "aero_diff": ("x@1 x@2", None), "aero_revisions": ("x --value n", None),
    "aero_cite": ("x", None), "aero_export": ("x a.zip", None), "aero_lock": ("", None),
    "aero_replay": ("x y", None),
    "aero_register line": ("--source raw=https://h.example/a.csv", None),
    "aero_run cell": ("", FUNCTION), "aero_register": ("--source raw=https://h.example/a.csv --output f", FUNCTION),
}  # fmt: skip
#: They show the last error of this kernel, and read the lock file before they look at the folder.
LOCAL = {"aero_traceback", "aero_check"}


#: What AERO_HOME is, below the test's folder, and what is said of it.
FAULTS = {
    "notes.txt": "is a file, not a folder.",
    "notes.txt/aero": "is a file, not a folder.",
    "link": "is a file, not a folder.",
    "dangling/aero": "is a broken link.",
    "loop": "is a broken link.",
    "~no_such_user_here/aero": "and there is no such user.",
}


@pytest.fixture(params=FAULTS)
def fault(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "notes.txt").write_text("mine")
    for link, target in (("link", "notes.txt"), ("dangling", "gone"), ("loop", "loop")):
        (tmp_path / link).symlink_to(tmp_path / target)
    before = sorted(tmp_path.iterdir())
    named = request.param if request.param.startswith("~") else str(tmp_path / request.param)
    monkeypatch.setenv("AERO_HOME", named)
    monkeypatch.setattr(session, "_current", None)
    yield FAULTS[request.param]
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert sorted(tmp_path.iterdir()) == before


def require_sentence(text: str, fault: str) -> None:
    assert fault in text, text
    assert "Set AERO_HOME to a folder." in text
    assert "Traceback" not in text


def test_every_command_says_it(fault: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in COMMANDS:
        code = main.main([word.format(file=tmp_path / "backup.tar") for word in words])
        output = capsys.readouterr()
        assert code == 1, words
        require_sentence(output.out + output.err, fault)
        assert len((output.out + output.err).splitlines()) <= (14 if words == ["doctor"] else 2), words


def test_no_command_is_left_out() -> None:
    commands = next(action for action in main._parser()._actions if action.choices)
    assert {words[0] for words in COMMANDS} | ELSEWHERE == set(commands.choices or ())
    parts = next(action for action in commands.choices["local"]._actions if action.choices)  # type: ignore[index,call-overload]
    assert {words[1] for words in COMMANDS if words[0] == "local"} == set(parts.choices)


@pytest.fixture(scope="module")
def magics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        shell = InteractiveShell()
        shell.history_manager.enabled = False
        extension.load(shell)
        yield shell
        extension.unload(shell)


def test_every_magic_says_it(fault: str, magics: Any) -> None:
    for name, (line, cell) in MAGICS.items():
        mark = "%%" if cell is not None else "%"
        result = magics.run_cell(f"{mark}{name.partition(' ')[0]} {line}\n{cell or ''}")
        error = result.error_before_exec or result.error_in_exec
        message = "\n".join(error._render_traceback_()) if error is not None else repr(result.result)
        require_sentence(message, fault)
        assert len(message.splitlines()) <= 2, (name, message)


def test_no_magic_is_left_out(magics: Any) -> None:
    found = {name for kind in magics.magics_manager.magics.values() for name in kind if name.startswith("aero_")}
    assert {name.partition(" ")[0] for name in MAGICS} | LOCAL == found
