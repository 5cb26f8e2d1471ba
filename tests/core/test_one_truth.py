"""Facts that stand in one place: run states, policy groups and the form of NAME@N."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import aero_jupyter
from aero_jupyter.core.run_states import RUN_STATES
from aero_jupyter.core.version_ref import VersionRef

PACKAGE = Path(aero_jupyter.__file__).parent
#: The service is checked by its own tests: it also writes states into SQL.
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "service" not in path.relative_to(PACKAGE).parts)


def collections_in(path: Path) -> Iterator[ast.Tuple | ast.List | ast.Set]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)) and len(node.elts) > 1:
            yield node


def lists_run_states(path: Path) -> bool:
    values = [[getattr(each, "value", None) for each in node.elts] for node in collections_in(path)]
    return any(all(isinstance(each, str) and each in RUN_STATES for each in several) for several in values)


def lists_policies(path: Path) -> bool:
    return any(
        all(isinstance(each, ast.Attribute) and ast.unparse(each.value).endswith("PolicyEnum") for each in node.elts)
        for node in collections_in(path)
    )


def test_groups_of_run_states_stand_in_the_core_only() -> None:
    assert [path.name for path in MODULES if lists_run_states(path)] == ["run_states.py"]


def test_groups_of_policies_stand_in_the_core_only() -> None:
    assert [path.name for path in MODULES if lists_policies(path)] == ["policy.py"]


def test_name_at_number_is_parsed_by_version_ref_only() -> None:
    # The part of a URL before an @ is a login, no name.
    in_urls = re.compile(r"netloc\.rpartition\(.@.\)|.@. in parts\.netloc")
    parser = re.compile(r"partition\(['\"]@['\"]\)|split\(['\"]@['\"]|@v\?|['\"]@['\"] in ")
    texts = {path: in_urls.sub("", path.read_text("utf-8")) for path in MODULES}
    assert [path.name for path, text in texts.items() if parser.search(text)] == ["version_ref.py"]


@pytest.mark.parametrize("text", ["cases", "cases@3", "a@b", "a@b@2"])
def test_a_reference_is_written_as_it_is_parsed(text: str) -> None:
    assert str(VersionRef.parse(text)) == text
