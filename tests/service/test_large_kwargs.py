"""Fixed arguments of flows: bounded, whole in the single record, and left out of lists."""

from __future__ import annotations

from typing import Any

import pytest
import requests

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core import registration_body, wire
from aero_jupyter.core.errors import InvalidArgument

COUNT = "def {0}(rows, scale=1):\n    open('n.csv', 'w').write(f'n\\n{{len(rows)}}\\n')\n    return 'n.csv'\n"


@pytest.fixture
def session(aero: Any) -> Any:
    return aero_jupyter.local()


@pytest.mark.parametrize("rows", ["x" * (2 << 20), list(range(400_000)), {"a": {"b": ["é" * 200_000]}}])
def test_kwargs_that_are_too_large_are_refused_before_anything_is_registered(session: Any, rows: Any) -> None:
    before = len(list(session.client.list("flow")))
    with pytest.raises(InvalidArgument, match="bytes as JSON") as caught:
        session.register(portable(COUNT.format("too_large")), outputs=["too_large"], kwargs={"rows": rows})
    assert "--input NAME=DATASET" in caught.value.cure
    assert len(list(session.client.list("flow"))) == before
    assert not list(session.client.list("data", match="too_large"))


def test_the_service_itself_refuses_them(aero: Any, session: Any) -> None:
    function = session.register_function(portable(COUNT.format("raw_wire")))
    body = registration_body.build_registration(
        aero.endpoint, function, {}, {"raw_wire": {}}, {"rows": "x" * (2 << 20)}, policy=-1, timer=None
    )
    sent = requests.post(
        aero.url + wire.REGISTER.path.lstrip("/"),
        json=body,
        headers={"Authorization": f"Bearer {aero.token}"},
        timeout=60,
    )
    assert sent.status_code == 422
    assert "bytes as JSON" in sent.json()["detail"]


@pytest.mark.parametrize("size", [10_000, 900_000])
def test_a_list_leaves_large_kwargs_out_and_the_single_record_has_them(session: Any, size: int) -> None:
    name, rows = f"listed_{size}", "x" * size
    flow = session.register(portable(COUNT.format(name)), outputs=[name], kwargs={"rows": rows})
    run = session.client.wait_for_run(session.client.run_flow(flow.id).id, 120)
    assert run.state == "done"
    (listed,) = session.client.list("flow", match=flow.id)
    assert len(str(listed.raw)) < 5_000
    assert listed.raw["kwargs_left_out"] > size
    args = session.client.get_flow(flow.id).raw["function_args"]
    assert args["kwargs"]["rows"] == rows
    # Registered again, it is the same flow; with other rows it is not.
    again = session.register(portable(COUNT.format(name)), outputs=[name], kwargs={"rows": rows})
    assert again.id == flow.id
    with pytest.raises(InvalidArgument, match="its constants were others"):
        session.register(portable(COUNT.format(name)), outputs=[name], kwargs={"rows": rows[1:] + "y"})


def test_small_kwargs_stay_in_lists(session: Any) -> None:
    flow = session.register(portable(COUNT.format("small")), outputs=["small"], kwargs={"rows": [1, 2]})
    (listed,) = session.client.list("flow", match=flow.id)
    assert listed.raw["function_args"]["kwargs"]["rows"] == [1, 2]
    assert "kwargs_left_out" not in listed.raw
