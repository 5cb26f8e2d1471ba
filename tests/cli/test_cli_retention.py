"""Retention from the command line and from files, and the space that status and doctor report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import aero_jupyter
from aero_jupyter import api

SOURCE = "name: kept source\nurl: http://minio:9000/kept.csv\npolicy: INGESTION_EVENT\nno_copy: true\n"


@pytest.fixture(autouse=True)
def _session(aero: Any) -> None:
    aero_jupyter.local()


def pass_on(**inputs: Any) -> Any:
    return next(iter(inputs.values()))


def stored(name: str) -> str | None:
    client = aero_jupyter.current().client
    return client.get_data(client.resolve_data(name).id).raw.get("keep")


def test_the_policy_of_a_file_and_of_an_option(command: Any, tmp_path: Path) -> None:
    file = tmp_path / "source.yaml"
    file.write_text(SOURCE + "keep: all 30d, monthly\n")
    assert command("create", "-f", file)[0] == 0
    assert stored("kept source") == "all 30d, monthly"
    assert command("create", "-f", file, "--keep", "yearly")[0] == 0
    assert stored("kept source") == "yearly"
    assert command("keep", "kept source", "all 2w")[:2] == (0, "kept source keeps: all 2w\n")
    assert stored("kept source") == "all 2w"
    assert command("keep", "kept source")[:2] == (0, "kept source keeps: all versions\n")
    assert stored("kept source") is None


def test_the_policy_of_each_output_of_a_flow(command: Any, tmp_path: Path) -> None:
    file = tmp_path / "flow.yaml"
    function = api.register_function(pass_on)
    outputs = "output_data:\n  kept_one: {}\n  kept_two: {}\n"
    file.write_text(f"function_uuid: {function}\npolicy: NONE\n{outputs}keep: weekly\n")
    assert command("register", "-f", file)[0] == 0
    assert (stored("kept_one"), stored("kept_two")) == ("weekly", "weekly")


def test_what_is_no_policy_is_refused_with_its_line(command: Any, tmp_path: Path) -> None:
    file = tmp_path / "source.yaml"
    file.write_text(SOURCE.replace("kept source", "never kept") + "keep: sometimes\n")
    code, out, error = command("create", "-f", file)
    assert (code, out) == (1, "")
    assert "source.yaml, line 5: 'sometimes' is no retention policy." in error
    assert command("list", "data", "--json")[1].count("never kept") == 0


def test_status_and_doctor_report_the_space(command: Any) -> None:
    assert "MB stored for versions of " in command("status")[1]
    assert set(json.loads(command("status", "--json")[1])["space"]) == {"stored", "versions", "removed"}
    assert "space: " in command("doctor")[1]
