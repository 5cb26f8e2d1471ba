"""A state has a colour as well as a sign and a word, and its contrast suffices in the light and the dark theme."""

from __future__ import annotations

import re

import pytest

from aero_jupyter.core.models import Run
from aero_jupyter.core.run_states import RUN_STATES
from aero_jupyter.notebook.tables.aero_frame import framed
from aero_jupyter.notebook.tables.cell_format import tone
from aero_jupyter.notebook.widgets.frontend import style

#: Text and backgrounds of JupyterLab's themes: of cells, and of selected rows.
THEMES = {"light": ("#212121", ["#ffffff", "#eeeeee"]), "dark": ("#ffffff", ["#111111", "#424242"])}
MIXED = re.compile(r"\.(\w+) \{ color: color-mix\(in srgb, (#\w{6}) (\d+)%, currentColor\); \}")


def channels(colour: str) -> list[float]:
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def luminance(colour: list[float]) -> float:
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("theme", THEMES)
def test_the_contrast_of_states_is_at_least_4_5(theme: str) -> None:
    text, backgrounds = THEMES[theme]
    found = MIXED.findall(style())
    assert {name for name, _, _ in found} == {"bad", "good", "active", "warn"}
    for name, colour, share in found:
        part = int(share) / 100
        mixed = [part * one + (1 - part) * other for one, other in zip(channels(colour), channels(text), strict=True)]
        for background in backgrounds:
            light, dark = sorted((luminance(mixed), luminance(channels(background))), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (name, background)


def test_failed_running_and_finished_runs_differ() -> None:
    assert len({tone("state", state) for state in ("failed", "running", "done", "unchanged")}) == 4
    assert all(tone("description", state) == "" for state in RUN_STATES)


def test_the_snapshot_shows_states_in_colour_and_times_in_utc() -> None:
    shown = framed(None, [Run("r" * 12, "f", "failed"), Run("q" * 12, "f", "unchanged")], shape="run")._repr_html_()
    assert re.search(r"color-mix\(in srgb,#\w+ 45%,currentColor\)\"[^>]*>✕ failed", shown)
    assert shown.count("color-mix") == 1
