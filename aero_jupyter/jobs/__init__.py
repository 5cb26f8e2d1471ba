"""The code that runs on an endpoint: the download, the call of a user's function, and the commit.

The source code of these modules precedes every registered function (`runtime_source`), so it needs Python 3.10 and
requests there, and nothing of this package.
"""

from __future__ import annotations

from aero_jupyter.jobs.aero_output import AeroOutput
from aero_jupyter.jobs.bundle import runtime_source
from aero_jupyter.jobs.commit import commit_analysis, database_commit
from aero_jupyter.jobs.download import download
from aero_jupyter.jobs.replayed_call import run_vintage
from aero_jupyter.jobs.request_errors import AeroJobError
from aero_jupyter.jobs.single_call import run_once
from aero_jupyter.jobs.task import run_user, stage
from aero_jupyter.jobs.versions import get_versions

__all__ = [
    "AeroJobError",
    "AeroOutput",
    "commit_analysis",
    "database_commit",
    "download",
    "get_versions",
    "run_once",
    "run_user",
    "run_vintage",
    "runtime_source",
    "stage",
]
