"""Whatever comes in is answered or refused in a sentence: searches, answers of servers, configurations, cells."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aero_jupyter.client.transport import understood
from aero_jupyter.compute.functions import portable
from aero_jupyter.core import config, decode
from aero_jupyter.core.errors import AeroError, FunctionRefused, InvalidArgument
from aero_jupyter.service import daemon

_WORDS = st.sampled_from(
    [
        "sewage",
        "AND",
        "OR",
        "NOT",
        "NEAR",
        '"',
        "(",
        ")",
        "*",
        ":",
        "name:",
        "url:",
        "^",
        "-",
        "+",
        "\\",
        "'",
        ";",
        "''",
    ]
)
_QUERIES = st.one_of(st.text(max_size=60), st.lists(_WORDS, max_size=12).map(" ".join))
_KEYS = st.sampled_from(
    ["id", "name", "url", "policy", "timer", "version", "checksum", "created_at", "data", "data_file", "function_args",
     "derived_from", "contributed_to", "state", "error", "steps", "flow_id", "file_name", "size", "last_executed"]
)  # fmt: skip
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
_JSON = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=6), max_leaves=12
)
_NAMES = st.sampled_from(
    ["server", "client_uuid", "portal_client_id", "cache_dir", "collections", "ca_bundle", "default"]
)
_TABLES = st.dictionaries(
    _NAMES | st.text(max_size=6), _LEAVES | st.dictionaries(_NAMES, _JSON, max_size=4), max_size=5
)
_LINES = st.sampled_from(
    [
        "def f(x):",
        "    return x",
        "import pandas as pd",
        "@deco",
        "    yield 1",
        "class A:",
        "    pass",
        "x = open('f')",
        "async def f():",
        "    await g()",
        "%magic",
        "!ls",
        "f = lambda: 1",
        "from . import a",
        "global x",
        "    def g():",
        "return 1",
        "    import os",
        "try:",
        "except:",
        "with a as b:",
        "f(",
        "match x:",
        "    case 1:",
        "\t",
        "\x00",
        "'''",
    ]
)
_CELLS = st.one_of(st.text(string.printable, max_size=80), st.lists(_LINES, max_size=10).map("\n".join))


def _run(count: int, strategy: st.SearchStrategy[Any], look: Callable[[Any], None]) -> int:
    looked = 0

    # Far above what any takes: a hang is a failure.
    @settings(max_examples=count, deadline=5_000, database=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def each(example: Any) -> None:
        nonlocal looked
        looked += 1
        look(example)

    each()
    return looked


def searches(state: daemon.State, count: int) -> int:
    """Search for anything: 200, or 400 with a sentence."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {state.token}"

        def look(query: str) -> None:
            answer = session.get(f"{state.url}data/search", params={"query": query}, timeout=10)
            assert answer.status_code in (200, 400, 422), (query, answer.text)
            assert "Traceback" not in answer.text
            assert answer.status_code == 200 or answer.json()["detail"]

        return _run(count, _QUERIES, look)


def answers(count: int) -> int:
    """Read anything as the answer of a server: a record, or a sentence."""
    kinds: list[Any] = [decode.data, decode.flow, decode.run, decode.version, decode.provenance]

    def look(told: Any) -> None:
        for kind in kinds:
            try:
                understood(kind, told)
            except AeroError:
                continue

    return _run(count, _JSON, look)


def configurations(count: int) -> int:
    """Read anything as the configuration file: a profile, or a sentence."""

    def look(document: dict[str, Any]) -> None:
        for server, name in ((None, None), ("https://x.example", None), (None, "default")):
            try:
                config.profile_from(document, {}, server=server, name=name)
            except InvalidArgument:
                continue

    return _run(count, _TABLES, look)


def cells(count: int) -> int:
    """Register anything as a cell: it travels, or a sentence says why not."""

    def look(text: str) -> None:
        try:
            portable(text)
        except FunctionRefused:
            return

    return _run(count, _CELLS, look)
