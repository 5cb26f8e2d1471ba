"""The process of one cluster: ``python -m aero_jupyter.service.clusters.parsl_process FILE NODE_FILE``.

It loads the user's Parsl configuration, receives the folder of one task a line, and answers with one line each. After
a null it reports once its tasks have ended. It ends with its standard input, and so with the service; Parsl then
returns what it has allocated.
"""

from __future__ import annotations

import json
import math
import os
import runpy
import sys
import threading
from concurrent.futures import Future
from functools import partial
from typing import Any, BinaryIO  # Parsl has no types

from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.service.workers.main import own_channels
from aero_jupyter.service.workers.process_tree import kill_session

#: Code of a function without a module that a node could import, so that it is sent as code.
_ENTRY = """
def run_on_node(file, folder):
    import importlib.util
    import sys

    if file not in sys.modules:
        spec = importlib.util.spec_from_file_location(file, file)
        module = sys.modules[file] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[file].run(folder)
"""
_LOOPBACK = "127.0.0.1"
#: Parsl's errors for a task that was lost with its node, and for one that it does not run because it is broken itself.
_LOST_NODES = ("ManagerLost", "WorkerLost")
_LOST = (*_LOST_NODES, "TooManyJobFailuresError", "BadStateException", "ScalingFailed")


class ConfigRefused(Exception):
    """A Parsl configuration cannot be used; the text states what to change."""


def main(file: str, node_file: str) -> None:
    """Run tasks until the standard input ends."""
    tasks, answers = own_channels()
    _start_guard((tasks, answers))
    # The output of Parsl and of the user's file goes to the log.
    os.dup2(2, 1)
    send = partial(_send, answers, threading.Lock())
    try:
        import parsl

        config = load_config(file)
        kernel = parsl.load(config)
    except Exception as error:
        send({"refused": f"{file}: {error}" if isinstance(error, ConfigRefused) else _described(file, error)})
        return
    with kernel:
        names: dict[str, Any] = {"__name__": "aero_cluster_entry"}
        exec(_ENTRY, names)  # noqa: S102  the text above
        app = parsl.python_app(names["run_on_node"], data_flow_kernel=kernel)
        send({"slots": count_slots(config)})
        while line := tasks.readline():
            if (folder := parse_json(line)) is None:
                # The service has another process for new tasks.
                threading.Thread(target=_finish, args=(kernel, send), daemon=True).start()
                continue
            app(node_file, folder).add_done_callback(partial(_answer, send, folder))


def load_config(file: str) -> Any:
    """Return the Parsl configuration that a file defines; nothing listens beyond this machine without an address.

    Raises
    ------
    ConfigRefused
        If the file defines none, or leaves open on which address Parsl listens.
    """
    from parsl.config import Config
    from parsl.providers import LocalProvider

    found = [value for value in runpy.run_path(file).values() if isinstance(value, Config)]
    if len(found) != 1:
        raise ConfigRefused(f"it must define one parsl.config.Config, and defines {len(found)}.")
    executors: list[Any] = list(found[0].executors)
    for executor in executors:
        if getattr(executor, "address", _LOOPBACK):
            continue
        if not isinstance(executor.provider, LocalProvider):
            raise ConfigRefused(
                f'executor {executor.label} has no address: write address="…", the address of this machine in the '
                "network of the nodes; without it Parsl listens on every network."
            )
        executor.address, executor.all_addresses = _LOOPBACK, {_LOOPBACK}
    return found[0]


def count_slots(config: Any) -> int:
    """Return the number of tasks that a configuration can run at the same time; 0 if it names none."""
    count = 0.0
    for executor in config.executors:
        provider = getattr(executor, "provider", None)
        blocks = getattr(provider, "max_blocks", 0) * getattr(provider, "nodes_per_block", 1)
        count += blocks * getattr(executor, "workers_per_node", 1)
    return int(count) if math.isfinite(count) else sys.maxsize


def _finish(kernel: Any, send: Any) -> None:
    kernel.wait_for_current_tasks()
    send({"finished": True})


def _answer(send: Any, folder: str, future: Future[str]) -> None:
    error = future.exception()
    if error is None:
        send({"folder": folder, "answer": future.result()})
    elif type(error).__name__ in _LOST:
        with_node = type(error).__name__ in _LOST_NODES
        if not with_node:
            # Parsl accepts no more tasks: the service starts another process.
            send({"broken": True})
        send({"folder": folder, "lost": f"{type(error).__name__}: {error}", "with_node": with_node})
    else:
        text = f"The cluster could not run the function. {type(error).__name__}: {error}"
        send({"folder": folder, "answer": json.dumps({"ok": False, "error": text, "traceback": ""})})


def _send(answers: BinaryIO, lock: threading.Lock, message: dict[str, Any]) -> None:
    with lock:
        answers.write(json.dumps(message).encode() + b"\n")
        answers.flush()


def _described(file: str, error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name == "parsl":
        return "A cluster needs Parsl, which is not installed. Run: pip install 'aero-jupyter[cluster]'"
    return f"{file}: {type(error).__name__}: {error}"


def _start_guard(channels: tuple[BinaryIO, BinaryIO]) -> None:
    """Start a process that outlives this one, and then ends what Parsl has left on this machine."""
    reader, writer = os.pipe()
    leader = os.getpid()
    if os.fork():
        os.close(reader)
        return
    os.close(writer)
    for channel in channels:
        channel.close()
    # In a session of its own, so that it does not end itself.
    os.setsid()
    os.read(reader, 1)
    kill_session(leader)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
