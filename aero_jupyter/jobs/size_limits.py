"""The default limits of the size of a download."""

from __future__ import annotations

#: Maximum bytes of a source, and maximum ratio of decompressed to received bytes.
MOST_BYTES, MOST_RATIO = 16 << 30, 200
