"""A list of kwargs of an upstream script stays a list of dicts."""

from __future__ import annotations

import pytest

import aero_jupyter
from aero_jupyter import api
from aero_jupyter.api.registration import _kwargs_with_config
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.errors import ClientError, InvalidArgument
from aero_jupyter.core.policy import PolicyEnum


def test_a_list_of_dicts_is_not_read_as_pairs() -> None:
    several = [{"smooth": 1, "window": 7}, {"smooth": 2, "window": 9}]
    assert _kwargs_with_config(several, None) == several


@pytest.mark.parametrize("kwargs", [[["a", "b"]], ["ab"], "ab", [], None, 3])
def test_what_is_no_dict_is_refused_by_its_type(kwargs: object) -> None:
    with pytest.raises(InvalidArgument, match=f"of type {type(kwargs).__name__}"):
        _kwargs_with_config(kwargs, None)  # type: ignore[arg-type]


def test_a_script_cannot_pin_a_version_that_does_not_exist(aero) -> None:
    session = aero_jupyter.local()
    flow = session.register(portable("def first_of():\n    return None\n"), outputs=["unmade"], policy=PolicyEnum.NONE)
    inputs = {"x": {"id": flow.outputs[0].id, "version": 9}}
    with pytest.raises(ClientError, match=r"version 9 .* does not exist"):
        api.register_flow(session.endpoint, str(flow.function_id), inputs, {"of_nine": {}})
