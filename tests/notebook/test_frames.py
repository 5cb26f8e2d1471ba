"""How records look: short ids, ages, sizes; everything escaped; and still a DataFrame."""

import re
from datetime import datetime, timezone

import pandas as pd

from aero_jupyter.core.models import Data, DataFile, Run, Version
from aero_jupyter.notebook.formatting import size_of
from aero_jupyter.notebook.settings import Settings
from aero_jupyter.notebook.tables.aero_frame import framed


def frame_of(shape, rows):
    return framed(None, rows, shape=shape)


MOST_SHOWN = Settings().max_rows
LONG = "0f2b9c1e-7b0c-4d0e-9a61-7f4a4c1d2e3f"
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


def test_what_is_made_from_a_frame_is_plain():
    frame = frame_of("data", [Data(LONG, "sewage")])
    assert isinstance(frame, pd.DataFrame)
    assert type(frame[["name"]]) is pd.DataFrame
    assert type(frame.head()) is pd.DataFrame
    assert frame.loc[0, "id"] == LONG


def test_ids_are_short_and_whole_in_the_title_times_are_ages_and_sizes_kilobytes():
    version = Version(LONG, "d", 41, "a" * 64, WHEN, file=DataFile("f", ".csv", 22_400))
    frame = frame_of("version", [version])
    shown = frame._repr_html_()
    assert f'title="{LONG}"' in shown
    assert f">{LONG[:8]}</div>" in shown
    assert " UTC</div></td>" in shown
    assert 'title="2026-01-02 03:04:05+00:00"' in shown
    assert "22 kB" in shown
    assert LONG not in repr(frame)
    assert "22 kB" in repr(frame)
    assert "1 row · as of " in repr(frame)


def test_a_run_s_state_is_a_word_with_a_shape_and_what_is_missing_is_blank():
    frame = frame_of("run", [Run("r" * 12, "f", "failed"), Run("q" * 12, "f", "queued")])
    assert "✕ failed" in frame._repr_html_()
    assert "◌ queued" in repr(frame)
    assert "None" not in repr(frame)
    assert "NaT" not in frame._repr_html_()


def test_markup_is_shown_as_itself():
    hostile = "<img src=x onerror='hit()'>\"&"
    shown = frame_of("data", [Data(LONG, hostile, description=hostile)])._repr_html_()
    assert "<img" not in shown
    assert "&lt;img src=x onerror=&#x27;hit()&#x27;&gt;&quot;&amp;" in shown


def test_a_long_frame_says_how_much_of_it_is_shown():
    frame = frame_of("data", [Data(str(number), f"d{number}") for number in range(MOST_SHOWN + 5)])
    assert f"1–{MOST_SHOWN} of {MOST_SHOWN + 5} rows · as of" in frame._repr_html_()
    assert frame._repr_html_().count("<tr>") == MOST_SHOWN + 1
    assert len(frame) == MOST_SHOWN + 5


def test_an_empty_frame_shows_its_columns():
    frame = frame_of("search", [])
    assert "name" in repr(frame)
    assert "0 rows" in frame._repr_html_()


def test_sizes():
    assert [size_of(count) for count in (0, 999, 1_500, 22_400, 5_000_000, 7e12)] == [
        "0 B", "999 B", "1.5 kB", "22 kB", "5.0 MB", "7.0 TB",
    ]  # fmt: skip


def test_what_would_steer_a_terminal_steers_none():
    frame = frame_of("data", [Data(LONG, "bell\x07\x1b[2J\x9b", description="two\nlines \u202eb \U0001f600")])
    assert "bell\\x07\\x1b[2J\\x9b" in repr(frame)
    assert "\x1b" not in repr(frame)
    assert "lines \\u202eb \U0001f600" in repr(frame)


def test_in_a_terminal_the_same_words_fit_its_width(monkeypatch):
    frame = frame_of("data", [Data(LONG, "sewage", description="d" * 200)])
    plain = repr(frame)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    lines = re.sub("\x1b\\[[0-9;]*m", "", repr(frame)).splitlines()
    assert all(len(line) <= 60 for line in lines[:-2])
    hidden = "Too narrow for size, created, url, copies, freshness, drift, id."
    assert lines[-2:] == [hidden, plain.splitlines()[-1]]
    assert "sewage" in lines[1]
