"""The documented functions, over the current session.

They may use session, client, compute, jobs and core.
"""

from __future__ import annotations

from aero_jupyter.api.login import globus_logout
from aero_jupyter.api.records import get_flow, list_metadata, list_versions, search_sources
from aero_jupyter.api.registration import register_flow, register_function
from aero_jupyter.api.source_types import (
    add_type_url,
    delete_data_flows,
    delete_type_url,
    get_data_flows,
    get_source_type,
    list_source_types,
)
from aero_jupyter.api.sources import create_data_source, create_source
from aero_jupyter.core.errors import ClientError
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.jobs import AeroOutput
from aero_jupyter.session.sources import source_id

__all__ = [
    "AeroOutput",
    "ClientError",
    "PolicyEnum",
    "add_type_url",
    "create_data_source",
    "create_source",
    "delete_data_flows",
    "delete_type_url",
    "get_data_flows",
    "get_flow",
    "get_source_type",
    "globus_logout",
    "list_metadata",
    "list_source_types",
    "list_versions",
    "register_flow",
    "register_function",
    "search_sources",
    "source_id",
]
