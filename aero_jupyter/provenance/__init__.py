"""The origin of versions: what each was made from, as citations, lock files and exports.

Everything here is pure: records in, texts and JSON values out. It imports core.
"""

from __future__ import annotations

from aero_jupyter.provenance.ancestry import Ancestry, RecordedRun, RegisteredCode
from aero_jupyter.provenance.citation import Citation

__all__ = ["Ancestry", "Citation", "RecordedRun", "RegisteredCode"]
