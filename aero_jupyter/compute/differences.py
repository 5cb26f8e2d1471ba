"""How the text of a registered function differs from another one."""

from __future__ import annotations

import ast
import difflib


def own_text(registered: str) -> str:
    """Give a function's own text out of the text that was registered for it; nothing where it is packed."""
    try:
        tree = ast.parse(registered)
    except (SyntaxError, ValueError):
        return ""
    for node in reversed(tree.body):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "_CELL":
            return str(ast.literal_eval(node.value)["source"])
    return ""


def in_lines(before: str, after: str) -> list[str]:
    """Say what differs between two texts, line by line; blank lines and those at the ends do not count."""
    old, new = ([line.rstrip() for line in text.split("\n") if line.strip()] for text in (before, after))
    if old == new:
        return []
    if not old:
        return ["its text is another one"]
    changed = [line for line in difflib.unified_diff(old, new, lineterm="", n=0) if line[:1] in "+-"]
    told = [line for line in changed if not line.startswith(("+++", "---"))]
    more = len(told) - 1
    rest = f" and {more} more line{'s' * (more > 1)}" if more else ""
    return [f"its text differs: {' '.join(told[0].split())}{rest}"]
