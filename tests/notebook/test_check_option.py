"""--check none is an option of the magic, the form and the function, kept with the flow."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.notebook.panels.register.state import FormState
from aero_jupyter.notebook.registration.request import request_from

BLANK: dict[str, Any] = {
    "input": [],
    "output": [],
    "optional_output": [],
    "no_copy": False,
    "no_fetch": [],
    "type": None,
    "kwargs_file": None,
    "endpoint_config": [],
    "policy": None,
    "every": None,
    "kwarg": [],
    "header": [],
    "auth": None,
    "aligned": False,
    "check": [],
    "expect": None,
}


def wished(**given: Any) -> Any:
    return request_from(argparse.Namespace(**{**BLANK, "source": "raw=http://h/page", **given}))


def test_the_magic_passes_the_check_on() -> None:
    assert wished(check=["none"]).arguments()["check"] == "none"
    assert wished(check=[]).arguments()["check"] is None


@pytest.mark.parametrize(
    ("given", "cure"), [({"check": ["all"]}, "rows > 0"), ({"check": ["none"], "source": None}, "--source")]
)
def test_a_check_that_means_nothing_is_refused(given: dict[str, Any], cure: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        wished(**given)
    assert cure in caught.value.cure


def test_the_form_passes_the_check_on_and_writes_it_as_code() -> None:
    draft = FormState("f", bindings=(("raw", "pulled", "http://h/page"),), outputs="f", when="pull", check="none")
    assert draft.to_request().check == "none"
    assert draft.form_arguments()["check"] == "none"
