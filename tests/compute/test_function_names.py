"""The function of a cell is found by each spelling that Python reads as its name; other names are refused."""

from __future__ import annotations

import pytest

from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.errors import FunctionRefused


@pytest.mark.parametrize("written", ["café", "cafe\u0301"])
@pytest.mark.parametrize("named", [None, "café", "cafe\u0301"])
def test_two_spellings_of_one_name_are_one_function(written: str, named: str | None) -> None:
    assert portable(f"def {written}(x):\n    return x\n", named).name == "café"


@pytest.mark.parametrize(("written", "named"), [("\ufb01t", "fit"), ("fit", "\ufb01t"), ("ｆit", None)])
def test_a_name_is_what_python_reads(written: str, named: str | None) -> None:
    assert portable(f"def {written}(x):\n    return x\n", named).name == "fit"


@pytest.mark.parametrize("named", ["fti", " fit", "fit\n", "fit()", "{fit}", "-fit"])
def test_a_name_of_no_function_is_refused_and_the_right_one_offered(named: str) -> None:
    with pytest.raises(FunctionRefused) as caught:
        portable("def fit(x):\n    return x\n", named)
    assert "fit" in caught.value.cure
