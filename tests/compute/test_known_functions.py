"""The cache of functions that are registered already."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from globus_sdk import AccessTokenAuthorizer
from support.compute_service import ComputeService

from aero_jupyter.compute import compute_client as registrars
from aero_jupyter.compute.compute_client import Registrar
from aero_jupyter.compute.function_cache import FunctionCache


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "functions.json"


def known(path: Path, who: str | None = "me") -> FunctionCache:
    return FunctionCache(path, lambda: who)


def test_another_kernel_knows_it_too_under_its_own_name_only(path: Path) -> None:
    known(path).store("text", "f", "id")
    assert known(path).find("text", "f") == "id"
    assert known(path).find("text", "g") is None
    assert known(path).find("other text", "f") is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_somebody_else_s_functions_are_not_ours(path: Path) -> None:
    known(path).store("text", "f", "id")
    assert known(path, "somebody else").find("text", "f") is None


def test_before_it_is_known_who_asks_nothing_is_written(path: Path) -> None:
    nobody = known(path, None)
    nobody.store("text", "f", "id")
    assert nobody.find("text", "f") == "id"
    assert not path.exists()


def test_what_the_server_has_lost_is_forgotten_everywhere(path: Path) -> None:
    one, other = known(path), known(path)
    one.store("text", "f", "id")
    one.remove("id")
    assert one.find("text", "f") is None
    assert other.find("text", "f") is None


@pytest.mark.parametrize("text", ["", "{", "[1]", "null"])
def test_a_broken_memory_costs_a_registration_and_nothing_else(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    assert known(path).find("text", "f") is None
    known(path).store("text", "f", "id")
    assert known(path).find("text", "f") == "id"


def test_where_nothing_can_be_written_this_kernel_still_remembers(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    here = known(tmp_path / "file" / "functions.json")
    here.store("text", "f", "id")
    assert here.find("text", "f") == "id"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, path: Path) -> Iterator[ComputeService]:
    monkeypatch.setattr(registrars, "_cache_file", lambda: path)
    with ComputeService() as service:
        yield service


def test_a_function_that_the_service_has_lost_is_registered_anew(service: ComputeService) -> None:
    def kernel() -> Registrar:
        return Registrar(service.url, AccessTokenAuthorizer(service.token), owner=lambda: "me")

    endpoint = service.add_endpoint("cluster")
    call: tuple[str, str, str, list[dict[str, Any]]] = ("def f(): pass", "f", endpoint, [{}])
    kernel().register_and_submit(*call)
    assert len(service.functions) == 1
    kernel().register_and_submit(*call)
    assert len(service.functions) == 1

    service.functions.clear()
    assert len(kernel().register_and_submit(*call)) == 1
    assert len(service.functions) == 1
