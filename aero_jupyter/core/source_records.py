"""Records of the sources that a dataset or a flow has had, and of those that it shares."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SourceChange:
    """A change of the URL that a dataset is downloaded from."""

    previous: str | None
    url: str | None


@dataclass(frozen=True)
class OtherSource:
    """Another flow that downloads one of a flow's outputs, from a source of its own."""

    flow_id: str
    url: str | None
    data_name: str | None
