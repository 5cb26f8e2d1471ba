"""A returned table keeps its types on every way; a function that opens an input wrongly is warned of."""

from __future__ import annotations

import pandas as pd
import pytest

import aero_jupyter as aero

pytestmark = pytest.mark.slow

MAKE = """%%aero_register --output typed --output typed.parquet --output bare.json
import pandas as pd
from aero_jupyter import AeroOutput

def make_typed():
    zoned = pd.to_datetime(["2026-03-29 01:00", "2026-10-25 01:00"]).tz_localize("UTC").tz_convert("Europe/Paris")
    frame = pd.DataFrame({
        "fips": ["01001", "3_1"],
        "day": ["2026-01-01", "2026-01-02"],
        "kind": pd.Categorical(["b", None], ["c", "b"], ordered=True),
        "at": zoned,
        "n": pd.array([1, None], "Int64"),
    })
    with open("bare.json", "w") as file:
        file.write('[{"a": 1}]')
    return {"typed": frame, "typed.parquet": frame, "bare.json": "bare.json"}
"""
DTYPES = "import pandas as pd\ndef dtypes_of(x: pd.DataFrame):\n    return [str(each) for each in x.dtypes]\n"
ON = """%%aero_register --input x={name} --output {out}
import pandas as pd
def on_{n}(x: pd.DataFrame):
    return x
"""


def expected() -> pd.DataFrame:
    space: dict[str, object] = {}
    exec(
        MAKE.split("\n", 1)[1].replace(
            'return {"typed": frame, "typed.parquet": frame, "bare.json": "bare.json"}', "return frame"
        ),
        space,
    )
    return space["make_typed"]()  # type: ignore[operator]


@pytest.fixture
def typed(shell):
    for cell in (MAKE, "%aero_run make_typed"):
        assert shell.run_cell(cell).success
    return shell


@pytest.mark.parametrize("name", ["typed", "typed.parquet"])
def test_types_are_the_same_on_every_way(typed, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    frame = expected()
    pd.testing.assert_frame_equal(aero.read(name), frame)
    pd.testing.assert_frame_equal(typed.run_line_magic("aero_get", name), frame)
    assert typed.run_cell_magic("aero_run", f"--input x={name}", DTYPES) == [str(each) for each in frame.dtypes]
    n = len(name)
    for cell in (ON.format(name=name, out=f"next_{n}", n=n), f"%aero_run on_{n}"):
        assert typed.run_cell(cell).success
    pd.testing.assert_frame_equal(aero.read(f"next_{n}"), frame)
    tried = typed.run_cell_magic(
        "aero_register",
        f"--input x={name} --output o --dry-run",
        DTYPES.replace("[str(each) for each in x.dtypes]", "x"),
    )
    assert "shape (2, 5)" in tried.output


SAME_BYTES = """%%aero_register --output same --kwarg kind={kind} {more}
import pandas as pd
def same_bytes(kind):
    return pd.DataFrame({{"n": pd.Series([1, 2], dtype=kind)}})
"""


def test_the_same_bytes_with_other_types_are_a_new_version(shell):
    for more, kind in (("", "int64"), ("--replace", "Int64"), ("--replace", "Int64")):
        for cell in (SAME_BYTES.format(kind=kind, more=more), "%aero_run same_bytes"):
            assert shell.run_cell(cell).success
    assert [str(aero.read("same", n)["n"].dtype) for n in (1, 2)] == ["int64", "Int64"]
    assert len(aero.list_versions(aero.current().client.resolve_data("same").id)) == 2


OPENED = {
    "pd.read_csv(x)": ("typed.parquet", "is Parquet"),
    "pd.read_parquet(x)": ("typed", "is CSV"),
    "json.load(open(x))": ("typed", "is CSV"),
    "pd.read_csv(str(x))": ("bare.json", "is JSON"),
    "pd.read_csv(pathlib.Path(x))": ("bare.json", "is JSON"),
}
OPENS = "import json, pathlib\nimport pandas as pd\ndef opens(x):\n    frame = {call}\n    return frame\n"


@pytest.mark.parametrize("call", OPENED)
@pytest.mark.parametrize("dry", ["", "--dry-run"])
def test_an_input_opened_as_what_it_is_not_is_warned_of(typed, capsys, call, dry):
    name, words = OPENED[call]
    cell = f"%%aero_register --input x={name} --output o{len(call)} {dry} --policy none\n" + OPENS.format(call=call)
    typed.run_cell(cell)
    assert words in capsys.readouterr().out


@pytest.mark.parametrize(
    "body",
    [
        "return pd.read_csv(x)",
        "return pd.read_csv(y) if (y := x + '') else None",
        "x = x + '.csv'\n    return pd.read_parquet(x)",
        "with open(x) as file:\n        return pd.read_csv(file)",
    ],
)
def test_what_is_right_or_not_sure_is_not_warned_of(typed, capsys, body):
    cell = f"%%aero_register --input x=typed --output quiet --dry-run\nimport pandas as pd\ndef opens(x):\n    {body}\n"
    typed.run_cell(cell)
    assert "opens it with" not in capsys.readouterr().out
