"""The commit: records the inputs and outputs of a run on the AERO server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aero_jupyter.jobs.aero_server import ask_aero


def database_commit(*args: Any, **kwargs: Any) -> dict[str, Any]:
    """Record the versions of one run.

    Parameters
    ----------
    **kwargs
        The keyword arguments as the function's run returned them.

    Returns
    -------
    dict
        The server's answer, the provenance record.

    Raises
    ------
    AeroJobError
        If the server rejects it.
    """
    aero = kwargs["aero"]
    body = commit_record(aero)
    # A run's id lets the server detect a repeated commit; without one it counts as another run.
    older = {"json": {"aero": body}}
    answer: dict[str, Any] = ask_aero(aero, "POST", "/prov/new", json=body, retry="run_id" in body, older=older)
    return answer


def commit_record(aero: Mapping[str, Any]) -> dict[str, Any]:
    """Build the provenance record of a task from its ``aero`` argument."""
    return {
        "flow_id": aero["flow_id"],
        "input_data": _flat(aero.get("input_data")),
        "output_data": _flat(aero.get("output_data")),
        **{key: aero[key] for key in ("run_id", "task") if aero.get(key) is not None},
    }


def commit_analysis(*results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Record the versions of each task of a run.

    Parameters
    ----------
    *results : mapping
        The kwargs that each task returned.

    Returns
    -------
    list of dict
        The server's answers, each with the index of its ``task``.
    """
    answers = []
    for index, kwargs in enumerate(results):
        aero = {"task": index, **kwargs["aero"]}
        answers.append({**database_commit(aero=aero), "task": aero["task"]})
    return answers


def _flat(entries: Mapping[str, Mapping[str, Any]] | None) -> dict[str, dict[str, Any]]:
    return {
        name: {key: value for key, value in entry.items() if key != "signed_url" and _is_flat(value)}
        for name, entry in (entries or {}).items()
    }


def _is_flat(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    return value is None or isinstance(value, (str, bool, int, float))
