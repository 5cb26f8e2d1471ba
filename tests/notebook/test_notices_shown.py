"""Notices in the workbench: quiet, newest first, without new versions, and dismissed for good."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, cast

import pytest
from support.panel_threads import wait_for_panel_threads

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.notice_targets import NOTICE_EVENTS
from aero_jupyter.core.wire import LOCAL, NEWEST
from aero_jupyter.notebook.panels.workbench.notice_list import NoticeList
from aero_jupyter.notebook.widgets import tree as trees

FAILING = "def fail_noticed():\n    raise ValueError('row 42')\n"


@pytest.fixture(scope="module")
def names(aero: Any) -> list[str]:
    """Return two datasets whose flows failed, the first one first."""
    session = aero_jupyter.local()
    names = ["noticed <b>first</b>", "noticed second"]
    for name in names:
        flow = session.register(portable(FAILING, "fail_noticed"), outputs=[name])
        assert session.client.wait_for_run(session.client.run_flow(flow.id).id, 120).state == "failed"
    return names


def lines(bench: Any, names: list[str]) -> list[str]:
    """Return the notices about these datasets that a workbench shows."""
    texts = [node["text"] for node in trees.walk(bench.tree()) if node["is"] == "text"]
    return [text for text in texts if any(name in text for name in names)]


def opened() -> Any:
    bench = aero_jupyter.panel()
    assert bench.look()
    return bench


def keys(bench: Any, name: str) -> list[str]:
    """Return the keys of the buttons that dismiss the notices about a dataset."""
    rows = [node for node in trees.walk(bench.tree()) if node["is"] == "row" and name in str(node)]
    return [child["more"]["key"] for row in rows for child in row["children"] if child.get("do") == "dismiss"]


def test_notices_are_folded_newest_first_and_dismissed_for_good(names: list[str]) -> None:
    bench = opened()
    folds = [node for node in trees.walk(bench.tree()) if node["is"] == "fold"]
    assert [node["open"] for node in folds] == [False]
    assert folds[0]["label"].endswith("notices")
    shown = lines(bench, names)
    assert [name for text in shown for name in names if name in text] == names[::-1]
    assert all(text.startswith("✕ ") and "failed." in text and "row 42" not in text for text in shown)
    assert "<b>first" not in bench._repr_html_()
    (key,) = keys(bench, names[1])
    bench.act({"do": "dismiss", "key": key})
    assert len(lines(bench, names)) == 1
    # Another workbench, as in another kernel.
    assert len(lines(opened(), names)) == 1
    bench.act({"do": "dismiss all"})
    assert [node for node in trees.walk(bench.tree()) if node["is"] == "fold"] == []
    wait_for_panel_threads()


class ClientWithNotices:
    """A client of a server with a notice of each event; `is_local` is whether the server records any."""

    base_url = "http://127.0.0.1:9/with notices/"

    def __init__(self, is_local: bool) -> None:
        self.dialect = LOCAL if is_local else NEWEST

    def notices(self, limit: int) -> list[dict[str, str]]:
        assert self.dialect is LOCAL
        now = datetime.now(timezone.utc).isoformat()
        ages = dict.fromkeys(NOTICE_EVENTS, now) | {"late": "2026-01-01T00:00:00Z"}
        return [{"key": f"k {event}", "event": event, "text": event, "created_at": at} for event, at in ages.items()]


class SessionWithNotices:
    """A session with that client."""

    def __init__(self, is_local: bool) -> None:
        self.client = ClientWithNotices(is_local)


@pytest.mark.parametrize(("is_local", "shown"), [(True, ["✕ failed", "▲ drifted", "✓ recovered"]), (False, [])])
def test_new_versions_and_old_notices_are_left_out(is_local: bool, shown: list[str]) -> None:
    notices = NoticeList(cast(Any, SessionWithNotices(is_local)))
    notices.fetch()
    texts = [node["text"] for root in notices.nodes() for node in trees.walk(root) if node["is"] == "text"]
    assert [" ".join(text.split()[:2]) for text in texts] == shown
