"""Tracebacks from endpoints, shortened: the cell's own lines are marked, other frames are elided."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FRAME = re.compile(r'  File "([^"]*)", line (\d+), in (.+)')
_SIZE = re.compile(r"MaxResultSizeExceeded\((\d+), (\d+)\)")


def elide_frames(text: str) -> str:
    """Shorten a printed traceback; other texts stay unchanged.

    Lines of the cell begin with an arrow. Of what they called elsewhere the last place is kept, and of what called
    them nothing.
    """
    lines = text.rstrip("\n").split("\n")
    if not any(_FRAME.match(line) for line in lines):
        return text.rstrip("\n")
    return "\n".join(part for block in _blocks(lines) for part in _shown(block))


def reason(text: str) -> str:
    """Return the message of a traceback, which may have several lines, or the last line of another text."""
    size = _SIZE.search(text)
    if size:
        found, most = (int(number) / (1 << 20) for number in size.groups())
        return f"The result has {found:.1f} MB, and the endpoint sends {most:.0f} MB at most."
    lines = text.rstrip("\n").split("\n")
    after = max((at for at, line in enumerate(lines, 1) if _FRAME.match(line)), default=len(lines))
    message = next((at for at in range(after, len(lines)) if lines[at] and not lines[at].startswith(" ")), None)
    if message is not None:
        return "\n".join(lines[message:])
    starts = [line for line in lines if line and not line.startswith((" ", "Traceback"))]
    return starts[-1] if starts else (lines[-1].strip() or "The endpoint returned no reason.")


def _blocks(lines: list[str]) -> Iterator[list[list[str]]]:
    """Yield blocks of consecutive frames, each frame with its lines; a line outside frames is a block of its own."""
    block: list[list[str]] = []
    for line in lines:
        if _FRAME.match(line):
            block.append([line])
        elif block and re.match(r"    |  \[Previous line repeated", line):
            block[-1].append(line)
        else:
            yield block
            yield [[line]]
            block = []
    yield block


def _shown(block: list[list[str]]) -> Iterator[str]:
    frames = [(_FRAME.match(frame[0]), frame) for frame in block]
    own = [found is not None and found[1].startswith("<cell ") for found, _ in frames]
    first = own.index(True) if True in own else max(0, len(own) - 1)
    left_out = 0
    for index, (found, frame) in enumerate(frames[first:], start=first):
        if found is None:
            yield frame[0]
        elif own[index]:
            yield f"→ line {found[2]} of the cell, in {found[3]}"
            yield from frame[1:2]
        elif index + 1 < len(frames) and not own[index + 1]:
            left_out += 1
        else:
            yield from [f"  … {left_out} more"] if left_out else []
            left_out = 0
            yield f"  {'/'.join(found[1].split('/')[-2:])}, line {found[2]}, in {found[3]}"
            yield from frame[1:2]
