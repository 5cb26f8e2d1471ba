"""`aero-jupyter get` of a table that a function returned: its bytes, and a line that its types are elsewhere."""

from __future__ import annotations

import pytest

import aero_jupyter
from aero_jupyter.cli import main
from aero_jupyter.compute.portable_function import portable

MAKE = "import pandas as pd\ndef make_codes():\n    return pd.DataFrame({'fips': ['01001', '3_1']})\n"


@pytest.fixture(scope="module")
def codes(aero):
    session = aero_jupyter.local()
    flow = session.register(portable(MAKE), outputs=["cli_codes"])
    session.client.wait_for_run(session.client.run_flow(flow.id).id, 120)


@pytest.mark.parametrize("target", ["-", "codes.csv", "other.txt"])
def test_get_writes_the_bytes_and_says_where_the_types_are(codes, capfd, tmp_path, monkeypatch, target):
    monkeypatch.chdir(tmp_path)
    main.main(["get", "cli_codes", "-o", target])
    output = capfd.readouterr()
    text = output.out if target == "-" else (tmp_path / target).read_text()
    assert text == "fips\n01001\n3_1\n"
    assert "aero.read('cli_codes')" in output.err


def test_get_writes_the_version_in_force_on_a_date(codes, capfd):
    client = aero_jupyter.current().client
    made = client.latest(client.resolve_data("cli_codes").id).created_at.date()
    assert main.main(["get", f"cli_codes@{made}", "-o", "-"]) == 0
    assert capfd.readouterr().out == "fips\n01001\n3_1\n"
    assert main.main(["get", "cli_codes@2020-01-01", "-o", "-"]) == 1
    assert "cli_codes had no version as of 2020-01-01" in capfd.readouterr().err
