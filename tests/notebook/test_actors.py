"""Errors name who failed: the function, the writing of its result, its input, or the endpoint."""

from __future__ import annotations

from typing import Any

import pytest

UNWRITABLE = """%%aero_register --output {output}
import pandas as pd

class Odd:
    def __str__(self):
        raise {error}

    __repr__ = __str__

def {name}():
    return pd.DataFrame({{"a": [Odd()]}})
"""


@pytest.mark.parametrize(
    ("name", "output", "error"),
    [
        ("odd_csv", "odd_csv", "OSError(28, 'No space left on device')"),
        ("odd_parquet", "odd.parquet", "TypeError('mixed types')"),
        ("odd_value", "odd_value", "ValueError('no such codec')"),
    ],
)
def test_a_result_that_cannot_be_written_is_not_an_error_of_the_function(
    shell: Any, error_lines: Any, name: str, output: str, error: str
) -> None:
    assert shell.run_cell(UNWRITABLE.format(name=name, output=output, error=error)).success
    lines = error_lines(f"%aero_run {name}")
    assert lines[0].startswith(f"Output {output} ")
    assert "raised" not in lines[0]


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ("{'level': [1.0, float('nan')]}", "f() returned NaN at ['level'][1], which JSON cannot hold."),
        ("float('inf')", "f() returned infinity, which JSON cannot hold."),
        ("{2026: 1}", "the key 2026 would become a text"),
    ],
)
def test_a_number_that_json_cannot_hold_is_named(error_lines: Any, returned: str, words: str) -> None:
    lines = error_lines(f"%%aero_run\ndef f():\n    return {returned}\n")
    assert words in lines[0]


def test_what_goes_to_standard_error_is_shown_with_the_result(shell: Any, capsys: Any) -> None:
    cell = "%%aero_run\nimport logging, sys, warnings\ndef f():\n"
    cell += '    print("out")\n    sys.stderr.write("err\\n")\n    logging.warning("logged")\n'
    cell += '    warnings.warn("warned")\n    return 1\n'
    assert shell.run_cell(cell).result == 1
    shown = capsys.readouterr().out
    for words in ("out", "err", "WARNING:root:logged", "UserWarning: warned"):
        assert words in shown
