"""What a notebook sees: the magics, and how results look."""

from __future__ import annotations
