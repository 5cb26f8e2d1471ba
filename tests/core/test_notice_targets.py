"""The targets of notices in the configuration file: parsed, or refused with a cure; no URL is shown."""

from __future__ import annotations

from typing import Any

import pytest

from aero_jupyter.core.config import profile_from
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.notice_targets import NOTICE_EVENTS, notice_targets

URL = "https://hooks.example.org/T0/secret"


def test_a_target_receives_every_event_of_every_dataset_unless_it_chooses() -> None:
    all_of_them, some = notice_targets(
        {"notices": [{"webhook": URL}, {"apprise": "json://h", "events": ["late"], "datasets": ["case*"]}]}
    )
    assert all(all_of_them.wants(event, "any") for event in NOTICE_EVENTS)
    assert some.wants("late", "cases")
    assert not some.wants("failed", "cases")
    assert not some.wants("late", "deaths")
    assert "secret" not in repr(all_of_them)
    assert notice_targets({"default": {"server": "https://h"}}) == []


def test_a_file_with_targets_alone_leaves_the_local_aero_in_use() -> None:
    assert profile_from({"notices": [{"webhook": URL}]}, {}) is None


@pytest.mark.parametrize(
    "tables",
    [
        {"webhook": URL}, [{}], ["x"], [{"webhook": URL, "apprise": "json://h"}], [{"webhook": 3}],
        [{"webhook": "ftp://h/x"}], [{"webhook": URL, "events": ["fail"]}], [{"webhook": URL, "events": []}],
        [{"webhook": URL, "datasets": "cases"}], [{"webhok": URL}],
    ],
)  # fmt: skip
def test_other_tables_are_refused_without_their_url(tables: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        notice_targets({"notices": tables})
    assert caught.value.cure
    assert "secret" not in str(caught.value)
