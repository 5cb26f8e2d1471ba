"""--header and --auth name their secrets, in the magic, the form and the function."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.notebook.magics.line_parsing import expanded
from aero_jupyter.notebook.panels.register.state import FormState
from aero_jupyter.notebook.registration.request import request_from

BLANK: dict[str, Any] = {
    "input": [], "output": [], "policy": None, "every": None, "kwarg": [], "check": [], "aligned": False,
    "header": [], "auth": None, "optional_output": [], "no_copy": False, "no_fetch": [], "type": None,
    "kwargs_file": None, "endpoint_config": [], "expect": None,
}  # fmt: skip


def wished(**given: Any) -> Any:
    return request_from(argparse.Namespace(**{**BLANK, "source": "raw=http://h/a.csv", **given}))


@pytest.mark.parametrize(
    "text", ["X-App-Token=$TOKEN", "X-App-Token: ${TOKEN}", "Authorization=Bearer $TOKEN", "X-Key=keyring:portal/ann"]
)
def test_a_header_that_names_its_secret_is_registered(text: str) -> None:
    (value,) = wished(header=[text]).arguments()["headers"].values()
    assert "$" in value or "keyring:" in value


@pytest.mark.parametrize(
    "text", ["X-App-Token=abc123", "Authorization=Bearer abc123", "X-Key=abc$TOKEN123=4", "Cookie=id=abc123"]
)
def test_a_header_that_holds_its_secret_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        wished(header=[text])
    assert "abc" not in str(caught.value)
    assert "keyring:SERVICE/USER" in caught.value.cure


@pytest.mark.parametrize("auth", ["ann:abc123", "ann", ":$TOKEN", "ann:x$TOKEN"])
def test_a_sign_in_that_holds_its_password_or_lacks_a_part_is_refused(auth: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        wished(auth=auth)
    assert "abc123" not in str(caught.value)


def test_headers_without_a_source_are_refused() -> None:
    with pytest.raises(InvalidArgument) as caught:
        wished(source=None, auth="ann:$TOKEN")
    assert "--source" in caught.value.cure


def test_the_name_of_a_variable_in_braces_is_no_name_of_the_notebook() -> None:
    assert expanded("X-App-Token=${TOKEN}", {"TOKEN": "the value"}) == "X-App-Token=${TOKEN}"
    assert expanded("{name}", {"name": "x"}) == "x"


def test_the_form_passes_them_on_and_writes_them_as_code() -> None:
    given = (("raw", "pulled", "http://h/a.csv"),)
    draft = FormState("f", bindings=given, outputs="f", when="pull", headers=(("X-Key", "$TOKEN"),), auth="ann:$TOKEN")
    assert (draft.to_request().headers, draft.to_request().auth) == ({"X-Key": "$TOKEN"}, "ann:$TOKEN")
    assert (draft.form_arguments()["headers"], draft.form_arguments()["auth"]) == ({"X-Key": "$TOKEN"}, "ann:$TOKEN")
