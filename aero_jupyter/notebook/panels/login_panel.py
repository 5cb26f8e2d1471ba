"""The panel to log in with: a link, a field for the code, and the result. It never blocks."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

# It has no types: its messages, changes and children are Any.
import ipywidgets

from aero_jupyter.core.errors import AeroError, ServerFailed, Unreachable
from aero_jupyter.notebook.formatting import printable
from aero_jupyter.notebook.widgets.background import run_in_background
from aero_jupyter.notebook.widgets.callbacks import callback

if TYPE_CHECKING:
    from aero_jupyter.auth.credentials import Credentials
    from aero_jupyter.auth.user_login import UserLogin

_FONT = "font-family:var(--jp-ui-font-family,sans-serif);font-size:var(--jp-ui-font-size1,13px);line-height:20px;"
_TEXT = _FONT + "color:var(--jp-ui-font-color1,#212121)"
_META = _FONT + "color:var(--jp-ui-font-color2,#616161)"
_ERROR = _FONT + "color:var(--jp-error-color1,#b71c1c)"
_COPY = (
    "const b=this,l=b.dataset.link,old=()=>{const t=document.createElement('textarea');t.value=l;"
    "document.body.append(t);t.select();document.execCommand('copy');t.remove()};"
    "(navigator.clipboard?navigator.clipboard.writeText(l).catch(old):Promise.resolve(old()))"
    ".then(()=>{b.textContent='copied'})"
)
_LINK = "color:var(--jp-content-link-color,#1565c0);text-decoration:underline"
_BUTTON = "width:auto;height:24px;line-height:22px;margin:0 0 0 8px"
_LABEL = "2\u2002Paste the code it shows"


class LoginPanel(ipywidgets.VBox):  # type: ignore[misc]
    """A link, a field for the code, and the result; the work runs in the background.

    Attributes
    ----------
    link : str
        URL of the login page; empty after the login.
    """

    def __init__(self, credentials: Credentials, login: UserLogin, link: str) -> None:
        self.link = link
        self._credentials = credentials
        self._login = login
        self._lock = threading.Lock()
        self._is_busy = False
        self._worker: threading.Thread | None = None
        self._pending_code = self._rejected_code = self._typed_code = ""
        self._submits_next_value = False
        # Sent when it is complete, so that the notebook's state never holds a part of a code.
        self._field = ipywidgets.Text(description=_LABEL, continuous_update=False, style={"description_width": "auto"})
        self._field.layout.width = "40em"
        self._button = ipywidgets.Button(description="Log in", button_style="primary")
        self._logout_button = ipywidgets.Button(description="Log out")
        self._status = ipywidgets.HTML()
        self._button.on_click(self._on_click)
        self._logout_button.on_click(lambda _: self._start(self._log_out))
        self._field.on_msg(self._on_enter)
        self._field.observe(self._on_value, "value")
        super().__init__(children=self._login_controls())
        self._set_status("— waiting for the code —", "Stuck? %aero_login --force starts again.")

    def __repr__(self) -> str:
        status = self._login.status()
        if status is not None and self.link == "":
            return printable(str(status))
        return f"Log in at {self.link}, then paste its code here, or: %aero_login --code CODE"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**kwargs)
        # ipywidgets would cut the link.
        return {**bundle, "text/plain": repr(self)}

    def show_login(self) -> None:
        """Show the login, and a button to log out."""
        self.link = ""
        self._field.value = ""
        self._set_status(f"✓ {self._login.status()}")
        self._set_children(self._status, self._logout_button)

    def retire(self) -> None:
        """Show that a newer panel has replaced this one."""
        if self.link:
            self._set_status("A newer login page has replaced this one.")
            self._set_children(self._status)

    def _login_controls(self) -> tuple[ipywidgets.Widget, ...]:
        lacks = self._login.missing_permissions() if self._login.status() else ()
        words = html.escape(", ".join(each.words for each in lacks or self._login.permissions))
        prefix = "It lacks" if lacks else "It will be able to"
        link = html.escape(self.link)
        head = f"<b>Log in to AERO ({html.escape(self._login.server_name)}) with Globus</b>"
        opens = f'<a href="{link}" target="_blank" rel="noopener noreferrer" style="{_LINK}">Open the login page ↗</a>'
        classes = f'class="jupyter-widgets jupyter-button widget-button" style="{_BUTTON}"'
        copy = f'<button type="button" {classes} data-link="{link}" onclick="{_COPY}">copy link</button>'
        return (
            ipywidgets.HTML(f'<div style="{_TEXT}">{head}<br>1&ensp;{opens}&ensp;{copy}</div>'),
            ipywidgets.HBox([self._field, self._button]),
            ipywidgets.HTML(f'<div style="{_META}">{prefix}: {words}.</div>'),
            self._status,
        )

    def _on_click(self, _: object) -> None:
        self._submit(self._field.value or self._pending_code)

    def _on_enter(self, _: object, content: dict[str, Any], __: object) -> None:
        if content.get("event") != "submit":
            return
        # The key arrives before the typed text.
        value = self._field.value
        self._submits_next_value = value in ("", self._rejected_code) and not self._pending_code
        if not self._submits_next_value:
            self._submit(value or self._pending_code)

    def _on_value(self, change: dict[str, Any]) -> None:
        if self._submits_next_value and change["new"]:
            self._submits_next_value = False
            self._submit(change["new"])

    def show_error(self, lines: Sequence[str], story: str) -> None:
        """Show an error below the field, without the typed code: the panel is saved with the notebook."""
        shown, details = (self._without_code(text) for text in ("\n".join(lines), story))
        self._set_status(*shown.split("\n"), is_error=True, details=details)

    def _without_code(self, text: str) -> str:
        return text.replace(self._typed_code, "…") if self._typed_code else text

    def _submit(self, text: str) -> None:
        self._typed_code = text
        self._start(lambda: self._log_in(text))

    def _start(self, task: Callable[[], None]) -> None:
        with self._lock:
            if self._is_busy:
                return
            self._is_busy = True
            self._worker = run_in_background(lambda: self._run(task))

    @callback
    def _run(self, task: Callable[[], None]) -> None:
        self._button.disabled = self._logout_button.disabled = True
        try:
            task()
        finally:
            self._is_busy = False
            self._button.disabled = self._logout_button.disabled = False

    def _log_in(self, text: str) -> None:
        # First of all: the value of the field is saved with the notebook.
        self._field.value = ""
        self._set_status("Logging in …")
        try:
            self._login.finish(text)
        except AeroError as error:
            self._retain_code(text, is_valid=isinstance(error, (ServerFailed, Unreachable)))
            self._set_status(error.message, error.cure, is_error=True)
        else:
            self._pending_code = ""
            self.show_login()

    def _retain_code(self, text: str, *, is_valid: bool) -> None:
        """Keep a code that is still valid out of the notebook's state, and put any other back into the field."""
        self._pending_code, self._rejected_code = (text, "") if is_valid else ("", text)
        self._field.placeholder = "The code is kept. Press Log in to try again" if is_valid else ""
        if not is_valid:
            self._field.value = text

    def _log_out(self) -> None:
        self._set_status("Logging out …")
        self._set_status(self._credentials.log_out())
        self._set_children(self._status)

    def _set_children(self, *children: Any) -> None:
        self.children = children

    def _set_status(self, *lines: str, is_error: bool = False, details: str = "") -> None:
        shown = "<br>".join(html.escape(line) for line in lines if line)
        shown += f"<details><summary>More</summary><pre>{html.escape(details)}</pre></details>" if details else ""
        self._status.value = (
            f'<div role="{"alert" if is_error else "status"}" style="{_ERROR if is_error else _META}">{shown}</div>'
        )
