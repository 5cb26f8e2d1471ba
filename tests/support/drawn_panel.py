"""A panel drawn in a browser as the kernel describes it, without a Jupyter server."""

from __future__ import annotations

import json

from playwright.sync_api import Page

from aero_jupyter.notebook.widgets.frontend import module, style
from aero_jupyter.notebook.widgets.nodes import Node, NodeData, plain

_MODEL = """
const listeners = {};
window.sent = [];
window.model = {
  state: STATE,
  get(name) { return this.state[name]; },
  set(name, value) { this.state[name] = value; for (const each of listeners[`change:${name}`] ?? []) each(); },
  receive(message) { for (const each of listeners["msg:custom"] ?? []) each(message); },
  on(name, call) { (listeners[name] ??= []).push(call); },
  off() {},
  send(message) { window.sent.push(message); },
};
render({ model: window.model, el: document.getElementById("root") });
"""
_TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"


def draw_panel(page: Page, view: Node | NodeData, theme: str = "light") -> None:
    """Draw a view; `window.sent` holds the messages of the user."""
    margin = "margin:0;background:" + ("#111" if theme == "dark" else "#fff")
    page.set_content(f"<!doctype html><style>{style()}</style><body style='{margin}'><div id='root'></div></body>")
    state = json.dumps({"view": {**plain(view), "theme": theme, "busy": False}, "mark": "drawn"})
    script = module().replace("export default { initialize, render };", "")
    page.add_script_tag(content=f"{script}\n{_MODEL.replace('STATE', state)}")
    wait_for_frames(page)


def change_view(page: Page, view: Node | NodeData) -> None:
    """Replace the view, as a message of the kernel does."""
    page.evaluate("view => window.model.set('view', view)", {**plain(view), "theme": "light", "busy": False})
    wait_for_frames(page)


def wait_for_frames(page: Page) -> None:
    """Wait until the panel has measured its width and drawn itself."""
    page.evaluate(_TWO_FRAMES)
