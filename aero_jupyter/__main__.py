"""``python -m aero_jupyter`` is the ``aero-jupyter`` command."""

from __future__ import annotations

import sys

from aero_jupyter.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
