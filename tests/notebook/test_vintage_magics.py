"""`%aero_get --as-of`, `%aero_revisions` and `%aero_diff`: what they show, refuse and complete."""

from __future__ import annotations

import datetime as dt

import pytest
from IPython.core.completer import provisionalcompleter

import aero_jupyter
from aero_jupyter.notebook.magics.completion import matcher
from aero_jupyter.notebook.panels.lineage.resolve import lineage_of


@pytest.fixture
def second(shell, influent):
    """The second version of influent, as the server lists it."""
    client = aero_jupyter.current().client
    return client.versions(client.resolve_data("influent").id)[1]


def test_a_version_as_of_a_time(shell, second):
    before = (second.created_at - dt.timedelta(microseconds=1)).isoformat()
    for line in (f"influent --as-of {before}", f"influent@{before}"):
        frame = shell.run_line_magic("aero_get", line)
        assert (frame.attrs["aero"]["version"], frame.attrs["aero"]["as_of"]) == (1, before)
    newest = shell.run_line_magic("aero_get", f"influent --as-of {second.created_at.date()}")
    assert (newest.attrs["aero"]["version"], newest.attrs["aero"]["as_of"]) == (2, "now")


def test_before_the_first_version_its_time_is_named(error_lines, influent):
    lines = error_lines("%aero_get influent --as-of 2020-01-01")
    assert lines[0].startswith("influent had no version as of 2020-01-01; version 1 was made at 2")
    assert lines[1] == "Read the first version: influent@1"


def test_a_version_and_a_time_are_not_named_at_once(error_lines, influent):
    assert (
        error_lines("%aero_get influent@1 --as-of 2026-01-05")[0]
        == "influent@1 and as of 2026-01-05 name two versions."
    )


def test_the_lineage_of_a_version_as_of_a_time(shell, second):
    client = aero_jupyter.current().client
    before = (second.created_at - dt.timedelta(microseconds=1)).isoformat()
    assert lineage_of(client, f"influent@{before}") == lineage_of(client, "influent@1")


def test_the_differences_of_two_versions(shell, influent):
    found = shell.run_line_magic("aero_diff", "influent@1 influent@2")
    assert found.keys == ("sample_collect_date",)
    assert found.counts["added"] > 0
    assert str(found).startswith("influent@1 -> influent@2, by sample_collect_date (guessed): ")
    by_rows = shell.run_line_magic("aero_diff", "influent@1 influent@2 --keys sample_collect_date,sars_cov_2")
    assert by_rows.keys == ("sample_collect_date", "sars_cov_2")


def test_the_revisions_of_a_dataset(shell, influent):
    found = shell.run_line_magic("aero_revisions", "influent --value sars_cov_2 --waiting 0")
    assert len(found.observations) == len(shell.run_line_magic("aero_get", "influent"))
    assert found.overall["keys"] == len(found.observations)
    assert len(shell.run_line_magic("aero_revisions", "influent").observations) <= len(found.observations)


def test_a_column_that_is_not_there_is_refused(error_lines, influent):
    assert error_lines("%aero_revisions influent --value cases") == [
        "The table has no column of values 'cases'.", "Choose from: sars_cov_2",
    ]  # fmt: skip
    assert error_lines("%aero_diff influent@1 influent@2 --keys day")[0] == "Version influent@1 has no column day."


DATED = """%%aero_register --input table=influent@{date} --output "dated level"
def follow_date(table):
    return table
"""


def test_an_input_with_a_date_is_pinned_to_the_version_in_force(shell, error_lines, second, capsys):
    before = (second.created_at - dt.timedelta(microseconds=1)).isoformat()
    assert shell.run_cell(DATED.format(date=before)).success
    assert f"influent@{before} is version 1 of influent, which is read by every run." in capsys.readouterr().out
    assert "always v1" in repr(shell.user_ns["_aero"])
    client = aero_jupyter.current().client
    run = client.wait_for_run(client.run_flow(client.resolve_flow("follow_date").id).id, 120)
    assert [version.version for version in run.used] == [1]
    used = client.provenance(1, data_id=client.resolve_data("dated level").id)[0].used
    assert [(version.data.name, version.version) for version in used] == [("influent", 1)]
    function = "def version_of(table, table_version=None):\n    return table_version"
    once = f"%%aero_run --input table=influent@{before}\n{function}"
    assert shell.run_cell(once).success
    assert shell.user_ns["_aero"] == 1
    lines = error_lines(DATED.format(date="2020-01-01"))
    assert lines[0].startswith("influent had no version as of 2020-01-01; version 1 was made at 2")


def test_the_zone_of_dates_is_configured(shell, error_lines, second):
    # In Kiritimati, 14 hours east of Greenwich, the day before that of the version ended before it was made.
    ahead = second.created_at.astimezone(dt.timezone(dt.timedelta(hours=14))).date()
    try:
        shell.run_line_magic("config", "AeroMagics.time_zone = 'Pacific/Kiritimati'")
        assert shell.run_line_magic("aero_get", f"influent@{ahead}").attrs["aero"]["version"] == 2
        assert "had no version" in error_lines(f"%aero_get influent@{ahead - dt.timedelta(days=1)}")[0]
    finally:
        shell.run_line_magic("config", "AeroMagics.time_zone = 'UTC'")


def test_a_registration_describes_its_output(shell, error_lines, influent):
    cell = "%%aero_register --input table=influent --output {name} {options}\ndef {name}(table):\n    return table\n"
    options = "--keys sample_collect_date --time sample_collect_date"
    assert shell.run_cell(cell.format(name="described_level", options=options)).success
    described = aero_jupyter.describe("described_level")
    assert (described["keys"], described["time"]) == (["sample_collect_date"], "sample_collect_date")
    assert not described["guessed"]
    lines = error_lines(cell.format(name="described_twice", options="--output other --keys geo"))
    assert lines[0] == "--keys and --time describe one output, and this registration has 2."
    assert error_lines(cell.format(name="described_not", options="--keys ,"))[0] == "--keys names no column."


@pytest.mark.parametrize("line", ["%aero_diff influ", "%aero_diff influent@1 influ", "%aero_revisions influ"])
def test_names_are_completed(shell, influent, line, monkeypatch):
    monkeypatch.setattr(matcher, "TAB_WAIT_SECONDS", 30)
    with provisionalcompleter():
        offered = [each.text for each in shell.Completer.completions(line, len(line))]
    assert "influent" in offered


def test_a_flow_is_replayed_over_the_versions_of_its_input(shell, error_lines, influent, second):
    shell.run_cell("import pandas as pd\ndef replayed(influent: pd.DataFrame, k=1):\n    return len(influent) * k")
    found = shell.run_line_magic("aero_replay", "replayed influent --versions 1,2 --kwarg k=2")
    sizes = [len(shell.run_line_magic("aero_get", f"influent@{number}")) for number in (1, 2)]
    assert found.results["value"].tolist() == [2 * size for size in sizes]
    assert shell.run_line_magic("aero_replay", f"replayed influent --since {second.created_at.isoformat()}").results[
        "version"
    ].tolist()[:1] == [2]
    assert len(shell.run_line_magic("aero_replay", "replayed influent --since 30d").results) >= 2
    assert error_lines("%aero_replay replayed influent --versions x")[0] == "'x' names no versions."
    assert error_lines("%aero_replay unheard_of influent")[0].startswith("There is no flow")


def test_a_version_by_the_time_of_its_source(error_lines, influent):
    assert error_lines("%aero_get influent --by source")[0] == "by=source needs a time."
