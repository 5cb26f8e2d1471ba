"""Highlighted Python code in a tree, in the colours of JupyterLab's editor."""

from __future__ import annotations

import html

from aero_jupyter.notebook.widgets.nodes import CodeNode, Node, NodeData

#: Colour of each kind of token; the live panel has the same rules in its style sheet. A colour that the theme lacks is
#: mixed with that of the text, for light and for dark themes.
_COLOURS = {
    "keyword": "var(--jp-mirror-editor-keyword-color,color-mix(in srgb,#2e7d32 45%,currentColor))",
    "string": "var(--jp-mirror-editor-string-color,color-mix(in srgb,#d32f2f 45%,currentColor))",
    "comment": "var(--jp-mirror-editor-comment-color,color-mix(in srgb,#00838f 45%,currentColor))",
    "number": "var(--jp-mirror-editor-number-color,color-mix(in srgb,#2e7d32 45%,currentColor))",
    "name": "var(--jp-mirror-editor-def-color,color-mix(in srgb,#1565c0 45%,currentColor))",
}
_PRE = (
    "font-family:var(--jp-code-font-family,monospace);font-size:var(--jp-code-font-size,13px);"
    "white-space:pre;overflow-x:auto;margin:4px 0"
)


def code(label: str, text: str) -> Node:
    """Build a block of Python code.

    Parameters
    ----------
    label : str
        What it is, for screen readers.
    text : str
    """
    return CodeNode(label, text, tuple((kind, words) for kind, words in _parts(text)))


def _parts(text: str) -> list[list[str]]:
    """Return the kind and the text of each part; the kind of plain text is empty."""
    from pygments.lexers import PythonLexer
    from pygments.token import Comment, Keyword, Name, Number, Operator, String

    kinds = (
        (Comment, "comment"), (Keyword, "keyword"), (Operator.Word, "keyword"), (String, "string"), (Number, "number"),
        (Name.Function, "name"), (Name.Class, "name"), (Name.Decorator, "name"),
    )  # fmt: skip
    parts: list[list[str]] = []
    for token, words in PythonLexer(stripnl=False, ensurenl=False).get_tokens(text):
        kind = next((name for group, name in kinds if token in group), "")
        if parts and parts[-1][0] == kind:
            parts[-1][1] += words
        else:
            parts.append([kind, words])
    return parts


def code_html(node: NodeData) -> str:
    """Write a block of code as HTML."""
    spans = (
        f'<span style="color:{_COLOURS[kind]}">{html.escape(words)}</span>' if kind in _COLOURS else html.escape(words)
        for kind, words in node["parts"]
    )
    return f'<pre aria-label="{html.escape(node["label"], quote=True)}" style="{_PRE}">{"".join(spans)}</pre>'
