"""Measure and print a table: `python -m benchmarks [--strict] [PART …]`."""

from __future__ import annotations

import argparse
import os
import sys

from benchmarks import (
    catalogue,
    clusters,
    datapath,
    endurance,
    flat,
    loading,
    notebooks,
    others,
    panels,
    reliability,
    runs,
    service,
    storage,
    tables,
    vintages,
    wire,
)
from benchmarks.figures import table

_PARTS = {
    "load": loading.measure,
    "service": service.measure,
    "runs": runs.measure,
    "lists": catalogue.measure,
    "tables": tables.measure,
    "panels": panels.measure,
    "vintages": vintages.measure,
    "wire": wire.measure,
    "data": datapath.measure,
    "storage": storage.measure,
    "flat": flat.measure,
    "clusters": clusters.measure,
    "notebooks": notebooks.measure,
    "endurance": endurance.measure,
    "others": others.measure,
    "reliability": reliability.measure,
}
#: Parts that take longer; the reliability figures hold others.
_LONG = ("data", "flat", "notebooks", "endurance", "others", "reliability")
_USUAL = [part for part in _PARTS if part not in _LONG]
_CORES = 2


def main() -> int:
    """Measure what is asked for; 1 where a target is missed and `--strict` is given."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"{', '.join(_PARTS)}; by default all that take a minute"
    )
    parser.add_argument("--strict", action="store_true", help="end with 1 where a target is missed")
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - set(_PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}; choose from {', '.join(_PARTS)}")
    print(f"Python {sys.version.split()[0]}, {_cores()} cores, load {os.getloadavg()[0]:.1f}\n", flush=True)
    figures = [figure for part in arguments.parts or _USUAL for figure in _PARTS[part]()]
    print(table(figures))
    return int(arguments.strict and any(figure.missed for figure in figures))


def _cores() -> int:
    """Keep to the cores the targets are for, where the system lets us; what is started inherits it."""
    if hasattr(os, "sched_setaffinity"):
        chosen = sorted(os.sched_getaffinity(0))[:_CORES]
        os.sched_setaffinity(0, chosen)
        return len(chosen)
    return os.cpu_count() or 1


if __name__ == "__main__":
    sys.exit(main())
