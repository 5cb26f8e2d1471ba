"""A cluster in the notebook: it is listed with the endpoints, and takes flows and single runs."""

import platform

import pytest
from support.parsl_cluster import add_local_cluster

import aero_jupyter
from aero_jupyter.testing import local_aero

pytestmark = pytest.mark.slow

FLOW = """import pandas as pd

def counts(n=3):
    return pd.DataFrame({"n": pd.Series(range(n), dtype="int16")})
"""


def test_magics_use_a_cluster_by_its_name(shell, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AERO_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir(mode=0o700)
    add_local_cluster(tmp_path / "home")
    with local_aero(tmp_path / "home"):
        listed = shell.run_line_magic("aero_endpoints", "").set_index("name")["status"]
        assert listed.to_dict() == {"local": "online", "cluster": "online"}
        card = shell.run_cell_magic("aero_register", "--output counted --endpoint cluster", FLOW)
        aero_jupyter.current().client.run_flow(card.flow.id)
        assert card.wait(120).state == "done"
        assert aero_jupyter.read("counted")["n"].dtype == "int16"
        assert (
            shell.run_cell("%%aero_run --endpoint cluster --kwarg n=1\ndef next_of(n):\n    return n + 1").result == 2
        )
        line = "--endpoint cluster --endpoint-config queue=debug"
        assert shell.run_cell(f"%%aero_run {line}\ndef three():\n    return 3").result == 3
        assert "Endpoint cluster has no template, so queue has no effect." in capsys.readouterr().out
        listed = shell.run_line_magic("aero_endpoints", "").set_index("name")["python"]
        assert listed["cluster"] == platform.python_version()
