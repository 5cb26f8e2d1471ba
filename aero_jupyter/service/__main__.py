"""The service process: ``python -m aero_jupyter.service HOME [READY_DESCRIPTOR]``."""

from __future__ import annotations

import sys
from pathlib import Path

from aero_jupyter.service import memory

if __name__ == "__main__":
    # What is imported never becomes garbage, and looking for some would take a tenth of the start.
    memory.pause_collection()
    from aero_jupyter.service import server

    sys.exit(server.main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None))
