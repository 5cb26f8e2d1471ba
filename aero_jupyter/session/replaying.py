"""A function called on each version of a dataset, as it was then known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data, Flow
from aero_jupyter.session.connections import current
from aero_jupyter.session.replay_commit import ReplayCommitter
from aero_jupyter.session.replay_plan import ReplayPlanner, replayed_instants
from aero_jupyter.session.replay_runner import ReplayRunner
from aero_jupyter.session.replayed_function import ReplayedFunction, function_of_flow, function_of_notebook
from aero_jupyter.session.versions_reader import Progress

if TYPE_CHECKING:
    from aero_jupyter.compute.portable_function import PortableFunction
    from aero_jupyter.session.session import Session
    from aero_jupyter.vintages import Replay


def replay(
    function: str | Flow | Callable[..., Any] | PortableFunction,
    name_or_id: str,
    versions: Iterable[int] | None = None,
    *,
    every: str | timedelta | None = None,
    since: str | date | None = None,
    inputs: Mapping[str, str] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    output: str | None = None,
    endpoint: str | None = None,
    timeout: float = 300.0,
    progress: Progress | None = None,
    fresh: bool = False,
    commit: bool = False,
) -> Replay:
    """Call a function on each version of a dataset, with its other inputs as they were known at the same time.

    The calls run in parallel on the endpoint. Their results are stored for 30 days: a replay that was interrupted
    resumes, and a later one calls the function on new versions only.

    Parameters
    ----------
    function : str, Flow or callable
        A flow, by name or id, whose registered function is called; or a function of the notebook.
    name_or_id : str
        Name or id of the dataset, which must be an input of the function.
    versions : iterable of int, optional
        The numbers of the versions; all of them by default.
    every : str or timedelta, optional
        Replay evenly spaced instants, such as ``"7d"``, until the newest version is in force.
    since : str, date or datetime, optional
        Leave out earlier versions and instants. A date alone means the beginning of that day.
    inputs : mapping of str to str, optional
        For a function of the notebook: parameter to dataset; ``NAME@3`` is read by each call that is not earlier.
    kwargs : mapping, optional
        The fixed arguments; by default those of the flow.
    output : str, optional
        Which output to return, for a flow that makes several.
    endpoint : str, optional
        Name or id; by default that of the flow, or "local".
    timeout : float
        Seconds to wait for each call, on average.
    progress : callable, optional
        Called with the number of calls that have ended, and of all calls.
    fresh : bool
        Whether to call the function on all versions again.
    commit : bool
        Whether to store each result of a flow as a version of its output that stands for the time of the call. Such a
        version starts no runs, and is never the newest; it is stored once. Only the local AERO does this.

    Returns
    -------
    Replay
        ``results``, a DataFrame with the columns ``version`` and ``as_of`` before those of the function; ``failures``;
        and ``committed``, the versions that were stored.

    Raises
    ------
    InvalidArgument
        If the dataset is no input of the function, if versions or arguments do not fit, or if results cannot be stored.
    UnknownName
        If there is no such flow, dataset or endpoint.
    FunctionRefused
        If the source code of the function is not available.
    RunFailed
        If the endpoint becomes unavailable, or if the timeout expires.
    ClientError
        If the server refuses or does not respond.

    Examples
    --------
    >>> def rows(sewage: pd.DataFrame): return len(sewage)  # doctest: +SKIP
    >>> aero.replay(rows, "sewage").results  # doctest: +SKIP
       version                            as_of  value
    0        1 2026-01-05 12:00:00.000000+00:00     26
    """
    from aero_jupyter.vintages.replay_result import Replay

    session = current()
    data = session.client.resolve_data(name_or_id)
    flow = session.client.resolve_flow(function) if isinstance(function, str) else function
    called = _called_function(session, flow, data, inputs, kwargs, endpoint, output)
    committer = _committer(session, flow, called, kwargs) if commit else None
    planner = ReplayPlanner(session.client)
    now = datetime.now(timezone.utc)
    instants = replayed_instants(planner.versions_of(data), versions, every, since, now)
    calls = [planner.call_at(instant, called, {data.id: instant.version.version}) for instant in instants]
    runner = ReplayRunner(session, called, timeout, progress)
    if fresh:
        runner.journal.clear()
    answers = runner.run(calls)
    stored = committer.commit(runner, calls) if committer is not None else ()
    return Replay.of(
        (
            (call.instant.version.version, call.instant.as_of, answer)
            for call, answer in zip(calls, answers, strict=True)
        ),
        ((call.instant.version.version, call.instant.as_of, version.version) for call, version in stored),
    )


def _committer(
    session: Session, flow: object, called: ReplayedFunction, kwargs: Mapping[str, Any] | None
) -> ReplayCommitter:
    if not isinstance(flow, Flow):
        raise InvalidArgument(
            "A function of the notebook has no output to store versions of.", "Register it, and replay its flow."
        )
    if kwargs is not None:
        raise InvalidArgument("The output of a flow is made with the flow's own arguments.", "Leave kwargs out.")
    return ReplayCommitter(session, flow, called)


def _called_function(
    session: Session,
    function: Flow | Callable[..., Any] | PortableFunction,
    data: Data,
    inputs: Mapping[str, str] | None,
    kwargs: Mapping[str, Any] | None,
    endpoint: str | None,
    output: str | None,
) -> ReplayedFunction:
    """Return the function to call; the dataset is one of its inputs."""
    from aero_jupyter.compute.portable_function import PortableFunction, portable_from

    if not isinstance(function, Flow):
        if output is not None:
            raise InvalidArgument("A function of the notebook has no outputs to choose from.", "Leave output out.")
        made = function if isinstance(function, PortableFunction) else portable_from(function)
        return function_of_notebook(session, made, data, inputs or {}, kwargs or {}, endpoint)
    if inputs:
        raise InvalidArgument("A flow has its own inputs.", "Leave inputs out.")
    called = function_of_flow(session, function, kwargs, endpoint, output)
    if data.id not in {each.data_id for each in called.inputs.values()}:
        names = ", ".join(each.name for each in function.inputs)
        cure = f"Replay one of its inputs: {names}" if names else "Replay a flow that reads a dataset."
        raise InvalidArgument(f"{called.name} does not read {data.name}.", cure)
    return called
