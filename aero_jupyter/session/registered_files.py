"""Registering what a YAML file describes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aero_jupyter.core.errors import AeroError, AlreadyExists, InvalidArgument, NotFound, UnknownName
from aero_jupyter.core.models import Data, Flow
from aero_jupyter.core.policy import timer_for
from aero_jupyter.core.registration_body import arg_hash
from aero_jupyter.session.flow_files import Definition
from aero_jupyter.session.registration_by_id import register_by_id
from aero_jupyter.session.retention import keep_registered, require_retention
from aero_jupyter.session.session import Session
from aero_jupyter.session.sources import create_source, require_downloadable, require_no_copies, source_id


@dataclass(frozen=True)
class Outcome:
    """The result of registering one definition of a file.

    Attributes
    ----------
    kind : {"source", "flow"}
    name : str
        The dataset, or the outputs of the flow.
    state : str
        "created", "URL added", "exists", or what would change.
    data_id, flow_id : str or None
    """

    kind: str
    name: str
    state: str
    data_id: str | None = None
    flow_id: str | None = None

    def row(self) -> tuple[str, str, str, str, str]:
        """Return the cells of a table."""
        return self.kind, self.name, self.state, self.data_id or "", self.flow_id or ""


def require_inputs(session: Session, definitions: Sequence[Definition]) -> None:
    """Raise if an input of a file does not exist and no earlier definition of the file makes it.

    Raises
    ------
    InvalidArgument
        With the line of the flow.
    ClientError
        If the server refuses or does not answer.
    """
    made: set[str] = set()
    for definition in definitions:
        for name, entry in (definition.values.get("input_data") or {}).items():
            if entry["id"] not in made:
                try:
                    session.client.resolve_data(entry["id"])
                except (NotFound, UnknownName) as error:
                    place = f"{definition.file}, line {definition.line}"
                    raise InvalidArgument(f"{place}: input {name}: {error.message}", error.cure) from None
        made |= names_made_by(definition)


def names_made_by(definition: Definition) -> set[str]:
    """Return the names of the datasets that a source or a flow makes."""
    name = definition.values.get("name")
    return {str(name)} if definition.kind == "source" else set(definition.values.get("output_data") or {})


def register_definitions(
    session: Session,
    definitions: Sequence[Definition],
    *,
    dry_run: bool = False,
    begin: Callable[[str], object] = lambda label: None,
) -> tuple[list[Outcome], AeroError | None]:
    """Register the sources and flows of a file in their order, until one fails.

    Parameters
    ----------
    session : Session
    definitions : sequence of Definition
    dry_run : bool
        Whether to say only what would change.
    begin : callable
        Called with the label of each definition before it is registered.

    Returns
    -------
    outcomes : list of Outcome
        One for each definition before the one that failed.
    error : AeroError or None

    Raises
    ------
    InvalidArgument
        If an input does not exist; nothing is registered then.
    ClientError
        If the server refuses or does not answer.
    """
    require_inputs(session, definitions)
    outcomes: list[Outcome] = []
    for definition in definitions:
        begin(definition.label)
        try:
            outcomes.append(register_definition(session, definition, dry_run=dry_run))
        except AeroError as error:
            return outcomes, error
    return outcomes, None


def register_definition(session: Session, definition: Definition, *, dry_run: bool = False) -> Outcome:
    """Register one source or flow of a file.

    Parameters
    ----------
    session : Session
    definition : Definition
    dry_run : bool
        Whether to say only what would change.

    Raises
    ------
    InvalidArgument
        If an input or an endpoint does not exist, or a value is missing.
    ClientError
        If the server refuses or does not answer.
    """
    policy = definition.values.get("keep")
    require_retention(session, policy, f"{definition.file}, line {definition.line}: ")
    outcome = (_source if definition.kind == "source" else _flow)(session, definition, dry_run)
    keep_registered(session, None if dry_run else policy, outcome.data_id, outcome.flow_id)
    return outcome


def _source(session: Session, definition: Definition, dry_run: bool) -> Outcome:
    values = definition.values
    name, type_name, label = values.get("name"), values.get("type"), definition.label
    if dry_run:
        return _expected_source(session, definition)
    known = _known_type(session, values)
    if known is not None and values["url"] in [each["url"] for each in known["urls"]]:
        return Outcome("source", label, "exists", known["data_id"])
    if values.get("no_copy") and not type_name and (data := _same_source(session, definition)):
        return Outcome("source", label, "exists", data.id)
    try:
        result = create_source(
            session,
            name,
            values["url"],
            type_name=type_name,
            no_copy=bool(values.get("no_copy")),
            policy=definition.policy,
            timer=values.get("timer"),
            endpoint=values.get("endpoint_uuid"),
            function_id=values.get("verifier") or values.get("function_uuid"),
            kwargs=values.get("kwargs"),
            description=values.get("description"),
            collection=(values.get("collection_uuid"), values.get("collection_url")),
        )
    except AlreadyExists as error:
        data = None if type_name else _same_source(session, definition)
        if data is None:
            raise _at(definition, error) from None
        flows = [each["flow_id"] for each in session.client.flows_of(data.id) if each["role"] != "analysis"]
        return Outcome("source", label, "exists", data.id, next(iter(flows), None))
    flow_id = result["id"] if "contributed_to" in result else None
    return Outcome("source", label, "URL added" if "urls" in result else "created", source_id(result), flow_id)


def _known_type(session: Session, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the type of a source if it exists; raise if it stores copies and the source has none."""
    known = session.client.source_type(values["type"]) if values.get("type") else None
    if known is not None and values.get("no_copy"):
        require_no_copies(known)
    return known


def _expected_source(session: Session, definition: Definition) -> Outcome:
    """Return what registering a source would change."""
    values, label = definition.values, definition.label
    require_downloadable(session, values["url"], type_name=values.get("type"), no_copy=bool(values.get("no_copy")))
    known = _known_type(session, values)
    if known is not None:
        is_there = values["url"] in [each["url"] for each in known["urls"]]
        state = "exists" if is_there else f"its URL would be added to type {values['type']}"
        return Outcome("source", label, state, known["data_id"])
    data = None if values.get("type") else _same_source(session, definition)
    if data is None:
        return Outcome("source", label, "would be created")
    is_same = values.get("no_copy")
    return Outcome("source", label, "exists" if is_same else "exists unless its function or kwargs differ", data.id)


def _same_source(session: Session, definition: Definition) -> Data | None:
    """Return the dataset that has the name and the URL of a source already."""
    name, url = definition.values.get("name"), definition.values["url"]
    return next((data for data in session.client.list("data") if (data.name, data.url) == (name, url)), None)


def _flow(session: Session, definition: Definition, dry_run: bool) -> Outcome:
    try:
        return _registered_flow(session, definition, dry_run)
    except UnknownName:
        if not dry_run:
            raise
        # The input is made by an earlier definition of the file, which a dry run does not register.
        return Outcome("flow", definition.label, "would be created")


def _registered_flow(session: Session, definition: Definition, dry_run: bool) -> Outcome:
    values, label = definition.values, definition.label
    outputs: dict[str, dict[str, Any]] = values.get("output_data") or {}
    inputs = {
        name: {**entry, "id": session.client.resolve_data(entry["id"]).id, "version": entry.get("version")}
        for name, entry in (values.get("input_data") or {}).items()
    }
    kwargs, function_id = values.get("kwargs") or {}, values["function_uuid"]
    known = session.client.find_flow(function_id, arg_hash(kwargs, inputs, outputs))
    if known is not None:
        return Outcome("flow", label, "exists", _output_of(known), known.id)
    timer = timer_for(definition.policy, values.get("timer"))
    if dry_run:
        return Outcome("flow", label, "would be created")
    made = register_by_id(
        session,
        values.get("endpoint_uuid") or session.endpoint or "",
        function_id,
        inputs,
        outputs,
        kwargs,
        policy=definition.policy,
        timer=timer,
        description=values.get("description"),
    )
    return Outcome("flow", label, "created", _output_of(made), made.id)


def _output_of(flow: Flow) -> str | None:
    return flow.outputs[0].id if flow.outputs else None


def _at(definition: Definition, error: AlreadyExists) -> AlreadyExists:
    """Return an error that names the line of the file."""
    return AlreadyExists(error.code, f"{definition.file}, line {definition.line}: {error.message}", error.cure)
