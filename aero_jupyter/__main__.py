"""``python -m aero_jupyter`` is the ``aero-jupyter`` command."""

from __future__ import annotations

import sys

from aero_jupyter.cli.command import run

if __name__ == "__main__":
    sys.exit(run())
