"""The docstrings of the public API are complete: every parameter, the result, the errors, an example."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

import aero_jupyter
from aero_jupyter import api, config, demo, testing, utils
from aero_jupyter.client import AeroClient, Pages
from aero_jupyter.session.session import Session

#: A client's own methods are public, those of the SDK are not checked.
CLASSES = (AeroClient, Session, Pages, demo.Plant)
_HEADING = re.compile(r"^(\w+)\n-+$", re.MULTILINE)
#: Return annotations that need no Returns section.
_NOTHING = ("None", None, type(None), inspect.Signature.empty)


def functions() -> Iterator[tuple[str, Any]]:
    for module in (aero_jupyter, api, config, testing, utils):
        for name in getattr(module, "__all__", ("local_aero", "globus_auth")):
            if inspect.isfunction(found := getattr(module, name)):
                yield f"{module.__name__}.{name}", found
    yield "aero_jupyter.demo.plant", demo.plant
    for each in CLASSES:
        for name, member in inspect.getmembers(each, inspect.isfunction):
            if not name.startswith("_") and member.__module__.startswith("aero_jupyter."):
                yield f"{each.__name__}.{name}", member


FUNCTIONS = dict(functions())


def sections(function: Any) -> dict[str, str]:
    parts = _HEADING.split(inspect.getdoc(function) or "")
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def missing(function: Any) -> list[str]:
    has, signature = sections(function), inspect.signature(function)
    named = re.findall(r"^\*{0,2}(\w+(?:, \*{0,2}\w+)*) :|^\*+(\w+)$", has.get("Parameters", ""), re.MULTILINE)
    known = {name for several, alone in named for name in re.split(r", \*{0,2}", several or alone)}
    wanted = set(signature.parameters) - {"self"}
    found = [f"parameter {name}" for name in sorted(wanted - known)]
    found += [f"unknown parameter {name}" for name in sorted(known - wanted)]
    returns = signature.return_annotation not in _NOTHING
    found += ["Returns or Yields"] if returns and not has.keys() & {"Returns", "Yields"} else []
    return found + (["Examples"] if ">>> " not in has.get("Examples", "") else [])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_docstring_is_complete(name):
    assert missing(FUNCTIONS[name]) == []
