"""A downloaded dataset and one that is derived from it, in the session in use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.models import Flow
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.session import Session
from support.file_site import FileSite
from support.http_serving import serve_in_thread

_PICK = """import pandas as pd

def pick_columns(raw):
    return pd.read_csv(raw)[["day", "cases"]]
"""
_SUM = """import pandas as pd

def sum_cases(table):
    return pd.read_csv(table).groupby("day", as_index=False)["cases"].sum()
"""
#: The first state of the source.
FIRST = b"day,cases,site\n2026-01-01,3,north\n2026-01-01,4,south\n2026-01-02,5,north\n"


@dataclass
class DerivedDataset:
    """A source with the flows that download it and sum it up.

    Attributes
    ----------
    site : FileSite
    download, derive : Flow
    source, name : str
        The names of the downloaded and of the derived dataset.
    """

    session: Session
    site: FileSite
    download: Flow
    derive: Flow
    source: str
    name: str

    @property
    def url(self) -> str:
        """The URL of the source, with a token in it."""
        return self.download.source_url or ""

    def publish(self, content: bytes) -> None:
        """Change the source, and wait until both datasets have a new version."""
        client = self.session.client
        number = client.latest(self.derive.outputs[0].id).version
        self.site.content = content
        client.wait_for_run(client.run_flow(self.download.id).id, 120)
        client.wait_for_version(self.derive.outputs[0].id, number + 1, 120)


@contextmanager
def derived_dataset(source: str, name: str) -> Iterator[DerivedDataset]:
    """Register a download and a flow that derives another dataset from it; wait for the first version of each."""
    session = aero_jupyter.current()
    with serve_in_thread(FileSite()) as site:
        site.content = FIRST
        download = session.register(
            portable(_PICK, source_parameter="raw"),
            source=f"{site.url}cases.csv?token=s3cretvalue",
            outputs=[source],
            policy=PolicyEnum.INGESTION,
            timer=86_400,
        )
        session.client.wait_for_version(download.outputs[0].id, 1, 120)
        derive = session.register(portable(_SUM), inputs={"table": source}, outputs=[name], policy=PolicyEnum.ANY)
        session.client.wait_for_version(derive.outputs[0].id, 1, 120)
        yield DerivedDataset(session, site, download, derive, source, name)
