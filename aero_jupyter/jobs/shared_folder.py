"""The files of a task that runs on a cluster: the store takes them over from a folder that both can reach."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from typing import Any

from aero_jupyter.jobs.local_store import can_hand_over


def is_on_shared_folder(aero: Mapping[str, Any]) -> bool:
    """Return whether a task reaches the store by a shared folder only, and not by HTTP."""
    return bool(aero.get("shared_folder"))


def place_on_shared_folder(
    aero: Mapping[str, Any], files: Mapping[str, str]
) -> tuple[Mapping[str, Any], dict[str, str]]:
    """Copy files of elsewhere into the folder of the run; return what `hand_over` needs.

    Parameters
    ----------
    aero : mapping
        The ``aero`` argument of the task.
    files : mapping
        Name in the store to the path of the file.
    """
    placed = {}
    for name, path in files.items():
        is_placed = can_hand_over(aero, [path])
        placed[name] = path if is_placed else os.path.join(aero["temp_dir"], name)
        if not is_placed:
            shutil.copyfile(path, placed[name])
    return {**aero, "takes_over_files": True}, placed
