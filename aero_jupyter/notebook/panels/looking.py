"""What stands in a registration form, held against this kernel and its servers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from aero_jupyter.compute.functions import PortableFunction, portable
from aero_jupyter.compute.live import known_elsewhere
from aero_jupyter.core.errors import AeroError, FunctionRefused, InvalidArgument, UnknownName
from aero_jupyter.core.models import Data
from aero_jupyter.notebook import preflight
from aero_jupyter.notebook.lookups import Lookups
from aero_jupyter.notebook.panels import here
from aero_jupyter.notebook.panels.draft import Draft, sentence
from aero_jupyter.notebook.panels.phrases import remark_in_the_form
from aero_jupyter.notebook.remarks import STOPS, SURPRISES, Remark, stopped, worst_first
from aero_jupyter.notebook.taken import of_names
from aero_jupyter.notebook.wishes import Wish

if TYPE_CHECKING:
    from aero_jupyter.session import Session

#: What is to be done where a registration has stopped at a function that was defined anew.
ASKED = "Nothing is registered yet: take the new text, or register again to keep this one."


@dataclass(frozen=True)
class Found:
    """What was found.

    Attributes
    ----------
    remarks : tuple of Remark
        The worst first.
    sentence : str
        What will happen, and when first; empty where something stops it.
    known : mapping of str to list of str
        For each parameter the names that may be meant.
    endpoints : mapping of str to str
        Name, and the name with state and Python.
    whole : bool
        Whether the servers answered all that was asked.
    """

    remarks: tuple[Remark, ...] = ()
    sentence: str = ""
    known: Mapping[str, list[str]] | None = None
    endpoints: Mapping[str, str] | None = None
    whole: bool = True

    @property
    def stops(self) -> bool:
        """Whether something stops the registration."""
        return any(remark.mark == STOPS for remark in self.remarks)


class Looker:
    """Looks at drafts; what it asked of servers it does not ask again until it is told to.

    Parameters
    ----------
    session : Session
    shell : InteractiveShell or None
        Whose functions and names are meant.
    """

    def __init__(self, session: Session, shell: Any) -> None:
        self._session = session
        self.shell = shell
        self.lookups = Lookups()

    @property
    def functions(self) -> dict[str, str]:
        """The functions of the kernel, newest first: name to text."""
        return here.functions_of(self.shell)

    def look(self, draft: Draft, taken: str, *, asked: str = "") -> Found:
        """Look at a draft.

        Parameters
        ----------
        taken : str
            The function's text in the kernel, as it was when the draft took it.
        asked : str
            The text in the kernel at which a registration has stopped.
        """
        remarks = [*self._of_text(draft, taken, asked), *_missing(draft)] if draft.function else []
        endpoints, known, told, whole = {}, {}, "", True
        try:
            endpoints = self.lookups.get("endpoints", "", self._endpoints)
            known = {name: self._names(what.partition("@")[0]) for name, how, what in draft.given if how == "input"}
            if draft.function:
                more, told = self._of_draft(draft, remarks)
                remarks += more
        except AeroError as error:
            remarks, whole = [*remarks, Remark(SURPRISES, "form", error.message, error.cure)], False
        said = tuple(map(remark_in_the_form, worst_first(remarks)))
        return Found(said, told, known, {draft.endpoint: draft.endpoint, **endpoints}, whole)

    def _of_draft(self, draft: Draft, before: list[Remark]) -> tuple[list[Remark], str]:
        try:
            wish = draft.wish()
        except InvalidArgument as error:
            return [stopped("when", error)], ""
        return self._of_wish(draft, wish, before)

    def function(self, draft: Draft) -> PortableFunction:
        """Make the function of a draft portable.

        Raises
        ------
        InvalidArgument
            If none is chosen.
        FunctionRefused
            If it cannot travel.
        """
        if not draft.function:
            raise InvalidArgument("No function is chosen.", "Choose one of this notebook.")
        elsewhere = known_elsewhere(self._names_here())
        pulled = draft.pulled or None
        return portable(draft.text, draft.function, source_parameter=pulled, known_elsewhere=elsewhere)

    def anew(self, draft: Draft, taken: str) -> str:
        """Give the text that the function has in the kernel, where it is another than the draft's; else nothing."""
        current = self.functions.get(draft.function, "")
        return "" if current in (draft.text, taken) else current

    def _of_wish(self, draft: Draft, wish: Wish, before: list[Remark]) -> tuple[list[Remark], str]:
        pulled = wish.source[1] if wish.source else ""
        read = [name for name, how, _ in draft.given if how == "input"]
        remarks = preflight.of_policy(wish.policy, read, draft.pulled)
        if pulled:
            remarks += self.lookups.get("source", pulled, lambda: preflight.of_source(pulled))
        inputs, unknown = preflight.of_inputs(self._session, wish.inputs, self.lookups)
        unknown += preflight.of_versions(self._session, inputs, wish.versions, self.lookups)
        remarks += [*unknown, *preflight.of_endpoint(self._session, draft.endpoint, self.lookups)]
        if not any(remark.about in ("function", "text") and remark.mark == STOPS for remark in before):
            function = self.function(draft)
            remarks += preflight.of_outputs(function, wish.outputs)
            remarks += self._names_taken(draft, wish, inputs)
            if not any(remark.mark == STOPS for remark in (*before, *remarks)):
                ids = {name: data.id for name, data in inputs.items()}
                remarks += self._standing(draft, function, wish, ids)
        stops = any(each.mark == STOPS for each in (*before, *remarks))
        return remarks, "" if stops else sentence(draft, wish, inputs)

    def _standing(self, draft: Draft, function: PortableFunction, wish: Wish, ids: Mapping[str, str]) -> list[Remark]:
        found = preflight.of_standing(self._session, function, wish, ids)
        if draft.replace:
            return [replace(each, mark=SURPRISES, cure="It is replaced; its data goes on.", mend="") for each in found]
        return found

    def _of_text(self, draft: Draft, taken: str, asked: str) -> list[Remark]:
        remarks = []
        anew = self.anew(draft, taken)
        if anew:
            text, cure = f"{draft.function}() was defined anew since.", ASKED if anew == asked else ""
            remarks.append(Remark(SURPRISES, "function", text, cure, "Take the new text", "new"))
        try:
            self.function(draft)
        except FunctionRefused as error:
            names = self._names_here()
            missing = here.missing_in(draft.text, draft.function)
            importable = next((made for name in missing if (made := here.import_of(name, names))), "")
            mend = f"Move {importable} into it" if importable else ""
            about = "text" if here.parameters_of(draft.text, draft.function) is None else "function"
            remarks.append(Remark(STOPS, about, error.message, error.cure, mend, importable))
        return remarks

    def _names_here(self) -> Mapping[str, Any]:
        names: Mapping[str, Any] = self.shell.user_ns if self.shell is not None else {}
        return names

    def _names_taken(self, draft: Draft, wish: Wish, inputs: Mapping[str, Data]) -> list[Remark]:
        read = tuple(data.name for data in inputs.values())
        return self.lookups.get(
            "taken",
            repr((draft.function, wish.outputs, read, draft.replace)),
            lambda: of_names(self._session, draft.function, wish.outputs, inputs, replaces=draft.replace),
        )

    def _names(self, typed: str) -> list[str]:
        def ask() -> list[str]:
            client = self._session.client
            asked: dict[str, Any] = {"text": typed} if typed and client.dialect.filters else {}
            return sorted({data.name for data in client.list("data", **asked).page(1)})

        try:
            return self.lookups.get("names", typed, ask)
        except UnknownName:
            return []

    def _endpoints(self) -> dict[str, str]:
        found = {}
        for row in self._session.endpoints(with_status=True):
            parts = (row["name"], row.get("status"), f"Python {row['python']}" if row.get("python") else "")
            found[str(row["name"])] = " · ".join(str(part) for part in parts if part)
        return found


_NAMED = {
    "input": "Name an input, a constant or the pulled source.",
    "constant": 'Write one; "" is an empty text.',
    "pulled": "Name the address it is pulled from.",
}


def _missing(draft: Draft) -> list[Remark]:
    hows = {name: how for name, how, _ in draft.given}
    remarks = [
        Remark(STOPS, f"parameter {name}", f"Nothing gives {name} a value yet.", _NAMED[hows[name]])
        for name in draft.missing()
    ]
    for name in [each for each, how in hows.items() if how == "pulled" and each != draft.pulled]:
        text, cure = f"{draft.pulled} gets the pulled source already.", f"Choose an input or a constant for {name}."
        remarks.append(Remark(STOPS, f"parameter {name}", text, cure))
    if not draft.made:
        remarks.append(Remark(STOPS, "outputs", "What it returns has no name yet.", "Name at least one output."))
    return remarks
