"""A function registered with the mouse: a sentence to fill in, looked at while one types."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data
from aero_jupyter.notebook.callbacks import callback
from aero_jupyter.notebook.card import FlowCard
from aero_jupyter.notebook.dryrun import dry_run
from aero_jupyter.notebook.panels import here
from aero_jupyter.notebook.panels.base import Message, Task, on_thread
from aero_jupyter.notebook.panels.draft import HOW, WHEN, Draft
from aero_jupyter.notebook.panels.looking import ASKED
from aero_jupyter.notebook.panels.phrases import in_the_form
from aero_jupyter.notebook.panels.ran import CellsRun
from aero_jupyter.notebook.panels.sheet import Sheet, with_parameters
from aero_jupyter.notebook.remarks import Remark, require
from aero_jupyter.notebook.taken import REPLACE

if TYPE_CHECKING:
    from aero_jupyter.session import Session

#: Seconds that a function may take when it is tried.
TRIED = 120.0


class RegisterForm(Sheet):
    """A form that registers a function; what was typed stays, whatever happens.

    Attributes
    ----------
    flow : Flow or None
        What was registered last.
    """

    def __init__(
        self, session: Session, draft: Draft, *, begin: Callable[[Task], None] = on_thread, shell: Any = None
    ) -> None:
        super().__init__(session, draft, begin=begin, shell=shell)
        self._looking = threading.Lock()
        self._generation = 0
        self._carried = ""
        self._asked = ""
        self._offered: dict[str, str] = {}
        self._cells = CellsRun(self._looker.shell, self._cell_ran)

    def register(self) -> FlowCard:
        """Register what stands in the form.

        Raises
        ------
        InvalidArgument
            If something stops it; once, if the function was defined anew since.
        FunctionRefused, ClientError
        """
        self.check()
        require(self.remarks)
        if self._asks_once():
            text = f"{self._draft.function}() was defined anew since."
            raise InvalidArgument(text, ASKED)
        draft, wish = self._draft, self._draft.wish()
        flow = self._session.register(
            self._looker.function(draft),
            **wish.arguments(),
            endpoint=draft.endpoint,
            description=draft.description or None,
            replace=draft.replace,
        )
        self.flow = self._session.client.get_flow(flow.id)
        self._asked = ""
        self._looker.lookups.forget()
        self.came(self.flow)
        return FlowCard(self._session, self.flow)

    def _asks_once(self) -> bool:
        """Whether somebody must be asked which text is meant, and was not asked yet."""
        anew = self._looker.anew(self._draft, self._taken)
        asks, self._asked = anew not in ("", self._asked), anew
        return asks

    def check(self) -> tuple[Remark, ...]:
        """Look at what stands in the form, here and now."""
        with self._lock:
            generation = self._generation
        self._look(generation)
        return self.remarks

    # What is done in it

    def actions(self) -> Mapping[str, Callable[[Message], None]]:
        """Give what can be done."""
        return {
            "set": self._set,
            "mend": self._mend,
            "refresh": lambda _: self._refresh(),
            "try": lambda _: self.work(self._try),
            "register": lambda _: self.work(self._register),
        }

    def looked_at(self) -> None:
        """Look at what stands there, as somebody looks at it; and again when a cell changes a function."""
        self._cells.begin()
        self._changed()

    def left(self) -> None:
        """Nobody looks any more."""
        self._cells.end()

    def _cell_ran(self) -> None:
        self._begin(self._noticed)

    @callback
    def _noticed(self) -> None:
        if self.functions != self._offered:
            self._changed()

    def show_error(self, lines: Sequence[str], story: str) -> None:
        """Show an error in the words of the form."""
        super().show_error([in_the_form(line) for line in lines], story)

    def use(self, data: Data) -> None:
        """Give a data to the first parameter that has none; of the newest function, where none is chosen yet."""
        self._carried = data.name
        newest = next(iter(self.functions.items()), None)
        if not self._draft.function and newest is not None:
            self.choose(*newest)
            return
        with self._lock:
            self._draft = self._with_carried(self._draft)
        self._changed()

    def _with_carried(self, draft: Draft) -> Draft:
        """Give what was carried here to the first parameter that waits for an input, else to the first that may."""
        if not self._carried or self._carried in draft.of("input").values():
            return draft
        empty = [name for name, how, what in draft.given if how == "input" and not what]
        others = [name for name, how, _ in draft.given if how in ("input", "default")]
        return draft.with_given((empty or others)[0], "input", self._carried) if empty or others else draft

    def choose(self, name: str, text: str) -> None:
        """Take a function; what was given to parameters of the same name stays."""
        with self._lock:
            before = self._draft
            self._taken = self._whole = text
            outputs = before.outputs if before.outputs not in ("", before.function) else name
            draft = replace(_retold(before, text, name), outputs=outputs, replace=False)
            self._draft = self._with_carried(draft)
        self._changed()

    def _set(self, message: Message) -> None:
        name, value = str(message.get("name")), str(message.get("value"))
        what, _, parameter = name.partition(" ")
        if name == "function":
            if value in self.functions:
                self.choose(value, self.functions[value])
            return
        with self._lock:
            if what == "how" and value in HOW and (value != "default" or parameter not in self._draft.required):
                self._draft = self._draft.with_given(parameter, how=value)
                if value == "pulled" and self._draft.when not in ("pull", "event"):
                    self._draft = replace(self._draft, when="pull")
            elif what == "what":
                self._draft = self._draft.with_given(parameter, what=value)
            elif name == "text" and self._draft.function:
                self._draft = _retold(self._draft, value, self._draft.function)
            elif name == "outputs":
                # What was to be continued was meant of the name before.
                self._draft = replace(self._draft, outputs=value, replace=False)
            elif name in ("endpoint", "every", "description") or (name == "when" and value in WHEN):
                self._draft = self._draft.with_field(name, value)
        self._changed()

    def _mend(self, message: Message) -> None:
        about, what = str(message.get("about")), str(message.get("what"))
        with self._lock:
            if about == "function":
                text = (
                    self.functions.get(self._draft.function, "") if what == "new" else _mended(self._draft.text, what)
                )
                self._taken = text if what == "new" else self._taken
                if what == "new" or self._whole == self._draft.text:
                    self._whole = text
                self._draft = _retold(self._draft, text, self._draft.function)
            elif about.startswith("parameter "):
                parameter, _, name = what.partition("=")
                self._draft = self._draft.with_given(parameter, what=name)
            elif about == "when" and what in WHEN:
                self._draft = replace(self._draft, when=what)
            elif about == "outputs" and what != REPLACE:
                self._draft = replace(self._draft, outputs=what, replace=False)
            elif about in ("flow", "outputs"):
                self._draft = replace(self._draft, replace=True)
        self._changed()

    def _refresh(self) -> None:
        self._looker.lookups.forget()
        self._changed()

    def _changed(self) -> None:
        """Show what stands there now, and look at it."""
        with self._lock:
            self._generation += 1
            generation, self._checked = self._generation, False
        self.show()
        self._begin(lambda: self._looked(generation))

    @callback
    def _looked(self, generation: int) -> None:
        self._look(generation)
        if generation == self._generation:
            self.show()

    def _try(self) -> None:
        self._tried = None
        function, wish = self._looker.function(self._draft), self._draft.wish()
        self._tried = dry_run(self._session.client, function, wish, pulled=self._draft.pulled, timeout=TRIED)

    def _register(self) -> None:
        if self._asks_once():
            self._changed()
            return
        card = self.register()
        if self._box is not None:
            self._box.children = (self._box.children[0], card.panel.widget)
            card.panel.begin()
        card.panel.carry = self.carry
        self._draft = replace(self._draft, replace=False)
        self._changed()

    def _look(self, generation: int) -> None:
        with self._looking:
            self._offered = self.functions
            found = self._looker.look(self._draft, self._taken, asked=self._asked)
            with self._lock:
                # What was typed meanwhile is looked at next.
                if generation == self._generation:
                    self._found, self._checked = found, found.whole


def _retold(draft: Draft, text: str, name: str) -> Draft:
    """Take a function's text: its parameters, and its docstring where nothing else was typed."""
    told = draft.description
    untold = told == here.first_line(draft.text, draft.function) or (not told and name != draft.function)
    if untold and here.parameters_of(text, name) is not None:
        told = here.first_line(text, name)
    return replace(with_parameters(draft, text, name), function=name, text=text, description=told)


def _mended(text: str, statement: str) -> str:
    return here.with_import(text, statement) if statement.startswith(("import ", "from ")) else text
