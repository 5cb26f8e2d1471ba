"""`%%aero_register --replace --preview`: what would change, before an edited function is registered."""

import aero_jupyter

MADE = """%%aero_register --input influent=influent --output "previewed level" {options}
import pandas as pd

def previewed(influent: pd.DataFrame):
    table = influent[["sample_collect_date", "sars_cov_2"]].copy()
    table["sars_cov_2"] = table["sars_cov_2"] * {factor}
    {more}
    return table
"""
FOLLOWING = """%%aero_register --input level="previewed level" --output "previewed sum"
def summed(level):
    return level
"""


def made(options="", factor=1, more="") -> str:
    return MADE.format(options=options, factor=factor, more=more)


def result_of(shell, cell):
    assert shell.run_cell(cell).success
    return shell.user_ns["_aero"]


def test_the_last_versions_are_compared_and_nothing_is_registered(shell, error_lines, influent):
    lines = error_lines(made("--replace --preview 2"))
    assert lines[0] == "No flow makes previewed level, so none would be replaced."
    assert shell.run_cell(made()).success
    assert shell.run_cell('%aero_get "previewed level" --wait 120').success
    assert shell.run_cell(FOLLOWING).success
    client = aero_jupyter.current().client
    flow = client.resolve_flow("previewed")

    found = result_of(shell, made("--replace --preview 2", 2))
    assert len(found.diffs) == len(client.versions(flow.outputs[0].id)[-2:])
    rows = len(aero_jupyter.read("previewed level@1"))
    assert found.diffs[0].counts["changed"] == rows
    assert found.failures == ()
    assert found.followers == ("summed → previewed sum",)
    text = repr(found)
    assert text.startswith(f"Nothing was registered. To replace previewed ({flow.id[:8]}), run the cell without --pre")
    assert "Flows that follow: summed → previewed sum." in text
    assert "previewed level@1 -> the new function" in text
    assert "summed → previewed sum" in found._repr_html_()
    assert client.resolve_flow("previewed").function_id == flow.function_id

    same = result_of(shell, made("--replace --preview 1"))
    assert same.diffs[0].counts["unchanged"] == rows
    failing = result_of(shell, made("--replace --preview 1", more="raise ValueError('no')"))
    assert failing.diffs == ()
    assert failing.failures[0].endswith("was not compared: ValueError: no")


def test_a_preview_that_cannot_be_made_is_refused(shell, error_lines, influent):
    assert error_lines(made("--preview 2"))[1] == "Write: --replace --preview 3"
    source = "%%aero_register --source raw=https://example.org/x.csv --output influent --replace --preview 1\n"
    assert error_lines(f"{source}def take_in(raw):\n    return raw\n")[0]
