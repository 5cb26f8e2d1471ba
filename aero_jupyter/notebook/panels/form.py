"""A function registered with the mouse: a sentence to fill in, looked at while one types."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from IPython import get_ipython

from aero_jupyter.core.errors import AeroError, FunctionRefused
from aero_jupyter.core.models import Data, Flow
from aero_jupyter.core.policy import TIMED
from aero_jupyter.notebook.callbacks import callback
from aero_jupyter.notebook.card import FlowCard
from aero_jupyter.notebook.code import call_of, where_code
from aero_jupyter.notebook.dryrun import DryRun, dry_run
from aero_jupyter.notebook.panels import here
from aero_jupyter.notebook.panels import tree as trees
from aero_jupyter.notebook.panels.base import Message, Task, TreePanel, on_thread
from aero_jupyter.notebook.panels.draft import HOW, WHEN, Draft
from aero_jupyter.notebook.panels.looking import Found, Looker
from aero_jupyter.notebook.panels.tree import Node
from aero_jupyter.notebook.remarks import STOPS, SURPRISES, Remark, require

if TYPE_CHECKING:
    from aero_jupyter.session import Session

#: Seconds that a function may take when it is tried.
TRIED = 120.0


class RegisterForm(TreePanel):
    """A form that registers a function; what was typed stays, whatever happens.

    Attributes
    ----------
    flow : Flow or None
        What was registered last.
    """

    label = "Register a function"

    def __init__(
        self, session: Session, draft: Draft, *, begin: Callable[[Task], None] = on_thread, shell: Any = None
    ) -> None:
        super().__init__(session, begin=begin)
        self._draft = draft
        self._looker = Looker(session, shell if shell is not None else get_ipython())
        self._found = Found(endpoints={draft.endpoint: draft.endpoint})
        self._generation = 0
        self._looking = threading.Lock()
        self._taken = draft.text
        self._tried: DryRun | None = None
        self._carried = ""
        self._card: FlowCard | None = None
        self.flow: Flow | None = None
        self._checked = False

    @property
    def value(self) -> Draft:
        """What stands in it."""
        return self._draft

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What was found the last time it was looked at, the worst first."""
        return self._found.remarks

    @property
    def functions(self) -> dict[str, str]:
        """The functions of this kernel, newest first: name to text."""
        return self._looker.functions

    def expression(self) -> str:
        """Write the call that makes it."""
        draft = self._draft
        if not draft.function:
            return "aero.register_form()"
        first = draft.function if self._is_plain() else repr(draft.text)
        return call_of("register_form", first, **draft.named())

    def as_code(self) -> str:
        """Write the Python that registers the same; that shows the same form, while something stops it."""
        register = ".register()" if self._checked and not self._found.stops and self._draft.function else ""
        return f"{self.text_before()}{where_code(self._session)}{self.expression()}{register}\n"

    def text_before(self) -> str:
        """Write the function that the code is about, where it is written out."""
        return f"{self._draft.text.rstrip()}\n\n\n" if self._draft.function and self._is_plain() else ""

    def register(self) -> FlowCard:
        """Register what stands in the form.

        Raises
        ------
        InvalidArgument
            If something stops it.
        FunctionRefused, ClientError
        """
        self.check()
        require(self.remarks)
        draft, wish = self._draft, self._draft.wish()
        flow = self._session.register(
            self._looker.function(draft),
            **wish.arguments(),
            endpoint=draft.endpoint,
            description=draft.description or None,
            replace=draft.replace,
        )
        self.flow = self._session.client.get_flow(flow.id)
        self._card = FlowCard(self._session, self.flow)
        self.came(self.flow)
        return self._card

    def check(self) -> tuple[Remark, ...]:
        """Look at what stands in the form, here and now."""
        with self._lock:
            generation = self._generation
        self._look(generation)
        return self.remarks

    # What is to be seen

    def nodes(self) -> Sequence[Node | None]:
        """Describe what is to be seen."""
        draft = self._draft
        functions = list(self.functions)
        names = [*([draft.function] if draft.function and draft.function not in functions else []), *functions]
        if not names:
            return [
                trees.text("There is no function in this notebook yet.", "strong"),
                trees.text("Define one in a cell, run it, and press Refresh; its inputs are its parameters."),
                trees.row(trees.button("Refresh", "refresh")),
            ]
        choices = {name: f"{name}()" for name in names} | ({} if draft.function else {"": "choose a function"})
        timed = draft.policy in TIMED
        first = trees.row(
            trees.choice("function", "Run", draft.function, choices),
            trees.choice("endpoint", "on", draft.endpoint, self._found.endpoints or {}),
            trees.choice("when", "when", draft.when, WHEN),
            trees.field("every", "every", draft.every, hint="1d") if timed else None,
            trees.button("Refresh", "refresh"),
        )
        return [
            first,
            *self._notes("function", "endpoint", "when"),
            *(self._parameter(name, how, what) for name, how, what in draft.given),
            trees.row(
                trees.field("outputs", "Keep what it returns as", draft.outputs, hint="name, another name"),
                trees.field("description", "described as", draft.description, hint="one line"),
            ),
            *self._notes("outputs", "flow", "form"),
            trees.text(self._found.sentence),
            *self._result(),
            trees.row(
                trees.button("Try it here", "try", can=bool(draft.function) and not self._busy),
                trees.button("Register", "register", can=self._can, primary=True),
                trees.copy("Copy as code", self.as_code(), "the code") if draft.function else None,
            ),
            trees.fold("The text that travels", trees.field("text", "text", draft.text, lines=12))
            if draft.function
            else None,
            trees.text(self._state(), "meta"),
        ]

    def said(self) -> str:
        """Say what stops, to who does not see it."""
        return next((str(remark) for remark in self.remarks if remark.mark == STOPS), self._state())

    @property
    def _can(self) -> bool:
        return bool(self._draft.function) and self._checked and not self._found.stops and not self._busy

    def _is_plain(self) -> bool:
        try:
            return here.kept(self._draft.text, self._draft.function) == self._draft.text
        except (FunctionRefused, IndexError):
            return False

    def _state(self) -> str:
        if self._busy:
            return "Working …"
        if self.flow is not None:
            return f"Registered as flow {self.flow.id[:8]}."
        return "" if self._checked else "Looking …"

    def _notes(self, *about: str) -> list[Node]:
        return [
            trees.note(
                remark.mark,
                f"{remark.text} {remark.cure}".rstrip(),
                trees.button(remark.mend, "mend", about=remark.about, what=remark.with_what) if remark.mend else None,
            )
            for remark in self.remarks
            if remark.about in about
        ]

    def _parameter(self, name: str, how: str, what: str) -> Node:
        hints = {"input": "name of a data", "constant": "a value", "pulled": "https://host/file.csv"}
        shown = trees.row(
            trees.choice(f"how {name}", f"with {name} =", how, HOW),
            trees.field(
                f"what {name}",
                f"{HOW[how]} for {name}",
                what,
                known=(self._found.known or {}).get(name, ()),
                hint=hints[how],
                quiet=True,
            )
            if how in hints
            else None,
        )
        about = [f"parameter {name}", *(["source"] if how == "pulled" else [])]
        return trees.group("", shown, *self._notes(*about), key=f"parameter {name}")

    def _result(self) -> list[Node]:
        if self._tried is None:
            return []
        files = [trees.text(line, "meta") for line in self._tried.files]
        return [
            trees.note("✓", self._tried.heading),
            *files,
            *([trees.pre(self._tried.pre)] if self._tried.pre else []),
        ]

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
        """Look at what stands there, as somebody looks at it."""
        self._changed()

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
            draft = replace(self._draft, function=name, text=text, replace=False)
            self._taken = text
            outputs = draft.outputs if draft.outputs not in ("", self._draft.function) else name
            self._draft = self._with_carried(replace(with_parameters(draft, text, name), outputs=outputs))
        self._changed()

    def _set(self, message: Message) -> None:
        name, value = str(message.get("name")), str(message.get("value"))
        what, _, parameter = name.partition(" ")
        if name == "function":
            if value in self.functions:
                self.choose(value, self.functions[value])
            return
        with self._lock:
            if what == "how" and value in HOW:
                self._draft = self._draft.with_given(parameter, how=value)
                if value == "pulled" and self._draft.when not in ("pull", "event"):
                    self._draft = replace(self._draft, when="pull")
            elif what == "what":
                self._draft = self._draft.with_given(parameter, what=value)
            elif name == "text":
                self._draft = with_parameters(replace(self._draft, text=value), value, self._draft.function)
            elif name in ("outputs", "endpoint", "every", "description") or (name == "when" and value in WHEN):
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
                self._draft = with_parameters(replace(self._draft, text=text), text, self._draft.function)
            elif about.startswith("parameter "):
                parameter, _, name = what.partition("=")
                self._draft = self._draft.with_given(parameter, what=name)
            elif about == "when" and what in WHEN:
                self._draft = replace(self._draft, when=what)
            elif about == "flow":
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
        try:
            self._look(generation)
        except AeroError as error:
            remark = Remark(SURPRISES, "form", error.message, error.cure)
            self._found = replace(self._found, remarks=(*self._found.remarks, remark))
        if generation == self._generation:
            self.show()

    def _try(self) -> None:
        self._tried = None
        function, wish = self._looker.function(self._draft), self._draft.wish()
        self._tried = dry_run(self._session.client, function, wish, pulled=self._draft.pulled, timeout=TRIED)

    def _register(self) -> None:
        card = self.register()
        if self._box is not None:
            self._box.children = (self._box.children[0], card.panel.widget)
            card.panel.begin()
        card.panel.carry = self.carry
        self._draft = replace(self._draft, replace=False)
        self._changed()

    def _look(self, generation: int) -> None:
        with self._looking:
            found = self._looker.look(self._draft, self._taken)
            with self._lock:
                # What was typed meanwhile is looked at next.
                if generation == self._generation:
                    self._found, self._checked = found, True


def with_parameters(draft: Draft, text: str, name: str) -> Draft:
    """Take the parameters of a text, where it can be read; a text that is half typed changes none."""
    found = here.parameters_of(text, name)
    return draft if found is None else draft.kept(found)


def _mended(text: str, statement: str) -> str:
    return here.with_import(text, statement) if statement.startswith(("import ", "from ")) else text
