"""The heading and the summary of a lineage, in words."""

from __future__ import annotations

from aero_jupyter.client.lineage import Lineage
from aero_jupyter.notebook.panels.lineage.graph import DATA, Graph


def heading_of(lineage: Lineage) -> str:
    """Return the heading: the dataset and its version."""
    version = "" if lineage.version is None else f" v{lineage.version}"
    return f"Lineage of {lineage.data.name}{version}"


def summary_of(lineage: Lineage, graph: Graph) -> str:
    """Return how many datasets and flows there are, and whether the links are by version."""
    why = "no version yet" if lineage.is_unmade else "this server does not list the versions that were used"
    kind = "by version" if lineage.by_version else f"by flow: {why}"
    boxes = sum(box.kind == DATA for box in graph.boxes.values())
    flows = len({link.flow_id for link in lineage.links})
    return f"{boxes} data, {flows} flow{'s' * (flows != 1)} · {kind}"


def start_of(lineage: Lineage) -> str:
    """Return the argument of `lineage` that builds it again: the id of the run, or of the dataset with its version."""
    version = "" if lineage.version is None else f"@{lineage.version}"
    return lineage.run.id if lineage.run else lineage.data.id + version
