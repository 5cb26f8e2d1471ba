"""Differences between the source code of a registered function and another one."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from aero_jupyter.core.source_parsing import parse_source


def registered_source(registered: str) -> str:
    """Return a function's own source code from its registered text; an empty text if that is packed."""
    return str(registered_cell(registered).get("source", ""))


def registered_modules(registered: str) -> dict[str, str]:
    """Return the modules that were registered with a function: name to source code."""
    modules = registered_cell(registered).get("modules") or {}
    return {str(name): str(each["source"]) for name, each in modules.items()}


def registered_checks(registered: str) -> list[Mapping[str, Any]]:
    """Return the checks that were registered with a function."""
    return list(registered_cell(registered).get("checks") or [])


def code_differences(
    registered: str, text: str, modules: Mapping[str, str], checks: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Return what differs between a registered function and its current source code, modules and checks."""
    found = line_differences(registered_source(registered), text)
    found += module_differences(registered_modules(registered), modules)
    before = registered_checks(registered)
    if before == [dict(check) for check in checks]:
        return found
    return [*found, f"its checks were {', '.join(map(check_in_words, before)) or 'none'}"]


def check_in_words(check: Mapping[str, Any]) -> str:
    """Return a check as it is written, with its severity and output where they are not the usual ones."""
    parts = ["warning"] if check["severity"] == "warning" else []
    return ": ".join([*parts, *([check["output"]] if check["output"] else []), str(check["text"])])


def module_differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return what differs between the modules that travel with two functions."""
    found = []
    for name in sorted({*before, *after}):
        if name not in before:
            found.append(f"its module {name} was not sent with it")
        elif name not in after:
            found.append(f"its module {name} was sent with it")
        elif lines := line_differences(before[name], after[name]):
            found.append(lines[0].replace("its text", f"its module {name}", 1))
    return found


def registered_cell(registered: str) -> Mapping[str, Any]:
    """Return what a registered text holds of its cell: source code, name, parameters; empty if the text is packed."""
    try:
        tree = parse_source(registered)
    except (SyntaxError, ValueError):
        return {}
    for node in reversed(tree.body):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "_CELL":
            cell: dict[str, Any] = ast.literal_eval(node.value)
            return cell
    return {}


def line_differences(before: str, after: str) -> list[str]:
    """Return the difference between two texts in words; blank lines and trailing spaces do not count."""
    old, new = ([line.rstrip() for line in text.split("\n") if line.strip()] for text in (before, after))
    if old == new:
        return []
    if not old:
        return ["its text is another one"]
    changed = [line for line in difflib.unified_diff(old, new, lineterm="", n=0) if line[:1] in "+-"]
    lines = [line for line in changed if not line.startswith(("+++", "---"))]
    more = len(lines) - 1
    rest = f" and {more} more line{'s' * (more > 1)}" if more else ""
    return [f"its text differs: {' '.join(lines[0].split())}{rest}"]
