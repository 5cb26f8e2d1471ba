"""What is looked at before a function is registered: what stops it, and what may surprise. Nothing is guessed."""

from __future__ import annotations

import ast
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import requests

from aero_jupyter.core.errors import AeroError, InvalidArgument, UnknownName
from aero_jupyter.core.policy import PolicyEnum

if TYPE_CHECKING:
    from aero_jupyter.compute.functions import PortableFunction
    from aero_jupyter.notebook.wishes import Wish
    from aero_jupyter.session import Session

T = TypeVar("T")

#: Seconds that a source may take to answer.
PATIENCE = 5.0
STOPS, SURPRISES = "✕", "▲"


@dataclass(frozen=True)
class Remark:
    """Something to know before registering.

    Attributes
    ----------
    mark : str
        ``STOPS`` or ``SURPRISES``.
    about : str
        What it concerns: "function", "parameter NAME", "outputs", "endpoint", "source", "when" or "flow".
    text, cure : str
        What is the matter, and what to do.
    mend : str
        The words of a button that mends it; empty where none does.
    with_what : str
        What the button needs to know.
    """

    mark: str
    about: str
    text: str
    cure: str = ""
    mend: str = ""
    with_what: str = ""

    def __str__(self) -> str:
        return f"{self.mark} {self.text} {self.cure}".rstrip()


def stopped(about: str, error: AeroError) -> Remark:
    """Make an error a remark that stops."""
    return Remark(STOPS, about, error.message, error.cure)


class Lookups:
    """Answers of servers, each asked for once while somebody types."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], Any] = {}

    def get(self, kind: str, what: str, ask: Callable[[], T]) -> T:
        """Give what is known, else ask."""
        with self._lock:
            if (kind, what) in self._known:
                known: T = self._known[kind, what]
                return known
        answer = ask()
        with self._lock:
            self._known[kind, what] = answer
        return answer

    def forget(self) -> None:
        """Ask anew from now on."""
        with self._lock:
            self._known.clear()


def ahead(session: Session, function: PortableFunction, wish: Wish, endpoint: str) -> list[Remark]:
    """Look at a registration before it is sent, at what the registration itself does not look at: the worst first."""
    # A function that makes nothing may be meant so here: its run will say it.
    found = of_outputs(function, wish.outputs, pulled=wish.source is not None)
    remarks = [replace(remark, mark=SURPRISES) for remark in found]
    remarks += of_endpoint(session, endpoint, Lookups())
    remarks += of_source(wish.source[1]) if wish.source else []
    return worst_first(remarks)


def worst_first(remarks: Iterable[Remark]) -> list[Remark]:
    """Put what stops before what surprises."""
    return sorted(remarks, key=lambda remark: remark.mark != STOPS)


def of_outputs(function: PortableFunction, outputs: Sequence[str], *, pulled: bool) -> list[Remark]:
    """Look for outputs that a function surely does not make."""
    node = _definition(function)
    if node is None or not outputs:
        return []
    returned = list(_returned(node))
    if not returned and not pulled:
        what = f"output{'s' * (len(outputs) > 1)} {', '.join(outputs)}"
        cure = "Return a DataFrame, a path, or AeroOutput(name, path)."
        return [Remark(STOPS, "outputs", f"{function.name}() returns nothing, but {what} is declared.", cure)]
    named = _named(returned)
    lacking = [name for name in outputs if named is not None and name not in named]
    if lacking and len(outputs) > 1:
        text = f"{function.name}() never makes {', '.join(lacking)}."
        return [Remark(STOPS, "outputs", text, f"It makes {', '.join(sorted(named or ()))}: return the others too.")]
    return []


def _definition(function: PortableFunction) -> ast.FunctionDef | None:
    """Give a function's own definition, where it stands at the top of its text."""
    nodes = [node for node in ast.parse(function.cell).body if isinstance(node, ast.FunctionDef)]
    return next((node for node in reversed(nodes) if node.name == function.name), None)


def _returned(node: ast.FunctionDef) -> Iterable[ast.expr]:
    inner: list[ast.AST] = list(node.body)
    while inner:
        each = inner.pop()
        if isinstance(each, ast.Return) and each.value is not None:
            if not (isinstance(each.value, ast.Constant) and each.value.value is None):
                yield each.value
        elif not isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            inner += ast.iter_child_nodes(each)


def _named(returned: Sequence[ast.expr]) -> set[str] | None:
    """Give the names of what is returned, where every one of them is written out; else None."""
    names: set[str] = set()
    for value in returned:
        parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else [value]
        for part in parts:
            is_output = isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == "AeroOutput"
            first = part.args[0] if is_output and isinstance(part, ast.Call) and part.args else None
            if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
                return None
            names.add(first.value)
    return names


def of_inputs(session: Session, inputs: Mapping[str, str], known: Lookups) -> tuple[dict[str, str], list[Remark]]:
    """Find the data that are to be read: their ids, and what is not found."""
    ids: dict[str, str] = {}
    remarks = []
    for parameter, name in inputs.items():
        try:
            ids[parameter] = known.get("data", name, lambda name=name: session.client.resolve_data(name)).id  # type: ignore[misc]
        except UnknownName as error:
            best = error.candidates[0] if len(error.candidates) == 1 else ""
            mend = f"Use {best}" if best else ""
            remarks.append(
                Remark(STOPS, f"parameter {parameter}", error.message, error.cure, mend, f"{parameter}={best}")
            )
    return ids, remarks


def of_endpoint(session: Session, endpoint: str, known: Lookups) -> list[Remark]:
    """Look whether an endpoint is there, and which Python it has."""
    try:
        said = known.get("endpoint", endpoint, lambda: session.remark(endpoint))
    except UnknownName as error:
        return [stopped("endpoint", error)]
    except AeroError as error:
        return [Remark(SURPRISES, "endpoint", error.message, error.cure)]
    return [Remark(SURPRISES, "endpoint", said.removeprefix(f"{SURPRISES} "))] if said else []


def of_source(url: str) -> list[Remark]:
    """Ask a source for its first bytes: whether it answers, and whether with a web page."""
    from aero_jupyter.jobs.names import is_data_suffix, is_web_page, suffix_of, url_name

    if not url.startswith(("http://", "https://")):
        return [
            Remark(STOPS, "source", f"{url!r} is not the address of a source.", "Write it as https://host/file.csv.")
        ]
    try:
        with requests.get(url, stream=True, timeout=PATIENCE, headers={"Range": "bytes=0-511"}) as answer:
            head = next(answer.iter_content(512), b"")
            code, kind = answer.status_code, answer.headers.get("Content-Type", "")
    except (requests.RequestException, ValueError):
        return [Remark(SURPRISES, "source", "The source does not answer from here.", "Check its address.")]
    if code >= 400:
        return [Remark(SURPRISES, "source", f"The source answers with {code}.", "Check its address.")]
    if is_web_page(kind, head):
        fatal = is_data_suffix(suffix_of(url_name(url)))
        cure = "Give the address of the file itself."
        return [Remark(STOPS if fatal else SURPRISES, "source", "The source answers with a web page.", cure)]
    return []


def of_standing(session: Session, function: PortableFunction, wish: Wish, ids: Mapping[str, str]) -> list[Remark]:
    """Look whether a flow of this function stands there, and how it differs."""
    twin = session.standing(function.name, wish.outputs)
    if twin is None:
        return []
    source = wish.source[1] if wish.source else None
    found = session.differences(twin, function, ids, wish.kwargs, wish.policy, wish.timer, source=source)
    if not found:
        return [
            Remark(
                SURPRISES, "flow", f"This flow is registered already ({twin.id[:8]}).", "Registering gives it again."
            )
        ]
    made = ", ".join(wish.outputs)
    text = f"A flow {function.name} → {made} exists already ({twin.id[:8]}): {'; '.join(found)}."
    return [
        Remark(STOPS, "flow", text, "Continue its data with this one, or choose another output.", "Replace it", "1")
    ]


def of_policy(policy: PolicyEnum, inputs: Sequence[str], source: str) -> list[Remark]:
    """Look whether the policy has what it waits for."""
    if policy in (PolicyEnum.ANY, PolicyEnum.ALL) and not inputs:
        text = "It would wait for inputs, and none is chosen."
        return [
            Remark(
                STOPS, "when", text, "Choose an input for a parameter, or another time.", "Only when I say so", "none"
            )
        ]
    if policy in (PolicyEnum.INGESTION, PolicyEnum.INGESTION_EVENT) and not source:
        text = "It would pull an address, and none is given."
        return [Remark(STOPS, "when", text, "Choose for one parameter: the pulled source.")]
    if source and policy not in (PolicyEnum.INGESTION, PolicyEnum.INGESTION_EVENT):
        text = "A source is given, and this pulls none."
        return [Remark(STOPS, "when", text, "Choose: pull this address every ….", "Pull it every day", "pull")]
    return []


def require(remarks: Sequence[Remark], *, but: str = "") -> None:
    """Raise the first remark that stops, unless it is about something else that is looked at later.

    Raises
    ------
    InvalidArgument
    """
    for remark in remarks:
        if remark.mark == STOPS and remark.about != but:
            raise InvalidArgument(remark.text, remark.cure)
