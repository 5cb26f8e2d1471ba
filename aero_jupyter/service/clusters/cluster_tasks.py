"""Tasks on clusters: submitted, submitted again if their node is lost, cancelled, and counted for each cluster."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import Future, InvalidStateError
from pathlib import Path
from typing import Any  # JSON values

from aero_jupyter.core.errors import AeroError
from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.service.clusters.cluster_link import ClusterLink
from aero_jupyter.service.clusters.registry import Cluster, clusters_folder, read_clusters, registry_file
from aero_jupyter.service.clusters.shared_folder import SharedFolder, TaskFolder, node_source
from aero_jupyter.service.workers.task_request import Task, TaskFailed, TaskLimits

#: How often a task starts on nodes that are lost, or waits for clusters that break, before it fails: the function may be
#: what breaks a node.
_MOST_ATTEMPTS = 3
#: Tasks in flight of a cluster whose size is small or not known, and of a large one.
_FEWEST_IN_FLIGHT, _MOST_IN_FLIGHT = 64, 2000
_REMOVED = (
    "The cluster of this flow was removed. Add it again with aero-jupyter endpoint add, or register the flow again."
)


class ClusterTask:
    """A task on a cluster.

    Attributes
    ----------
    outcome : Future
        The task's value, or `TaskFailed`.
    environment : dict
        The versions of Python and of packages with which it ran; empty if its node did not say.
    """

    def __init__(self, task: Task, limits: TaskLimits) -> None:
        self.task, self.limits = task, limits
        self.outcome: Future[Any] = Future()
        self.environment: dict[str, Any] = {}
        self.losses, self.breaks = 0, 0
        self.place: TaskFolder | None = None

    def cancel(self) -> None:
        """End the task at once; what its node still does has no effect."""
        self.fail("The run was cancelled.")
        if self.place is not None:
            self.place.cancel()

    def remove(self) -> None:
        """Remove the folder of the task."""
        if self.place is not None:
            self.place.remove()

    def fail(self, text: str, traceback: str = "") -> None:
        """End the task with an error, unless it has ended."""
        with contextlib.suppress(InvalidStateError):
            self.outcome.set_exception(TaskFailed(text, traceback))

    def finish(self, text: str) -> str | None:
        """End the task with the answer of its node; return the version of Python of the node."""
        try:
            answer = parse_json(text)
            python = str(answer["python"]) if "python" in answer else None
            self.environment = answer.get("environment", {})
            if answer["ok"]:
                with contextlib.suppress(InvalidStateError):
                    self.outcome.set_result(answer["value"])
            else:
                self.fail(str(answer["error"]), str(answer["traceback"]))
        except (ValueError, KeyError, TypeError):
            self.fail(f"The response of {self.task.name} cannot be read.")
            return None
        return python


class ClusterTasks:
    """The tasks on all clusters of one local AERO.

    Parameters
    ----------
    home : Path
        The folder of the local AERO.
    limits : TaskLimits
        Those of each task.
    """

    def __init__(self, home: Path, limits: TaskLimits) -> None:
        self._home, self._limits = home, limits
        self._lock = threading.Lock()
        self._links: dict[str, tuple[ClusterLink, SharedFolder]] = {}
        self._retired: list[ClusterLink] = []
        self._in_flight: dict[str, int] = {}
        self._pythons: dict[str, str] = {}
        self._is_closed = False

    def clusters(self) -> list[Cluster]:
        """Return the clusters that the user has added."""
        return read_clusters(self._home)

    @property
    def are_known(self) -> bool:
        """True if the user has ever added a cluster."""
        return registry_file(self._home).exists()

    def find(self, id: str) -> Cluster | None:
        """Return the cluster with this id, or None."""
        return next((each for each in self.clusters() if each.id == id), None)

    def full(self) -> list[str]:
        """Return the ids of the clusters that have as many tasks as they should wait for."""
        with self._lock:
            return [id for id, count in self._in_flight.items() if count >= self._most_in_flight(id)]

    def slots(self, id: str) -> int | None:
        """Return how many tasks a running cluster can run at the same time; None if that is not known."""
        with self._lock:
            link = self._links.get(id)
        return link[0].slots or None if link is not None and not link[0].is_over else None

    def python(self, id: str) -> str | None:
        """Return the version of Python of the node that answered last; None if none has yet."""
        return self._pythons.get(id)

    def submit(self, id: str, task: Task) -> ClusterTask:
        """Submit a task to the cluster with an id."""
        made = ClusterTask(task, self._limits)
        with self._lock:
            self._in_flight[id] = self._in_flight.get(id, 0) + 1

        def end(_: Future[Any]) -> None:
            with self._lock:
                self._in_flight[id] -= 1

        made.outcome.add_done_callback(end)
        self._attempt(id, made)
        return made

    def close(self) -> None:
        """End the processes of the clusters; tasks that run end without a result."""
        with self._lock:
            self._is_closed = True
            links, self._links = [link for link, _ in self._links.values()] + self._retired, {}
        for link in links:
            link.end_input()
        for link in links:
            link.close()

    def _most_in_flight(self, id: str) -> int:
        slots = self._links[id][0].slots if id in self._links else None
        return min(_MOST_IN_FLIGHT, max(_FEWEST_IN_FLIGHT, 2 * (slots or 0)))

    def _attempt(self, id: str, task: ClusterTask) -> None:
        try:
            link, folder = self._link(id)
            earlier = task.place
            task.place = folder.place(task.task, task.limits, earlier)
            if earlier is not None:
                earlier.remove()
        except (TaskFailed, AeroError, OSError) as error:
            return task.fail(f"The cluster cannot be used. {error}")
        return link.submit(str(task.place.folder), lambda message: self._receive(id, task, message))

    def _receive(self, id: str, task: ClusterTask, message: dict[str, Any]) -> None:
        if "answer" in message:
            if python := task.finish(str(message["answer"])):
                self._pythons[id] = python
        elif "refused" in message:
            task.fail(f"The cluster did not start. {message['refused']}")
        elif self._is_closed:
            task.fail("The service is stopping.")
        elif not task.outcome.done():
            # A task that only waited for a node that is lost has done nothing.
            is_started = task.place is not None and task.place.is_started
            task.losses += int(is_started)
            task.breaks += int(not is_started and not message.get("with_node"))
            if max(task.losses, task.breaks) < _MOST_ATTEMPTS:
                self._attempt(id, task)
            else:
                task.fail(f"{task.task.name} was lost on the cluster {_MOST_ATTEMPTS} times. {message['lost']}")

    def _link(self, id: str) -> tuple[ClusterLink, SharedFolder]:
        """Return the running process of a cluster, started if there is none."""
        with self._lock:
            if self._is_closed:
                raise TaskFailed("The service is stopping.")
            cluster, known = self.find(id), self._links.get(id)
            if cluster is None:
                raise TaskFailed(_REMOVED)
            if known is not None and known[0].serves(cluster):
                return known
            folder = SharedFolder(Path(cluster.folder))
            if known is None or known[1].folder != folder.folder:
                folder.prepare()
            if known is not None:
                known[0].retire()
                self._retired.append(known[0])
            link = ClusterLink(cluster, folder.code_file(node_source()), clusters_folder(self._home) / cluster.name)
            self._links[id] = link, folder
            return link, folder
