"""A register form driven as a user drives it, and sources for it."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler
from typing import Any

import aero_jupyter
from aero_jupyter.notebook.panels.register.panel import RegisterForm
from aero_jupyter.notebook.panels.register.state import FormState
from aero_jupyter.notebook.widgets import tree as trees

CELL = """import pandas as pd

WINDOW = 2

def {name}(x, window=WINDOW):
    '''Smoothed level.'''
    table = pd.read_csv(x)
    return table.select_dtypes("number").rolling(window).mean()
"""


class FilledForm:
    """A register form in a shell; its background work runs at once."""

    def __init__(self, shell: Any) -> None:
        self.form = RegisterForm(aero_jupyter.current(), FormState(), begin=lambda task: task(), shell=shell)
        self.form.act({"do": "hello", "view": "one"})

    def set(self, name: str, value: str) -> FilledForm:
        self.form.act({"do": "set", "name": name, "value": value})
        return self

    def do(self, what: str, /, **more: Any) -> FilledForm:
        self.form.act({"do": what, **more})
        return self

    def press(self, words: str) -> FilledForm:
        button = next(node for node in trees.walk(self.form.tree()) if node.get("text") == words and "do" in node)
        assert button["can"], words
        return self.do(button["do"], **button["more"])

    @property
    def notes(self) -> list[str]:
        return [f"{node['mark']} {node['text']}" for node in trees.walk(self.form.tree()) if node["is"] == "note"]

    def is_enabled(self, words: str) -> bool:
        return any(node.get("can") for node in trees.walk(self.form.tree()) if node.get("text") == words)


class SourcePages(BaseHTTPRequestHandler):
    """A table, a web page whose URL ends like a table, and 404 for other paths."""

    def do_GET(self) -> None:
        pages = {"/x.csv": ("text/csv", b"n\n1\n"), "/page.csv": ("text/html", b"<!doctype html><p>Log in")}
        kind, body = pages.get(self.path, ("text/plain", b"no"))
        self.send_response(200 if self.path in pages else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Suppress the access log."""
