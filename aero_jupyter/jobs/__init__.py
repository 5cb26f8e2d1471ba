"""What runs on an endpoint: the pull, the wrapper around a user's function, and the commit.

The text of these modules travels in front of every registered function (`text`), so it needs Python 3.10 and
requests there, and nothing of this package.
"""

from __future__ import annotations

from aero_jupyter.jobs.commit import commit_analysis, database_commit
from aero_jupyter.jobs.once import run_once
from aero_jupyter.jobs.outputs import AeroOutput
from aero_jupyter.jobs.pull import download
from aero_jupyter.jobs.run import run_user, stage
from aero_jupyter.jobs.travel import text
from aero_jupyter.jobs.versions import get_versions
from aero_jupyter.jobs.web import AeroJobError

__all__ = [
    "AeroJobError",
    "AeroOutput",
    "commit_analysis",
    "database_commit",
    "download",
    "get_versions",
    "run_once",
    "run_user",
    "stage",
    "text",
]
