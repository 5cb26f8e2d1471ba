"""Questions across the versions of a table: what was known when, how values were revised, what differs.

Everything here is pure: DataFrames in, DataFrames out. It imports pandas, numpy and the errors of core.
"""

from __future__ import annotations

from aero_jupyter.vintages.archive import Archive
from aero_jupyter.vintages.diff import diff
from aero_jupyter.vintages.diff_text import Diff
from aero_jupyter.vintages.file_diff import FileDiff
from aero_jupyter.vintages.matching import DuplicateKeys
from aero_jupyter.vintages.replay_result import Replay
from aero_jupyter.vintages.revisions import Revisions
from aero_jupyter.vintages.weeks import week_labels

__all__ = ["Archive", "Diff", "DuplicateKeys", "FileDiff", "Replay", "Revisions", "diff", "week_labels"]
