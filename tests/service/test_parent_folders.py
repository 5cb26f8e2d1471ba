"""A folder above AERO_HOME that other users can write into lets them replace it: refused, as ssh does."""

from __future__ import annotations

from pathlib import Path

import pytest

from aero_jupyter.core.errors import LocalServiceFailed
from aero_jupyter.service import local_home


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o722])
@pytest.mark.parametrize("below", ["home", "one/two/home"])
@pytest.mark.parametrize("exists", [True, False])
def test_a_home_that_others_could_replace_is_refused(tmp_path: Path, mode: int, below: str, exists: bool) -> None:
    parent, home = tmp_path / "open", tmp_path / "open" / below
    parent.mkdir()
    if exists:
        home.mkdir(parents=True, mode=0o700)
    parent.chmod(mode)
    with pytest.raises(LocalServiceFailed, match="they can write into") as caught:
        local_home.require_own(home)
    assert f"chmod go-w {parent}" in caught.value.cure
    parent.chmod(0o755)
    local_home.require_own(home)


def test_a_sticky_folder_above_is_fine(tmp_path: Path) -> None:
    parent = tmp_path / "shared"
    parent.mkdir()
    parent.chmod(0o1777)
    local_home.require_own(parent / "home")


def test_a_link_is_followed_before_the_folders_above_are_checked(tmp_path: Path) -> None:
    (tmp_path / "open" / "home").mkdir(parents=True)
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "link").symlink_to(tmp_path / "open" / "home")
    with pytest.raises(LocalServiceFailed, match="they can write into"):
        local_home.require_own(tmp_path / "link")
