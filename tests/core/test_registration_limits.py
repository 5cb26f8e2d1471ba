"""A registration that a server generation cannot honour is refused before it is sent."""

from __future__ import annotations

import pytest

from aero_jupyter.core import config, registration_body, wire
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.policy import PolicyEnum, policy_from, seconds_from


@pytest.mark.parametrize(
    ("dialect", "policy", "timer", "kwargs", "refused"),
    [
        (wire.LOCAL, PolicyEnum.ANY, None, [{"a": 1}, {"a": 2}], None),
        (wire.NEWEST, PolicyEnum.ANY, None, [{"a": 1}, {"a": 2}], "run the last of the 2 kwargs 2 times"),
        (wire.NEWEST, PolicyEnum.ANY, None, [{"a": 1}], None),
        (wire.NEWEST, PolicyEnum.INGESTION_EVENT, None, {}, None),
        (wire.NEWEST, PolicyEnum.TIMER, 60, {}, None),
        (wire.FLASK, PolicyEnum.TIMER, 3600, {}, "once a day, not every hour"),
        (wire.FLASK, PolicyEnum.INGESTION, 86_400, {}, None),
        (wire.FLASK, PolicyEnum.INGESTION_EVENT, None, {}, "has no events"),
        (wire.FLASK, PolicyEnum.ANY, None, ({"a": 1}, {"a": 2}), "run the last"),
    ],
)
def test_a_server_is_asked_only_for_what_it_does(
    dialect: wire.Dialect, policy: PolicyEnum, timer: int | None, kwargs: object, refused: str | None
) -> None:
    limit = registration_body.registration_limit(dialect, policy, timer, kwargs)
    assert (limit is None) if refused is None else refused in (limit or ("",))[0]


def test_no_policy_is_the_policy_that_never_runs() -> None:
    assert policy_from(None) is PolicyEnum.NONE
    with pytest.raises(InvalidArgument):
        policy_from([])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "seconds"), [("1 day", 86_400), ("Every 5 Minutes", 300), ("hourly", 3600), ("2w", 1_209_600)]
)
def test_times_are_read_with_their_unit(text: str, seconds: int) -> None:
    assert seconds_from(text) == seconds


@pytest.mark.parametrize("text", ["24", "0d", "", "d", "1 fortnight", "-1d", "1.5h", "²d"])
def test_a_time_without_a_clear_unit_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        seconds_from(text)


@pytest.mark.parametrize("wanted", ["lab", "prod"])
def test_a_profile_that_a_legacy_file_does_not_have_is_refused(wanted: str) -> None:
    legacy = {"client_uuid": "c", "portal_client_id": "p", "aero": {"cache_dir": "/x", "server": "https://a.example"}}
    with pytest.raises(InvalidArgument, match=f"There is no profile '{wanted}'"):
        config.profile_from(legacy, {"AERO_PROFILE": wanted})
    profile = config.profile_from(legacy, {})
    assert profile is not None
    assert profile.server == "https://a.example/"
