"""The panel that logs somebody in: a link, a field for the code, and what came of it. It never blocks."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import ipywidgets
from IPython.display import display

from aero_jupyter.auth.signatures import cannot_log_in
from aero_jupyter.auth.words import CURE
from aero_jupyter.core.errors import AeroError, LoginRequired, ServerFailed, Unreachable
from aero_jupyter.notebook.callbacks import callback
from aero_jupyter.notebook.frontend import front_end
from aero_jupyter.notebook.views import Card, Who

if TYPE_CHECKING:
    from aero_jupyter.auth.credentials import Credentials
    from aero_jupyter.auth.person import Person
    from aero_jupyter.session import Session

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
_LABEL = "2\u2002Paste the code it gives you"


def log_in(session: Session, code: str | None, force: bool) -> Card | Panel:
    """Log in, or show how to; it returns at once.

    Raises
    ------
    LoginRequired
        If nobody is there to log in.
    ClientError
        If Globus does not accept the code or does not answer.
    """
    credentials = session.credentials
    person = credentials.person if credentials else None
    if credentials is None or (credentials.needs_nobody and code is None):
        return Who((credentials.who(check=True) if credentials else None) or "The local AERO needs no login.")
    if person is None:
        raise cannot_log_in(session.name)
    if code is not None:
        person.finish(code)
        if person in _panels:
            _panels[person].show()
        return Who(str(person.who()))
    return (None if force else _still(person)) or _begin(credentials, person, force)


def offer(error: LoginRequired) -> None:
    """Show the panel below the cell that failed for want of a login."""
    from aero_jupyter.session import current

    credentials = current().credentials
    if credentials is None or credentials.person is None or front_end() == "none":
        return
    if error.demands:
        credentials.person.demand(error.demands)
    display(_begin(credentials, credentials.person, force=False))


def _still(person: Person) -> Card | None:
    try:
        who, doubt = person.checked(), ""
    except (Unreachable, ServerFailed) as error:
        who, doubt = person.who(), f"{error.message} Whether the login still holds is not known."
    return Who(str(who), doubt) if who and not person.lacks() else None


def _begin(credentials: Credentials, person: Person, force: bool) -> Card | Panel:
    how = front_end()
    if how == "none":
        raise LoginRequired(401, f"Nobody is logged in to {person.where}, and nobody is here to log in.", CURE)
    link = person.link(fresh=force)
    if how == "text":
        return Card("Open this page, log in and copy the code it shows:", link, "Then: %aero_login --code CODE")
    before = _panels.get(person)
    if before is not None and before.link == link:
        return before
    if before is not None:
        before.retire()
    _panels[person] = Panel(credentials, person, link)
    return _panels[person]


class Panel(ipywidgets.VBox):  # type: ignore[misc]
    """Logs one person in. Its buttons work on whatever thread they are called on.

    Attributes
    ----------
    link : str
        The page to log in at.
    """

    def __init__(self, credentials: Credentials, person: Person, link: str) -> None:
        self.link = link
        self._credentials = credentials
        self._person = person
        self._lock = threading.Lock()
        self._busy = False
        self._worker: threading.Thread | None = None
        self._kept = self._rejected = self._typed = ""
        self._enter = False
        # Sent when it is complete, so that the notebook's state holds no half of a code.
        self._field = ipywidgets.Text(description=_LABEL, continuous_update=False, style={"description_width": "auto"})
        self._field.layout.width = "40em"
        self._button = ipywidgets.Button(description="Log in", button_style="primary")
        self._leave = ipywidgets.Button(description="Log out")
        self._status = ipywidgets.HTML()
        self._button.on_click(self._pressed)
        self._leave.on_click(lambda _: self._do(self._log_out))
        self._field.on_msg(self._entered)
        self._field.observe(self._changed, "value")
        super().__init__(children=self._waiting())
        self._say("— waiting for the code —", "Stuck? %aero_login --force starts again.")

    def __repr__(self) -> str:
        who = self._person.who()
        if who is not None and self.link == "":
            return str(who)
        return f"Log in at {self.link}, then paste its code here, or: %aero_login --code CODE"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**kwargs)
        # ipywidgets cuts its text, and a link that is cut leads nowhere.
        return {**bundle, "text/plain": repr(self)}

    def show(self) -> None:
        """Show who is logged in."""
        self.link = ""
        self._field.value = ""
        self._say(f"✓ {self._person.who()}")
        self._show(self._status, self._leave)

    def retire(self) -> None:
        """Say that another panel has taken its place."""
        if self.link:
            self._say("A newer login page has taken the place of this one.")
            self._show(self._status)

    def _waiting(self) -> tuple[ipywidgets.Widget, ...]:
        lacks = self._person.lacks() if self._person.who() else ()
        words = html.escape(", ".join(each.words for each in lacks or self._person.permissions))
        may = "It lacks" if lacks else "It will be able to"
        link = html.escape(self.link)
        head = f"<b>Log in to AERO ({html.escape(self._person.where)}) with Globus</b>"
        opens = f'<a href="{link}" target="_blank" rel="noopener noreferrer" style="{_LINK}">Open the login page ↗</a>'
        classes = f'class="jupyter-widgets jupyter-button widget-button" style="{_BUTTON}"'
        copy = f'<button type="button" {classes} data-link="{link}" onclick="{_COPY}">copy link</button>'
        return (
            ipywidgets.HTML(f'<div style="{_TEXT}">{head}<br>1&ensp;{opens}&ensp;{copy}</div>'),
            ipywidgets.HBox([self._field, self._button]),
            ipywidgets.HTML(f'<div style="{_META}">{may}: {words}.</div>'),
            self._status,
        )

    def _pressed(self, _: object) -> None:
        self._submit(self._field.value or self._kept)

    def _entered(self, _: object, content: dict[str, Any], __: object) -> None:
        if content.get("event") != "submit":
            return
        # The key arrives before the text that was typed last.
        value = self._field.value
        self._enter = value in ("", self._rejected) and not self._kept
        if not self._enter:
            self._submit(value or self._kept)

    def _changed(self, change: dict[str, Any]) -> None:
        if self._enter and change["new"]:
            self._enter = False
            self._submit(change["new"])

    def show_error(self, lines: Sequence[str], story: str) -> None:
        """Show an error below the field, without what was typed: the panel is saved with the notebook."""
        shown, told = (self._without_code(text) for text in ("\n".join(lines), story))
        self._say(*shown.split("\n"), bad=True, fold=told)

    def _without_code(self, text: str) -> str:
        return text.replace(self._typed, "…") if self._typed else text

    def _submit(self, text: str) -> None:
        self._typed = text
        self._do(lambda: self._finish(text))

    def _do(self, work: Callable[[], None]) -> None:
        with self._lock:
            if self._busy:
                return
            self._busy = True
            self._worker = threading.Thread(target=self._guarded, args=(work,), daemon=True)
            self._worker.start()

    @callback
    def _guarded(self, work: Callable[[], None]) -> None:
        self._button.disabled = self._leave.disabled = True
        try:
            work()
        finally:
            self._busy = False
            self._button.disabled = self._leave.disabled = False

    def _finish(self, text: str) -> None:
        # Before anything else: what is in the field is in the notebook's state.
        self._field.value = ""
        self._say("Logging in …")
        try:
            self._person.finish(text)
        except AeroError as error:
            self._say(error.message, error.cure, bad=True)
            self._keep(text, works=isinstance(error, (ServerFailed, Unreachable)))
        else:
            self._kept = ""
            self.show()

    def _keep(self, text: str, *, works: bool) -> None:
        """Keep what was typed: a code that still works out of the notebook's state, any other to be mended."""
        self._kept, self._rejected = (text, "") if works else ("", text)
        self._field.placeholder = "The code is kept: press Log in to try again" if works else ""
        if not works:
            self._field.value = text

    def _log_out(self) -> None:
        self._say("Logging out …")
        self._say(self._credentials.log_out())
        self._show(self._status)

    def _show(self, *children: Any) -> None:
        self.children = children

    def _say(self, *lines: str, bad: bool = False, fold: str = "") -> None:
        shown = "<br>".join(html.escape(line) for line in lines if line)
        shown += f"<details><summary>More</summary><pre>{html.escape(fold)}</pre></details>" if fold else ""
        self._status.value = (
            f'<div role="{"alert" if bad else "status"}" style="{_ERROR if bad else _META}">{shown}</div>'
        )


_panels: WeakKeyDictionary[Person, Panel] = WeakKeyDictionary()
