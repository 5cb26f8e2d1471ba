"""Checks of `%%aero_register`: an error makes no version and starts nothing, a warning marks the version."""

from __future__ import annotations

import pytest
from support.file_site import FileSite
from support.http_serving import serve_in_thread

import aero_jupyter
from aero_jupyter.service.maintenance.garbage import gc

MADE = """%%aero_register --output {output} --policy none {options}
import pandas as pd

def {output}():
    return pd.DataFrame({{"geo": ["A", "A", "B"], "cases": [1, -7, 3]}})
"""
FOLLOWER = """%%aero_register --input table={output} --output {output}_after
def {output}_after(table):
    return table
"""


def registered(shell, output, options):
    result = shell.run_cell(MADE.format(output=output, options=options))
    assert result.success, result.error_in_exec
    return result.result


@pytest.mark.slow
def test_an_error_makes_no_version_shows_the_rows_and_starts_no_other_flow(shell, error_lines) -> None:
    registered(shell, "checked_hard", '--check "cases >= 0" --check "warning: unique geo"')
    shell.run_cell(FOLLOWER.format(output="checked_hard"))
    text = " ".join(error_lines("%aero_run checked_hard --timeout 120"))
    assert "Output checked_hard fails its check 'cases >= 0': 1 of 3 rows do not meet it." in text
    client = _client()
    data = client.resolve_data("checked_hard")
    run = client.list("run", match=client.resolve_flow("checked_hard").id).page(1)[0]
    assert run.error.splitlines()[1:] == ["row  cases  geo", "2    -7     A"]
    assert client.versions(data.id) == []
    follower = client.resolve_flow("checked_hard_after")
    assert list(client.list("run", match=follower.id)) == []


@pytest.mark.slow
def test_a_warning_marks_the_version_wherever_it_is_shown(shell, aero_home) -> None:
    registered(shell, "checked_softly", '--check "warning: cases >= 0" --check "columns"')
    assert shell.run_cell("%aero_run checked_softly --timeout 120").success
    client = _client()
    assert gc(aero_home, fresh=0.0)[0] >= 0
    with pytest.warns(UserWarning, match="its checks warned: cases >= 0: 1 of 3 rows do not meet it"):
        frame = client.read(client.resolve_data("checked_softly").id)
    assert frame.attrs["aero"]["warnings"] == [{"check": "cases >= 0", "reason": "1 of 3 rows do not meet it"}]
    versions = shell.run_cell("%aero_versions checked_softly").result
    assert versions["checks"].tolist() == ["warned"]
    card = shell.run_cell("import aero_jupyter\naero_jupyter.flow('checked_softly')").result
    assert "▲ checks warned" in str(card)


@pytest.mark.slow
def test_frozen_columns_are_those_of_the_newest_version(shell, error_lines) -> None:
    registered(shell, "checked_columns", "--check columns")
    assert shell.run_cell("%aero_run checked_columns --timeout 120").success
    changed = MADE.format(output="checked_columns", options="--check columns --replace").replace("geo", "place")
    assert "column geo is missing and column place is new" in " ".join(
        error_lines(changed.replace("--replace", "--replace --dry-run"))
    )
    assert shell.run_cell(changed).success
    assert "column geo is missing and column place is new" in " ".join(
        error_lines("%aero_run checked_columns --timeout 120")
    )


@pytest.mark.slow
def test_a_source_without_a_function_is_checked_where_it_arrives(shell, error_lines) -> None:
    register = (
        '%aero_register --source checked_source={site.url}a.csv --check "cases >= 0" --check "warning: unique geo" '
        "--policy event"
    )
    with serve_in_thread(FileSite()) as site:
        shell.user_ns["site"], site.content = site, b"geo,cases\nA,1\nA,-7\n"
        assert shell.run_cell(register).success
        client = _client()
        flow = client.resolve_data("checked_source")
        (maker,) = client.attached(flow.id, 8)[0]
        failed = client.wait_for_run(client.run_flow(maker.id).id, 120)
        assert failed.error.splitlines() == [
            "Output checked_source fails its check 'cases >= 0': 1 of 2 rows do not meet it.", "row  cases  geo",
            "2    -7     A",
        ]  # fmt: skip
        assert client.versions(flow.id) == []
        site.content = b"geo,cases\nA,1\nA,7\n"
        assert client.wait_for_run(client.run_flow(maker.id).id, 120).state == "done"
        assert [version.has_warnings for version in client.versions(flow.id)] == [True]
        with pytest.warns(UserWarning, match="its checks warned: unique geo"):
            assert aero_jupyter.read("checked_source")["cases"].tolist() == [1, 7]


def test_checks_of_a_source_without_copies_and_of_a_file_are_refused(shell, error_lines) -> None:
    line = "%aero_register --source checked_uncopied=https://example.org/a.csv --no-copy --check columns"
    assert "--check is for a download" in " ".join(error_lines(line))
    assert "--file and --check were given." in " ".join(error_lines("%aero_register --file flows.yaml --check columns"))


@pytest.mark.slow
def test_a_dry_run_makes_the_checks(shell, error_lines) -> None:
    cell = MADE.format(output="checked_dry", options='--dry-run --check "rows > 5"')
    assert "fails its check 'rows > 5': it has 3 rows" in " ".join(error_lines(cell))


@pytest.mark.slow
def test_other_checks_are_a_difference_to_the_registered_flow(shell, error_lines) -> None:
    registered(shell, "checked_again", '--check "rows > 0"')
    registered(shell, "checked_again", '--check "rows > 0"')
    text = " ".join(error_lines(MADE.format(output="checked_again", options='--check "warning: rows > 1"')))
    assert "its checks were rows > 0" in text
    assert "--replace" in text


def test_a_check_that_is_not_understood_stops_the_registration(shell, error_lines) -> None:
    text = " ".join(error_lines(MADE.format(output="checked_never", options='--check "cases => 0"')))
    assert "The check 'cases => 0' is not understood" in text
    assert "rows > 0" in text


def test_checks_of_a_file(shell, error_lines, tmp_path) -> None:
    file = tmp_path / "checks.yaml"
    file.write_text("- rows > 3\n- check: unique geo\n  severity: warning\n  output: checked_file\n")
    cell = MADE.format(output="checked_file", options=f"--dry-run --check {file}")
    assert "fails its check 'rows > 3'" in " ".join(error_lines(cell))
    file.write_text("- check: rows > 3\n  level: warning\n")
    assert "checks.yaml, check 1" in " ".join(error_lines(cell))


def test_a_pandera_schema_is_sent_or_is_refused(shell, error_lines) -> None:
    pytest.importorskip("pandera")
    shell.run_cell(
        "import pandera.pandas as pa\n"
        "schema = pa.DataFrameSchema({'cases': pa.Column(int, pa.Check.ge(0))})\n"
        "own = pa.DataFrameSchema({'cases': pa.Column(int, pa.Check(lambda column: column > 0))})"
    )
    cell = MADE.format(output="checked_schema", options="--dry-run --check {schema}")
    text = " ".join(error_lines(cell))
    assert "fails its check 'pandera schema': 1 failures (cases: greater_than_or_equal_to(0))" in text
    assert "cannot be sent" in " ".join(error_lines(cell.replace("{schema}", "{own}")))


def _client():
    from aero_jupyter.session import current

    return current().client


@pytest.mark.slow
def test_a_promise_of_the_registration_is_shown_on_the_cards(shell, error_lines) -> None:
    registered(shell, "promised_table", '--expect "daily by 23:59 UTC"')
    shown = shell.run_cell("import aero_jupyter\naero_jupyter.flow('promised_table')").result
    assert "promised_table: Expected daily by 23:59 UTC: " in str(shown)
    text = " ".join(error_lines(MADE.format(output="promised_never", options='--expect "now and then"')))
    assert "is no freshness promise" in text
    assert "weekly by Wed" in text
