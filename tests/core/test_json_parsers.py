"""Foreign and stored JSON is parsed in one place, `core/safe_parsing`, whose only error is a ValueError."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.jobs.column_types import decode_column
from aero_jupyter.jobs.table_json import read_json_table

PACKAGE = Path(__file__).parents[2] / "aero_jupyter"
DEEP = "[" * 200_000
#: The files that call the parser of the standard library, and why.
ALLOWED = {
    "core/safe_parsing.py": "the one place",
    "api/registration.py": "a copy of values that were serialized one step earlier",
    "client/methods/contents.py": "an example in a docstring",
    "notebook/widgets/view_widget.py": "a copy of a view that was serialized one step earlier",
    "notebook/registration/dry_run_driver.py": "the text of a child without this package reads its parent's file",
    "notebook/source_facts.py": "a shell command reads the file of the local AERO",
    "service/catalogue/flow_cycles.py": "a column that only the service writes",
    "service/catalogue/run_records.py": "a column that only the service writes",
    "service/catalogue/runs.py": "a column that only the service writes",
    "service/catalogue/commits.py": "a column that only the service writes",
    "service/catalogue/dataset_rows.py": "a column that only the service writes",
    "service/catalogue/serializers.py": "columns that only the service writes",
    "service/catalogue/triggers.py": "a column that only the service writes",
    "service/engine/compute_tasks.py": "a column that only the service writes",
    "service/http/routers/data.py": "a column that only the service writes",
    "testing/rehearsal.py": "the content of a version that the rehearsal made",
}


def test_no_other_module_parses_json_itself() -> None:
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if re.search(r"\bjson\.loads?\(", path.read_text("utf-8"))
    }
    assert found <= set(ALLOWED)


@pytest.mark.parametrize("text", [DEEP, f'{{"a": {DEEP}', f"{DEEP}\n{DEEP}"])
def test_a_table_that_is_nested_too_deeply_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        read_json_table(io.BytesIO(text.encode()), "utf-8", {})


def test_a_column_that_is_nested_too_deeply_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        decode_column([DEEP], {"kind": "json", "dtype": "object", "empty": False})


def test_the_parser_raises_nothing_else() -> None:
    for text in (DEEP, "{", "\ud800", b"\xff\xfe", ""):
        with pytest.raises(ValueError, match=r".*"):
            parse_json(text)
