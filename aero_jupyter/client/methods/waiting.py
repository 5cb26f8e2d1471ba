"""Waits for runs and versions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from aero_jupyter.client.methods.versions import VersionMethods
from aero_jupyter.core import errors
from aero_jupyter.core.models import Run, Version

T = TypeVar("T")


class WaitingMethods(VersionMethods):
    """Methods that wait. ``_sleep`` waits for a number of seconds; ``_clock`` returns seconds that never go back."""

    _sleep: Callable[[float], None]
    _clock: Callable[[], float]

    def wait_for_run(self, run_id: str, timeout: float) -> Run:
        """Wait until a run has ended.

        Parameters
        ----------
        run_id : str
            Id of the run.
        timeout : float
            Seconds to wait, at most.

        Returns
        -------
        Run
            The ended run, whatever its state.

        Raises
        ------
        AeroError
            If the run has not ended by then.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> newest = client.list("run").first(1)[0]
        >>> client.wait_for_run(newest.id, timeout=60).is_final
        True
        """

        def ended_run() -> Run | None:
            run = self.get_run(run_id)
            return run if run.is_final else None

        return self._poll(ended_run, timeout, f"Run {run_id[:8]} did not end within {timeout:g} s.")

    def wait_for_version(self, data_id: str, number: int, timeout: float) -> Version:
        """Wait until a version exists.

        Parameters
        ----------
        data_id : str
            Id of the dataset.
        number : int
            Number of the version, counted from 1.
        timeout : float
            Seconds to wait, at most.

        Returns
        -------
        Version

        Raises
        ------
        RunFailed
            If the run that should make it has failed, or one upstream of it.
        AeroError
            If the version does not exist by then.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.wait_for_version(client.resolve_data("sewage").id, 1, timeout=60).version
        1
        """
        data = self.get_data(data_id)

        def find_version() -> Version | None:
            # The failure is fetched first: a version that appears after it still counts.
            failure = self.blocking_failure(data)
            versions = self.versions(data_id)
            found = next((version for version in versions if version.version == number), None)
            if found is None and failure is not None:
                which = f"version {number}" if versions else "version"
                message = f"{data.name} has no {which}: {failure.reason(data)}."
                raise errors.RunFailed(message, failure.cure, details=self._details(failure), run_id=failure.run.id)
            return found

        timeout_message = f"{data.name} did not get version {number} within {timeout:g} s."
        return self._poll(find_version, timeout, timeout_message)

    def _poll(self, ready: Callable[[], T | None], timeout: float, timeout_message: str) -> T:
        deadline, pause = self._clock() + timeout, 0.05
        while (found := ready()) is None:
            remaining = deadline - self._clock()
            if remaining <= 0:
                raise errors.AeroError(timeout_message, "Wait longer, or see what happened with %aero_list run")
            self._sleep(min(pause, remaining))
            pause = min(pause * 1.5, 1.0)
        return found
