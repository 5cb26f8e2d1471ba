"""A cluster of one node on this machine, by Parsl: what a user writes."""

from __future__ import annotations

from pathlib import Path

from aero_jupyter.service.clusters.registry import Cluster, add_cluster

CONFIG = """
from parsl.config import Config
from parsl.executors import HighThroughputExecutor
from parsl.providers import LocalProvider

config = Config(
    executors=[
        HighThroughputExecutor(
            label="node",
            max_workers_per_node={workers},
            cores_per_worker=0.1,
            heartbeat_period=1,
            heartbeat_threshold={threshold},
            provider=LocalProvider(init_blocks=1, min_blocks=1, max_blocks=1),
        )
    ],
    strategy_period=0.5,
)
"""


def add_local_cluster(home: Path, workers: int = 2, threshold: int = 30, folder: Path | None = None) -> Cluster:
    """Add a cluster to a local AERO.

    Parameters
    ----------
    workers : int
        Tasks that run at the same time.
    threshold : int
        Seconds after which a silent node is lost.
    """
    file = home / "parsl_config.py"
    file.write_text(CONFIG.format(workers=workers, threshold=threshold))
    return add_cluster(home, "cluster", file, folder)
