"""The lists of the command line: as tables, as JSON, with the options of ``aero_client``, and empty."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import aero_jupyter
from aero_jupyter import api
from aero_jupyter.cli import catalogue_commands, main
from aero_jupyter.service import daemon

SECRET = "Zq8sEcReT"


@pytest.fixture(scope="module")
def listed(aero: Any) -> Any:
    """A dataset with a version, made by a flow from a source without copies."""
    session = aero_jupyter.local()
    url = f"http://minio:9000/cli-listed.csv?X-Amz-Signature={SECRET}"
    api.create_data_source("cli_listed_source", url, no_copy=True)
    flow = api.register_flow(session.endpoint, api.register_function(make_file), output_data={"cli_listed": {}})
    session.client.wait_for_run(session.client.run_flow(flow["id"]).id, 120)
    return flow


def make_file() -> Any:
    from pathlib import Path

    Path("listed.csv").write_text("n\n1\n")
    return "listed.csv"


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (("list", "data"), "name"),
        (("list", "flow"), "function_id"),
        (("list", "prov"), "flow_id"),
        (("list", "run"), "state"),
        (("list", "-i", "cli_listed"), "checksum"),
        (("versions", "cli_listed"), "checksum"),
        (("search", "cli_listed"), "name"),
        (("search", "cli_listed", "--scan"), "name"),
    ],
)
def test_each_list_is_json_of_the_servers_records(command: Any, listed: Any, words: tuple[str, ...], key: str) -> None:
    code, out, _ = command(*words, "--json")
    records = json.loads(out)
    assert (code, bool(records)) == (0, True)
    assert all(key in record for record in records)


def test_status_is_json(command: Any, listed: Any, aero: Any) -> None:
    status = json.loads(command("status", "--json")[1])
    assert (status["server"], status["dialect"]) == (aero.url, "local")
    assert status["records"]["data"] >= 2


def test_the_checks_of_doctor_are_json(command: Any, listed: Any) -> None:
    code, out, _ = command("doctor", "--json")
    checks = {each["name"]: each for each in json.loads(out)}
    assert (code, checks["server"]["is_ok"], checks["server"]["cure"]) == (0, True, "")


def test_json_shows_no_secret_of_a_url(command: Any, listed: Any) -> None:
    out = command("list", "--json")[1]
    assert "cli-listed.csv?X-Amz-Signature=" in out
    assert SECRET not in out


@pytest.mark.parametrize("kind", ["data", "flow", "prov"])
def test_the_options_of_aero_client_list_the_same(command: Any, listed: Any, kind: str) -> None:
    assert command("list", "-t", kind) == command("list", kind)
    assert command("list", "--type", kind, "--json") == command("list", kind, "--json")


def test_list_alone_lists_datasets_and_an_id_lists_versions(command: Any, listed: Any) -> None:
    assert command("list") == command("list", "data")
    data_id = listed["contributed_to"][0]["id"]
    assert command("list", "-i", data_id) == command("list", "--id", "cli_listed") == command("versions", data_id)


def test_the_options_of_a_list_exclude_each_other(listed: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main.main(["list", "-t", "flow", "-i", "cli_listed"])
    assert caught.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


def test_a_list_that_ends_early_says_so(command: Any, listed: Any) -> None:
    code, out, error = command("list", "--limit", 1)
    assert (code, len(out.splitlines())) == (0, 2)
    assert error == "There are more than 1; --limit NUMBER lists more.\n"
    assert command("list", "--limit", 100_000)[2] == ""


@pytest.mark.parametrize(
    ("words", "happened", "cure"),
    [
        (("search", "cli_nothing_of_this_name"), "No dataset matches cli_nothing_of_this_name.", "list data"),
        (("versions", "cli_listed_source"), "cli_listed_source has no versions yet.", "list flow"),
        (("list", "-i", "cli_listed_source"), "cli_listed_source has no versions yet.", "list flow"),
    ],
)
def test_an_empty_answer_says_so_and_what_to_do(
    command: Any, listed: Any, words: tuple[str, ...], happened: str, cure: str
) -> None:
    code, out, _ = command(*words)
    assert (code, happened in out) == (0, True)
    assert f"aero-jupyter {cure}" in out
    assert json.loads(command(*words, "--json")[1]) == []


def test_an_empty_catalogue_says_what_to_do(command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AERO_HOME", str(tmp_path))
    try:
        for kind, next_command in (
            ("data", "create --name NAME --url URL"),
            ("flow", "register -f FILE"),
            ("prov", "list flow"),
            ("run", "list flow"),
        ):
            code, out, _ = command("list", kind)
            assert (code, out.endswith(f"aero-jupyter {next_command}\n")) == (0, True)
            assert json.loads(command("list", kind, "--json")[1]) == []
        assert "create --type" in command("types")[1]
    finally:
        daemon.stop(tmp_path)


def run_command(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    argv = [sys.executable, "-m", "aero_jupyter", *words]
    return subprocess.run(argv, env={**os.environ, **env}, capture_output=True, text=True, timeout=120)


def test_a_log_level_writes_records_to_the_standard_error(listed: Any) -> None:
    words = ("list", "data", "--limit", "100000")
    quiet, loud = run_command(*words), run_command("-l", "debug", *words)
    assert (quiet.returncode, quiet.stderr) == (0, "")
    assert loud.stdout == quiet.stdout
    assert "DEBUG globus_sdk" in loud.stderr
    wrong = run_command("-l", "loud", "list")
    assert (wrong.returncode, "is none of DEBUG, INFO" in wrong.stderr) == (2, True)


def test_the_exit_codes_are_those_that_the_help_lists(
    command: Any, listed: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as helped:
        main.main(["--help"])
    printed = " ".join(capsys.readouterr().out.split())
    assert "0 done, 1 refused or failed, 2 no such command or option, 130 interrupted" in printed
    with pytest.raises(SystemExit) as unknown:
        main.main(["nothing"])
    monkeypatch.setattr(catalogue_commands, "print_status", interrupted)
    codes = (command("list")[0], command("versions", "cli_none")[0], unknown.value.code, command("status")[0])
    assert (helped.value.code, *codes) == (0, 0, 1, 2, 130)


@pytest.mark.parametrize("words", [["--help"], ["list", "--help"], ["register", "--help"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys\nfrom aero_jupyter.cli.main import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit: pass\n"
        "print([name for name in ('pandas', 'requests', 'globus_sdk', 'globus_compute_sdk', 'rich', 'yaml', 'shtab', "
        "'IPython', 'aero_jupyter.jobs', 'aero_jupyter.session') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_list_of_the_local_aero_imports_only_what_it_needs(aero: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # Coverage would be measured with SQLite.
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
    unneeded = (
        "pandas", "numpy", "IPython", "globus_compute_sdk", "jwt", "cryptography", "yaml", "rich", "jsonschema",
        "sqlite3",
        "aero_jupyter.auth", "aero_jupyter.compute.compute_client", "aero_jupyter.provenance", "aero_jupyter.vintages",
        "aero_jupyter.jobs.fetch_source", "aero_jupyter.jobs.tables", "aero_jupyter.client.content",
        "aero_jupyter.core.columns", "aero_jupyter.session.archives",
        "aero_jupyter.service.clusters", "aero_jupyter.service.storage",
    )  # fmt: skip
    code = (
        "import sys\nfrom aero_jupyter.cli.main import main\nassert main(['list']) == 0\n"
        f"print([name for name in {unneeded} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_installed_command_is_the_one_of_the_module(aero: Any) -> None:
    (script,) = metadata.entry_points(group="console_scripts", name="aero-jupyter")
    command = [sys.executable, "-c", f"import sys; from {script.module} import {script.attr} as run; sys.exit(run())"]
    results = [
        subprocess.run([*start, "local", "status"], capture_output=True, text=True, timeout=120, check=True)
        for start in (command, [sys.executable, "-m", "aero_jupyter"])
    ]
    assert results[0].stdout == results[1].stdout != ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh", "powershell"])
def test_each_shell_has_a_completion_script(command: Any, shell: str) -> None:
    code, out, _ = command("completion", shell)
    assert (code, "delete-flows" in out, "dry-run" in out or shell == "tcsh") == (0, True, True)


def test_bash_completes_commands_options_and_choices(command: Any, tmp_path: Path) -> None:
    script = tmp_path / "completion.sh"
    script.write_text(command("completion", "bash")[1])

    def complete(*words: str) -> set[str]:
        line = f"source {script}; COMP_WORDS=({' '.join(words)} ''); COMP_CWORD={len(words)}; _shtab_aero_jupyter; "
        done = subprocess.run(
            ["bash", "-c", line + 'printf "%s\\n" "${COMPREPLY[@]}"'], capture_output=True, text=True, timeout=60
        )
        return set(done.stdout.split())

    assert {"list", "register", "types", "completion"} <= complete("aero-jupyter")
    assert {"data", "flow", "prov", "run"} <= complete("aero-jupyter", "list")
    assert {"data", "flow"} <= complete("aero-jupyter", "list", "-t")
