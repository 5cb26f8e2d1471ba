"""A misspelt setting is named, with the nearest name that exists, instead of being ignored without a word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aero_jupyter.core.config import profile_from
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.setting_names import ENVIRONMENT_NAMES, unknown_settings

ROOT = Path(__file__).parents[2]
PROFILE = {"client_uuid": "c", "portal_client_id": "p", "cache_dir": "x"}


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("AERO_LOCAL_TIMOUT", "AERO_LOCAL_TIMEOUT"),
        ("AERO_SEVRER", "AERO_SERVER"),
        ("AERO_LOCAL_PULL_BYTE", "AERO_LOCAL_PULL_BYTES"),
    ],
)
def test_a_misspelt_variable_is_named_with_the_nearest_name(name: str, nearest: str) -> None:
    (sentence,) = unknown_settings({name: "1", "PATH": "/bin", "AERO_SERVER": "local"})
    assert sentence == f"{name} is set but is not a setting, so it is ignored. Did you mean {nearest}?"


def test_the_value_of_a_misspelt_variable_is_not_shown() -> None:
    assert "s3cret" not in "".join(unknown_settings({"AERO_ACESS_TOKEN": "s3cret"}))


def test_a_variable_like_no_setting_is_still_named() -> None:
    assert list(unknown_settings({"AERO_ZZZ": "1"})) == ["AERO_ZZZ is set but is not a setting, so it is ignored."]


def test_every_setting_of_the_package_and_its_documentation_is_known() -> None:
    texts = [path.read_text("utf-8") for path in (ROOT / "aero_jupyter").rglob("*.py")]
    used = {name for text in texts for name in re.findall(r"[\"'](AERO_[A-Z]+(?:_[A-Z]+)*)[\"']", text)}
    documented = set(re.findall(r"`(AERO_[A-Z_]+)`", (ROOT / "docs" / "settings.md").read_text("utf-8")))
    assert used <= set(ENVIRONMENT_NAMES)
    assert documented == set(ENVIRONMENT_NAMES)


@pytest.mark.parametrize(
    ("key", "nearest"),
    [("servr", "server"), ("colections", "collections"), ("collection_host", "collection_hosts"), ("Server", "server")],
)
def test_a_misspelt_key_of_the_configuration_file_is_refused(key: str, nearest: str) -> None:
    with pytest.raises(InvalidArgument, match=f"has no setting '{key}'") as refused:
        profile_from({"default": {**PROFILE, key: "x"}}, {})
    assert f"Did you mean {nearest}?" in refused.value.cure


def test_a_misspelt_key_of_the_legacy_format_is_refused() -> None:
    legacy = {"client_uuid": "c", "portal_client_id": "p", "aero": {"cache_dir": "x", "srever": "https://a.example"}}
    with pytest.raises(InvalidArgument, match="has no setting 'srever'"):
        profile_from(legacy, {})


def test_a_key_of_another_program_is_accepted() -> None:
    assert profile_from({"default": {**PROFILE, "editor": "vi"}}, {}) is not None
