"""The code that a form writes keeps no secret of its source's URL, and does not register half a URL."""

from __future__ import annotations

from typing import Any, cast

import pytest

from aero_jupyter.notebook.panels.register.form_code import without_secrets
from aero_jupyter.notebook.panels.register.state import FormState

URLS = [
    ("https://ann:s3cr3t@h/a.csv", "s3cr3t"),
    ("https://h/a.csv?token=s3cr3t", "s3cr3t"),
    ("https://h/a.csv?sig=s3cr3t&x=1", "s3cr3t"),
]


@pytest.mark.parametrize(("url", "secret"), URLS)
def test_the_source_of_a_form_is_written_without_its_secret(url: str, secret: str) -> None:
    draft = FormState("f", bindings=(("raw", "pulled", url),), outputs="f", when="pull")
    parameter, written = cast("Any", without_secrets(draft.form_arguments()["source"]))
    assert (parameter, secret in written, "…" in written) == ("raw", False, True)
    assert secret not in str(without_secrets({"a": url, "b": url}))


def test_a_url_without_a_secret_is_written_as_it_is() -> None:
    assert without_secrets(("raw", "https://h/a.csv?x=1")) == ("raw", "https://h/a.csv?x=1")
