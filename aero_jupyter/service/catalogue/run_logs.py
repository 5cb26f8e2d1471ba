"""The logs of runs as they are shown: the middle of a long one is left out."""

from __future__ import annotations

from pathlib import Path

from aero_jupyter.core.redaction import redact_text

#: Bytes of a log that a run shows from the beginning and from the end.
_HEAD, _TAIL = 16_384, 49_152


def read_log(path: Path) -> str:
    """Return the beginning and the end of a log; nothing if there is none, or no longer."""
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            text = file.read(_HEAD + _TAIL if size <= _HEAD + _TAIL else _HEAD)
            if size > _HEAD + _TAIL:
                file.seek(-_TAIL, 2)
                text += f"\n… {size - _HEAD - _TAIL} bytes left out …\n".encode() + file.read()
    except FileNotFoundError:
        return ""
    return redact_text(text.decode(errors="replace"))
