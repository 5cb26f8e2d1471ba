"""The sheet of a registration form: what is to be seen of it, and the code that makes it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from IPython import get_ipython

from aero_jupyter.core.errors import FunctionRefused
from aero_jupyter.core.models import Flow
from aero_jupyter.core.policy import TIMED
from aero_jupyter.notebook.code import call_with, where_code
from aero_jupyter.notebook.panels import here
from aero_jupyter.notebook.panels import tree as trees
from aero_jupyter.notebook.panels.base import Task, TreePanel, on_thread
from aero_jupyter.notebook.panels.draft import HOW, WHEN, Draft
from aero_jupyter.notebook.panels.looking import Found, Looker
from aero_jupyter.notebook.panels.tree import Node
from aero_jupyter.notebook.remarks import STOPS, Remark

if TYPE_CHECKING:
    from aero_jupyter.notebook.dryrun import DryRun
    from aero_jupyter.session import Session

#: What must be well before a function is tried: the rest does not matter to it.
_UNTRIED = frozenset({"function", "text", "parameter"})


class Sheet(TreePanel):
    """What is to be seen of a form.

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
        self._draft = with_parameters(draft, draft.text, draft.function) if draft.function else draft
        self._looker = Looker(session, shell if shell is not None else get_ipython())
        self._found = Found(endpoints={draft.endpoint: draft.endpoint})
        self._taken = self._whole = draft.text
        self._tried: DryRun | None = None
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
        named = draft.named()
        if not draft.function:
            return call_with("register_form", **{key: value for key, value in named.items() if _is_said(key, value)})
        if here.parameters_of(draft.text, draft.function) is None:
            named = replace(draft, required=()).named()
        if not draft.description and here.first_line(draft.text, draft.function):
            named["description"] = ""
        if self._is_plain():
            return call_with("register_form", draft.function, **named)
        name = {} if _name_in(draft.text) == draft.function else {"name": draft.function}
        return call_with("register_form", repr(draft.text), **name, **named)

    def as_code(self) -> str:
        """Write the Python that registers the same; that shows the same form, while something stops it."""
        register = ".register()" if self._checked and not self._found.stops and self._draft.function else ""
        return f"{self.text_before()}{where_code(self._session)}{self.expression()}{register}\n"

    def text_before(self) -> str:
        """Write the function that the code is about, where it is written out."""
        return f"{self._draft.text.rstrip()}\n\n\n" if self._draft.function and self._is_plain() else ""

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
                trees.button("Try it here", "try", can=self._can_try),
                trees.button("Register", "register", can=self._can, primary=True),
                trees.copy("Copy as code", self.as_code(), "the code") if draft.function else None,
            ),
            *self._notes("text"),
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

    @property
    def _can_try(self) -> bool:
        lacking = not self._draft.function or self._draft.missing() or not self._draft.made
        unfit = any(each.mark == STOPS and each.about.partition(" ")[0] in _UNTRIED for each in self.remarks)
        return not (lacking or unfit or self._busy)

    def _is_plain(self) -> bool:
        """Whether the text can stand before the call: as a cell has it, and with nothing missing elsewhere."""
        draft = self._draft
        if draft.text != self._whole:
            return False
        try:
            self._looker.function(draft)
            return here.kept(f"{draft.text}\n\n\n{where_code(self._session)}", draft.function) == draft.text
        except FunctionRefused:
            return False

    def _state(self) -> str:
        if self._busy:
            return "Working …"
        if self.flow is not None:
            return f"Registered as flow {self.flow.id[:8]}."
        return "" if self._checked or not self._found.whole else "Looking …"

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
        hows = {each: said for each, said in HOW.items() if each != "default" or name not in self._draft.required}
        shown = trees.row(
            trees.choice(f"how {name}", f"with {name} =", how, hows),
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


def with_parameters(draft: Draft, text: str, name: str) -> Draft:
    """Take the parameters of a text, where it can be read; a text that is half typed changes none."""
    found = here.parameters_of(text, name)
    return draft if found is None else draft.kept(found)


def _is_said(name: str, value: object) -> bool:
    return bool(value) and (name, value) != ("when", "any")


def _name_in(text: str) -> str:
    try:
        return here.name_in(text)
    except FunctionRefused:
        return ""
