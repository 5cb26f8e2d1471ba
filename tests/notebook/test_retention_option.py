"""``--keep`` of both register magics, and the space in the status."""

from __future__ import annotations

from typing import Any

import aero_jupyter

CELL = "def kept_table():\n    import pandas as pd\n    return pd.DataFrame({'a': [1]})\n"


def stored(name: str) -> str | None:
    client = aero_jupyter.current().client
    return client.get_data(client.resolve_data(name).id).raw.get("keep")


def test_a_policy_is_stored_with_the_outputs(shell: Any) -> None:
    shell.run_cell_magic("aero_register", '--output kept_table --keep "all 30d, weekly 1y, monthly"', CELL)
    assert stored("kept_table") == "all 30d, weekly 1y, monthly"


def test_a_policy_that_is_none_registers_nothing(shell: Any, error_lines: Any) -> None:
    lines = error_lines(f'%%aero_register --output never_kept --keep "now and then"\n{CELL}')
    assert lines[0] == "'now and then' is no retention policy."
    client = aero_jupyter.current().client
    assert "never_kept" not in [data.name for data in client.list("data")]
    lines = error_lines(f"%%aero_register --keep monthly\n{CELL}")
    assert lines[0] == "--keep is about an output, and this flow has none."


def test_the_status_shows_the_space(shell: Any) -> None:
    assert "MB stored for versions of " in str(shell.run_line_magic("aero_status", ""))
