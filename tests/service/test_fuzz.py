"""No 5xx, no traceback, no hang, whatever comes in; and the service keeps to the description that it publishes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from support.fuzzing import fuzz_answers, fuzz_cells, fuzz_configurations, fuzz_searches


@pytest.mark.long(200)
@pytest.mark.slow
@pytest.mark.timeout(2_400)
def test_twenty_thousand_inputs_are_answered_or_refused_in_a_sentence(aero: Any) -> None:
    looked = (fuzz_searches(aero, 5_000), fuzz_answers(5_000), fuzz_configurations(5_000), fuzz_cells(5_000))
    # A generator may run out of new values.
    assert sum(looked) >= 20_000, looked


def test_a_few_inputs_of_each_kind(aero: Any) -> None:
    assert min(fuzz_searches(aero, 200), fuzz_answers(200), fuzz_configurations(200), fuzz_cells(200)) > 100


def known(aero: Any) -> dict[str, Any]:
    """Create one record of every kind; return the ids that the hooks substitute for invented ones."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {aero.token}"

        def ask(method: str, path: str, **more: Any) -> Any:
            answer = session.request(method, aero.url + path, timeout=120, **more)
            answer.raise_for_status()
            return answer.json()

        code = {"function_name": "f", "function_code": "def f(**k):\n    return None\n", "serialized": False}
        function = ask("POST", "compute/v3/functions", json=code)["function_uuid"]
        body = {"gc_endpoint": aero.endpoint, "pull_function_uuid": None, "commit_function_uuid": None}
        made = {"function_uuid": function, "rule": -1, "output_data": {"fuzzed": {}}}
        flow = ask("POST", "flow/register", json={**body, **made})
        data = flow["contributed_to"][0]["id"]
        kept = ask("PUT", f"collections/{aero.collection}/fuzzed.csv", data=b"n\n1\n")
        entry = {"id": data, "file_bn": "fuzzed.csv", "file_format": ".csv", **kept}
        prov = ask("POST", "prov/new", json={"flow_id": flow["id"], "input_data": {}, "output_data": {"o": entry}})
        run = ask("POST", "runs/", json={"flow_id": flow["id"]})
        response = ask("POST", f"compute/v3/endpoints/{aero.endpoint}/submit", json={"tasks": {function: ["x"]}})
    paths = {"/data/{": data, "/flow/{": flow["id"], "/prov/{": prov["id"], "/runs/{": run["id"]}
    paths |= {"/compute/v2/functions/{": function, "/compute/v2/endpoints/{": aero.endpoint}
    ids = {"gc_endpoint": aero.endpoint, "function_uuid": function, "flow_id": flow["id"], "data": data}
    paths |= {"/compute/v3/endpoints/{": aero.endpoint, "/compute/v2/tasks/{": response["tasks"][function][0]}
    return {"paths": paths, "ids": ids, "made": entry, "collection": aero.collection}


@pytest.mark.slow
@pytest.mark.timeout(2_400)
def test_the_service_keeps_to_its_own_description(aero: Any, tmp_path: Path) -> None:
    command = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert command is not None
    settings = {
        "AERO_FUZZ": json.dumps(known(aero)),
        "SCHEMATHESIS_HOOKS": "support.schemathesis_hooks",
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    # All checks; `schemathesis_hooks` names the failures that are none.
    done = subprocess.run(
        [
            command, "run", f"{aero.url}openapi.json", "--header", f"Authorization: Bearer {aero.token}",
            "--checks", "all", "--max-response-time", "10", "--request-timeout", "20", "--max-examples", "60",
            "--no-color",
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False, env={**os.environ, **settings},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
    # The requests reached existing records.
    missing = re.search(r"Missing test data: (\d+) operations", done.stdout)
    assert missing is None or int(missing[1]) <= 8, done.stdout[-6000:]
