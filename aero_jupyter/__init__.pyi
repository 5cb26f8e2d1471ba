"""The public names, for type checkers; each is imported at its first use."""

from IPython.core.interactiveshell import InteractiveShell

from aero_jupyter import api as api
from aero_jupyter import config as config
from aero_jupyter import demo as demo
from aero_jupyter import error as error
from aero_jupyter import jobs as jobs
from aero_jupyter import utils as utils
from aero_jupyter import vintages as vintages
from aero_jupyter._version import __version__ as __version__
from aero_jupyter.api import get_flow as get_flow
from aero_jupyter.api import globus_logout as globus_logout
from aero_jupyter.api import list_metadata as list_metadata
from aero_jupyter.api import list_versions as list_versions
from aero_jupyter.api import register_flow as register_flow
from aero_jupyter.api import register_function as register_function
from aero_jupyter.api import search_sources as search_sources
from aero_jupyter.core.errors import AeroError as AeroError
from aero_jupyter.core.errors import ClientError as ClientError
from aero_jupyter.core.policy import PolicyEnum as PolicyEnum
from aero_jupyter.jobs import AeroOutput as AeroOutput
from aero_jupyter.notebook.panels.catalogue import browse as browse
from aero_jupyter.notebook.panels.dataset.factory import dataset as dataset
from aero_jupyter.notebook.panels.flow_card import flow as flow
from aero_jupyter.notebook.panels.flow_deletion import delete_flows as delete_flows
from aero_jupyter.notebook.panels.lineage.factory import lineage as lineage
from aero_jupyter.notebook.panels.register.factory import register_form as register_form
from aero_jupyter.notebook.panels.runs.page import run as run
from aero_jupyter.notebook.panels.runs.panel import monitor as monitor
from aero_jupyter.notebook.panels.workbench.factory import panel as panel
from aero_jupyter.notebook.tables.frame import frame as frame
from aero_jupyter.session import archive as archive
from aero_jupyter.session import check_lock as check_lock
from aero_jupyter.session import cite as cite
from aero_jupyter.session import connect as connect
from aero_jupyter.session import current as current
from aero_jupyter.session import describe as describe
from aero_jupyter.session import diff as diff
from aero_jupyter.session import expect as expect
from aero_jupyter.session import export as export
from aero_jupyter.session import freshness as freshness
from aero_jupyter.session import keep as keep
from aero_jupyter.session import local as local
from aero_jupyter.session import lock as lock
from aero_jupyter.session import read as read
from aero_jupyter.session import read_options as read_options
from aero_jupyter.session import replay as replay
from aero_jupyter.session import revisions as revisions

__all__ = [
    "AeroError",
    "AeroOutput",
    "ClientError",
    "PolicyEnum",
    "api",
    "archive",
    "browse",
    "check_lock",
    "cite",
    "config",
    "connect",
    "current",
    "dataset",
    "delete_flows",
    "demo",
    "describe",
    "diff",
    "error",
    "expect",
    "export",
    "flow",
    "frame",
    "freshness",
    "get_flow",
    "globus_logout",
    "jobs",
    "keep",
    "lineage",
    "list_metadata",
    "list_versions",
    "local",
    "lock",
    "monitor",
    "panel",
    "read",
    "read_options",
    "register_flow",
    "register_form",
    "register_function",
    "replay",
    "revisions",
    "run",
    "search_sources",
    "utils",
    "vintages",
]

def load_ipython_extension(ipython: InteractiveShell) -> None: ...
def unload_ipython_extension(ipython: InteractiveShell) -> None: ...
