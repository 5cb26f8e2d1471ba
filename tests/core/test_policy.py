"""When a flow runs, as pure decisions."""

from datetime import datetime, timedelta, timezone

import pytest

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.policy import InputState, PolicyEnum, in_words, is_due, next_due, seconds_from, timer_for

NEW, SEEN, NONE = InputState(2, 1), InputState(2, 2), InputState(0, 0)


@pytest.mark.parametrize(
    ("policy", "inputs", "due"),
    [
        (PolicyEnum.ANY, [NEW, SEEN], True),
        (PolicyEnum.ANY, [SEEN, SEEN], False),
        (PolicyEnum.ANY, [NEW, NONE], False),
        (PolicyEnum.ANY, [], False),
        (PolicyEnum.ALL, [NEW, SEEN], False),
        (PolicyEnum.ALL, [NEW, NEW], True),
        (PolicyEnum.NONE, [NEW], False),
        (PolicyEnum.INGESTION_EVENT, [NEW], False),
    ],
)
def test_a_flow_follows_its_inputs_as_its_policy_says(policy, inputs, due):
    assert is_due(policy, inputs) is due


def test_missed_timers_are_caught_up_once_on_their_own_grid():
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert next_due(start, 60, start) == start + timedelta(seconds=60)
    assert next_due(start, 60, start + timedelta(seconds=605)) == start + timedelta(seconds=660)


def test_a_timer_belongs_to_the_policies_that_have_one():
    assert timer_for(PolicyEnum.INGESTION, None) == 86_400
    assert timer_for(PolicyEnum.ANY, None) is None
    for policy, timer in (
        (PolicyEnum.ANY, 5),
        (PolicyEnum.TIMER, None),
        (PolicyEnum.TIMER, 0),
        (PolicyEnum.TIMER, 10**12),
    ):
        with pytest.raises(InvalidArgument):
            timer_for(policy, timer)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30s", 30), ("5m", 300), ("6h", 21_600), ("1d", 86_400)])
def test_times_are_read(text, seconds):
    assert seconds_from(text) == seconds


@pytest.mark.parametrize("text", ["often", "", "0s", "-1d"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(InvalidArgument):
        seconds_from(text)


def test_a_policy_in_words():
    assert in_words(PolicyEnum.INGESTION, 86_400) == "downloaded every day"
    assert in_words(PolicyEnum.ANY) == "when any input changes"


@pytest.mark.parametrize("text", ["0 6 * * *", "*/15 * * * *", "0 0 1 1 *", "0 9 * * MON-FRI", "@daily"])
def test_a_cron_expression_is_refused_by_name(text):
    with pytest.raises(InvalidArgument, match="is a cron expression") as refused:
        seconds_from(text)
    assert refused.value.cure == "Write the interval: 1h, 1d or 1w."
