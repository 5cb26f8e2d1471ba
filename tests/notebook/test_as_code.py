"""The code of a panel has the same effect in a fresh kernel."""

from __future__ import annotations

import time
from ast import literal_eval
from collections.abc import Iterator
from queue import Empty
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jupyter_client.manager import start_new_kernel

import aero_jupyter
from aero_jupyter.core.run_states import RUN_STATES
from aero_jupyter.notebook.panels.base import Panel
from aero_jupyter.notebook.panels.register.panel import RegisterForm
from aero_jupyter.notebook.panels.register.state import BINDING_LABELS, WHEN_LABELS, FormState
from aero_jupyter.notebook.registration import kernel_functions
from aero_jupyter.notebook.widgets import tree as trees

pytestmark = [pytest.mark.slow, pytest.mark.long(160)]

TEXT = "def coded(x, window=2):\n    '''Coded.'''\n    return x\n"
NAMES = st.text(max_size=12).filter(lambda text: text.isprintable())


class Kernel:
    """A kernel of its own; each code runs in it as if nothing had run before."""

    def __init__(self) -> None:
        self._manager, self._client = start_new_kernel(kernel_name="python3")

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def value(self, code: str, expression: str) -> str:
        """Run a code; return the repr of an expression in which ``made`` is what the last line gave."""
        self._run("%reset -f")
        self._run(code)
        return str(literal_eval(self._run("made = _", f"repr({expression})")))

    def _run(self, code: str, expression: str = "None") -> str:
        """Run a code and return an expression after it. The reply alone is waited for: it cannot be dropped."""
        id = self._client.execute(code, store_history=True, user_expressions={"asked": expression})
        deadline = time.monotonic() + 300
        while True:
            try:
                message = self._client.get_shell_msg(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                raise AssertionError(f"The kernel did not answer to {code}") from None
            if message["parent_header"].get("msg_id") == id:
                break
        content = message["content"]
        assert content["status"] == "ok", "\n".join(content.get("traceback", ())) + code
        requested = content["user_expressions"]["asked"]
        assert requested["status"] == "ok", "\n".join(requested.get("traceback", ())) + code
        return str(requested["data"]["text/plain"])


@pytest.fixture(scope="module")
def kernel(aero: Any, influent: Any) -> Iterator[Kernel]:
    started = Kernel()
    yield started
    started.close()


@st.composite
def panels(draw: Any) -> Panel:
    """Any panel, in any state."""
    return draw(st.sampled_from([browsed, watched, traced, drafted]))(draw)


def browsed(draw: Any) -> Panel:
    client = aero_jupyter.current().client
    query = draw(st.sampled_from([None, "influent", "level OR influent"]))
    sort = None if query else draw(st.sampled_from([None, "name", "-updated"]))
    where = {} if query else draw(st.sampled_from([{}, {"name": "in*"}, {"name": "le*", "description": "*"}]))
    chosen = draw(st.lists(st.sampled_from(["influent", "level"]), unique=True))
    ids = tuple(client.resolve_data(name).id for name in chosen)
    panel = aero_jupyter.browse(query, sort=sort, where=where, selected=ids)
    assert panel.widget is not None
    return panel


def watched(draw: Any) -> Panel:
    return aero_jupyter.monitor(
        draw(st.sampled_from([None, "follow", "take_in"])),
        state=draw(st.sampled_from([None, *RUN_STATES])),
        since=draw(st.none() | st.integers(1, 10**6)),
        text=draw(NAMES),
        paused=draw(st.booleans()),
    )


def traced(draw: Any) -> Panel:
    view = aero_jupyter.lineage(draw(st.sampled_from(["influent", "level", "level@1", "influent@2"])))
    opened = draw(st.sampled_from([None, *view.to_networkx()]))
    if opened:
        view.open(opened)
    view.unfold(draw(st.lists(st.sampled_from(sorted(view.to_networkx())), unique=True)))
    return view


def drafted(draw: Any) -> Panel:
    given_to = tuple((name, draw(st.sampled_from(sorted(BINDING_LABELS))), draw(NAMES)) for name in ("x", "window"))
    pulled = [each for each in given_to if each[1] == "pulled"]
    draft = FormState(
        "coded",
        TEXT,
        given_to if len(pulled) < 2 else (("x", "input", "a"), ("window", "default", "")),
        outputs=draw(st.sampled_from(["coded", "one, two"])),
        when=draw(st.sampled_from(sorted(WHEN_LABELS))),
        every=draw(st.sampled_from(["", "1d", "soon"])),
        description=draw(NAMES.map(str.strip)) or "Coded.",
        replace=draw(st.booleans()),
    )
    return RegisterForm(aero_jupyter.current(), draft, begin=lambda task: task())


def same(draft: FormState) -> Any:
    """Return the relevant state of a draft; the binding of an unnamed parameter does not count."""
    return (
        draft.function,
        draft.text,
        draft.values_of("input"),
        draft.constants(),
        draft.values_of("pulled"),
        draft.form_arguments(),
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(panel=panels())
def test_the_code_of_a_panel_makes_the_same_panel(kernel: Kernel, panel: Panel) -> None:
    if isinstance(panel, RegisterForm):
        inputs, pulled = "d.values_of('input')", "d.values_of('pulled')"
        of = f"(lambda d: (d.function, d.text, {inputs}, d.constants(), {pulled}, d.form_arguments()))(made.value)"
        assert kernel.value(panel.as_code(), of) == repr(same(panel.value)), panel.as_code()
    else:
        show = "(made.widget, made.value)[1]"
        assert kernel.value(panel.as_code(), show) == repr(panel.value), panel.as_code()


TYPED = [
    "def coded(x, window=2",
    "def coded(x, window=2:\n    return x\n",
    "",
    "x = 1\n",
    "def coded(x):\n    return x\n\n\ndef other(y):\n    return y\n",
    "import no_such_module\n\n\ndef coded(x):\n    return x\n",
    "def coded(x, window=1 / 0):\n    return x\n",
    "@no_such_decorator\ndef coded(x, window):\n    return x\n",
    "def coded(window, more, x=1):\n    return 42\n",
]
WHAT = ["", "  ", "influent", "influent@1", "influnt", "3", '""', "1e999", "[1, {}]", "http://127.0.0.1:9/x", "'\"\n"]
MESSAGES = st.one_of(
    st.tuples(st.just("function"), st.sampled_from(["coded", "aero", "plain", "helped"])),
    st.tuples(st.just("text"), st.sampled_from(TYPED)),
    st.tuples(st.sampled_from(["how x", "how window"]), st.sampled_from(sorted(BINDING_LABELS))),
    st.tuples(st.sampled_from(["what x", "what window"]), st.sampled_from(WHAT)),
    st.tuples(st.just("outputs"), st.sampled_from(["", "one, two", "level", "influent"])),
    st.tuples(st.just("when"), st.sampled_from(sorted(WHEN_LABELS))),
    st.tuples(st.just("every"), st.sampled_from(["", "1d", "soon"])),
    st.tuples(st.just("description"), st.sampled_from(["", "Mine", 'It\'s "so"'])),
    st.tuples(st.just("press"), st.integers(0, 3)),
)
CELLS = [
    TEXT,
    "def aero(x):\n    '''Called as the package is.'''\n    return x\n",
    "%%time\ndef plain(x, window=1):\n    return x\n",
    "import numpy as np\nLIMIT = print\n",
    "def helped(x):\n    return np.abs(LIMIT(x))\n",
]


def clicked(shell: Any, messages: list[tuple[str, Any]]) -> RegisterForm:
    """Return a form after all the messages."""
    form = RegisterForm(aero_jupyter.current(), FormState(), begin=lambda task: task(), shell=shell)
    form.act({"do": "hello", "view": "one"})
    for name, value in messages:
        mends = [node for node in trees.walk(form.tree()) if node.get("do") == "mend"]
        if name != "press":
            form.act({"do": "set", "name": name, "value": value})
        elif mends:
            form.act({"do": "mend", **mends[value % len(mends)]["more"]})
    form.act({"do": "bye", "view": "one"})
    return form


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.sampled_from(["coded", "aero", "plain", "helped"]), messages=st.lists(MESSAGES, max_size=8))
def test_the_code_of_a_form_that_was_filled_in_makes_the_same_form(
    kernel: Kernel, shell: Any, chosen: str, messages: list[tuple[str, Any]]
) -> None:
    if not kernel_functions.functions_of(shell):
        assert all(shell.run_cell(cell, store_history=True).success for cell in CELLS)
    form = clicked(shell, [("function", chosen), *messages])
    code = form.as_code().removesuffix(".register()\n")
    draft, remarks = form.value, sorted(map(str, form.check()))
    shown = "[made.value.function, made.value.text, made.value.description, made.value.output_names, made.value.when"
    of = f"(lambda remarks: {shown}, remarks])(sorted(map(str, made.check())))"
    expected = [draft.function, draft.text, draft.description, draft.output_names, draft.when, remarks]
    assert kernel.value(code, of) == repr(expected), code


def test_the_code_of_a_workbench_makes_all_of_its_tabs(kernel: Kernel) -> None:
    bench = aero_jupyter.panel(
        "lineage",
        browse=aero_jupyter.browse("influent"),
        register=aero_jupyter.register_form(TEXT, inputs={"x": "influent"}, outputs=["coded_bench"]),
        runs=aero_jupyter.monitor("follow", state="done"),
        lineage=aero_jupyter.lineage("level@1"),
    )
    assert kernel.value(bench.as_code(), "made.value") == repr(bench.value)


def test_the_code_of_a_form_that_is_ready_registers_the_same_flow(kernel: Kernel) -> None:
    text = "import pandas as pd\n\n\ndef coded_flow(x, window=2):\n    return pd.read_csv(x).head(window)\n"
    form = aero_jupyter.register_form(text, inputs={"x": "influent"}, kwargs={"window": 3}, description='It\'s "so"')
    form.check()
    code = form.as_code()
    assert code.startswith("import pandas as pd")
    assert code.endswith(".register()\n")
    made = literal_eval(kernel.value(code, "made.flow.id"))
    assert form.register().flow.id == made
    flow = aero_jupyter.current().client.get_flow(made)
    assert flow.description == 'It\'s "so"'
    aero_jupyter.current().client.wait_for_version(flow.outputs[0].id, 1, 60)
