"""The login panel in kernels that run callbacks on other threads: each ipykernel in an environment of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager
from support.kernel_environments import IPYKERNEL_VERSIONS, create_environment

from aero_jupyter.testing.rehearsal import Rehearsal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200)]

LONG = 60


class FrontEnd:
    """The front end of a kernel: runs cells, tracks widgets, types and clicks."""

    def __init__(self, manager: KernelManager) -> None:
        self.client = manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=LONG)
        self.widgets: dict[str, dict[str, Any]] = {}
        self.text = ""

    def run(self, code: str) -> str:
        """Run a cell with standard input allowed; return its text output."""
        requested = self.client.execute(code, allow_stdin=True)
        self.text = ""
        self._until(lambda message: message["msg_type"] == "status" and self._is_idle(message, requested))
        return self.text

    def widget(self, model: str, **state: Any) -> str:
        """Return the id of the only widget of a model with this state."""
        found = [
            id
            for id, known in self.widgets.items()
            if known.get("_model_name") == model and state.items() <= known.items()
        ]
        assert len(found) == 1, self.widgets
        return found[0]

    def send(self, id: str, **data: Any) -> None:
        """Send something from a widget to the kernel."""
        message = self.client.session.msg("comm_msg", {"comm_id": id, "data": data})
        self.client.shell_channel.send(message)

    def until_shown(self, words: str) -> None:
        """Wait until a widget shows these words."""
        self._until(lambda _: words in self.shown())

    def shown(self) -> str:
        """Return the values of all widgets."""
        return "\n".join(str(known.get("value", "")) for known in self.widgets.values())

    def _is_idle(self, message: dict[str, Any], asked: str) -> bool:
        return bool(message["content"]["execution_state"] == "idle" and message["parent_header"].get("msg_id") == asked)

    def _until(self, happened: Callable[[dict[str, Any]], bool]) -> None:
        while True:
            message = self.client.get_iopub_msg(timeout=LONG)
            content = message["content"]
            if message["msg_type"] == "comm_open":
                self.widgets[content["comm_id"]] = dict(content["data"]["state"])
            elif message["msg_type"] == "comm_msg" and content["data"].get("method") == "update":
                self.widgets[content["comm_id"]] |= content["data"]["state"]
            elif message["msg_type"] == "error":
                self.text += "\n".join(content["traceback"])
            else:
                self.text += content.get("text", "") + content.get("data", {}).get("text/plain", "")
            if happened(message):
                return


@pytest.fixture
def rehearsal() -> Iterator[Rehearsal]:
    with Rehearsal() as rehearsal:
        yield rehearsal


@pytest.fixture(params=IPYKERNEL_VERSIONS)
def front_end(request: pytest.FixtureRequest, rehearsal: Rehearsal, tmp_path: Path) -> Iterator[FrontEnd]:
    python = create_environment(tmp_path / "env", request.param)
    manager = KernelManager()
    assert manager.kernel_spec is not None
    manager.kernel_spec.argv = [str(python), *manager.kernel_spec.argv[1:]]
    manager.start_kernel(cwd=str(tmp_path))
    front_end = FrontEnd(manager)
    try:
        assert request.param in front_end.run("import ipykernel; print(ipykernel.__version__)")
        yield front_end
    finally:
        front_end.client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_code_and_a_click_log_in(front_end: FrontEnd, rehearsal: Rehearsal) -> None:
    front_end.run("%load_ext aero_jupyter\n%aero_login")
    link = re.search(r'href="([^"]+)"', front_end.shown())
    assert link is not None
    field, button = front_end.widget("TextModel"), front_end.widget("ButtonModel", description="Log in")

    front_end.send(field, method="update", state={"value": rehearsal.code(unescape(link[1]))}, buffer_paths=[])
    front_end.send(button, method="custom", content={"event": "click"})
    front_end.until_shown("Logged in as vh@example.edu until")

    assert "0 of 0 · as of" in front_end.run("%aero_list data")
