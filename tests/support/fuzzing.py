"""Fuzzing: searches, server answers, configurations and cells are processed or refused with a message."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aero_jupyter.client.responses import decode_body
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core import config, decode
from aero_jupyter.core.errors import AeroError, FunctionRefused, InvalidArgument
from aero_jupyter.service import local_home

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


def _count_examples(count: int, strategy: st.SearchStrategy[Any], check: Callable[[Any], None]) -> int:
    count_done = 0

    # No example takes this long: a hang is a failure.
    @settings(max_examples=count, deadline=5_000, database=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def each(example: Any) -> None:
        nonlocal count_done
        count_done += 1
        check(example)

    each()
    return count_done


def fuzz_searches(state: local_home.State, count: int) -> int:
    """Search for random queries: the service answers 200, or refuses with a message."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {state.token}"

        def check(query: str) -> None:
            answer = session.get(f"{state.url}data/search", params={"query": query}, timeout=120)
            assert answer.status_code in (200, 400, 422), (query, answer.text)
            assert "Traceback" not in answer.text
            assert answer.status_code == 200 or answer.json()["detail"]

        return _count_examples(count, _QUERIES, check)


def fuzz_answers(count: int) -> int:
    """Decode random JSON as server answers: a record, or an error with a message."""
    kinds: list[Any] = [decode.data, decode.flow, decode.run, decode.version, decode.provenance]

    def check(answer: Any) -> None:
        for kind in kinds:
            try:
                decode_body(kind, answer)
            except AeroError:
                continue

    return _count_examples(count, _JSON, check)


def fuzz_configurations(count: int) -> int:
    """Read random tables as the configuration file: a profile, or an error with a message."""

    def check(document: dict[str, Any]) -> None:
        for server, name in ((None, None), ("https://x.example", None), (None, "default")):
            try:
                config.profile_from(document, {}, server=server, name=name)
            except InvalidArgument:
                continue

    return _count_examples(count, _TABLES, check)


def fuzz_cells(count: int) -> int:
    """Convert random text as a cell: a portable function, or an error with a message."""

    def check(text: str) -> None:
        try:
            portable(text)
        except FunctionRefused:
            return

    return _count_examples(count, _CELLS, check)
