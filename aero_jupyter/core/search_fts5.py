"""The syntax tree of a query, and its rendering as an expression for SQLite's full-text search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: The word in the column ``everything`` of every row: NOT in FTS5 needs a left side.
EVERYTHING_TOKEN = "aeroall"  # noqa: S105  (a word to index, not a secret)
EVERYTHING = f'everything : "{EVERYTHING_TOKEN}"'


@dataclass(frozen=True)
class Leaf:
    """One term to match, or to exclude if negated; ``plain`` is its text."""

    match: str
    negated: bool = False
    plain: str = ""


@dataclass(frozen=True)
class Group:
    """Several expressions, joined by AND or OR."""

    operator: str
    parts: tuple[Node, ...]


Node = Leaf | Group
ALL = Leaf(EVERYTHING)
NOTHING = Leaf(EVERYTHING, negated=True)


def join(operator: str, parts: Sequence[Node | None]) -> Node | None:
    """Join expressions by an operator; groups of that operator are flattened, and "everything" is simplified away."""
    flat: list[Node] = []
    for part in parts:
        if isinstance(part, Group) and part.operator == operator:
            flat += part.parts
        elif part is not None:
            flat.append(part)
    if operator == "OR" and ALL in flat:
        return ALL
    kept = [part for part in flat if part != ALL] or flat[:1]
    return Group(operator, tuple(kept)) if len(kept) > 1 else next(iter(kept), None)


def _depth(node: Node) -> int:
    return 1 + max(map(_depth, node.parts)) if isinstance(node, Group) else 0


def render(node: Node) -> str:
    """Render an expression as FTS5: NOT binds closest, then AND, then OR.

    The deepest part comes first: FTS5's parser stack holds at most 100 entries, and nesting on the left takes only one
    of them for each level.
    """
    if isinstance(node, Leaf):
        return f"{EVERYTHING} NOT {node.match}" if node.negated else node.match
    other = "OR" if node.operator == "AND" else "AND"
    kept = [part for part in node.parts if not (isinstance(part, Leaf) and part.negated)]
    taken = f" {other} ".join(part.match for part in node.parts if isinstance(part, Leaf) and part.negated)
    written = [_bracketed(part, node.operator) for part in sorted(kept, key=_depth, reverse=True)]
    if taken and (node.operator == "OR" or not written):
        written.append(EVERYTHING)
    return f" {node.operator} ".join(written) + (f" NOT ({taken})" if taken else "")


def _bracketed(part: Node, operator: str) -> str:
    text = render(part)
    return f"({text})" if operator == "AND" and isinstance(part, Group) else text
