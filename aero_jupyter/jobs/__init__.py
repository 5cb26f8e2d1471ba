"""The code that runs on an endpoint: the download, the call of a user's function, and the commit.

The source code of these modules precedes every registered function (`runtime_source`), so it needs Python 3.10 and
requests there, and nothing of this package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aero_jupyter.core.lazy_names import lazy_names

if TYPE_CHECKING:
    from aero_jupyter.jobs.aero_output import AeroOutput
    from aero_jupyter.jobs.bundle import runtime_source
    from aero_jupyter.jobs.commit import commit_analysis, database_commit
    from aero_jupyter.jobs.replayed_call import run_vintage
    from aero_jupyter.jobs.request_errors import AeroJobError
    from aero_jupyter.jobs.single_call import run_once
    from aero_jupyter.jobs.source_download import download
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

_HOME = {
    "AeroJobError": "request_errors",
    "AeroOutput": "aero_output",
    "commit_analysis": "commit",
    "database_commit": "commit",
    "download": "source_download",
    "get_versions": "versions",
    "run_once": "single_call",
    "run_user": "task",
    "run_vintage": "replayed_call",
    "runtime_source": "bundle",
    "stage": "task",
}

__getattr__ = lazy_names(__name__, _HOME)
