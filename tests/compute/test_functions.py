from __future__ import annotations

import functools
import hashlib
import textwrap
from collections.abc import Callable
from typing import Any

import pytest
from support.function_cells import FUNCTION_CELLS

from aero_jupyter import jobs
from aero_jupyter.compute.portable_function import Parameter, PortableFunction, functions_in, portable, portable_from
from aero_jupyter.compute.source_diff import registered_checks
from aero_jupyter.core.check_grammar import parse_check
from aero_jupyter.core.errors import FunctionRefused


def call(function: PortableFunction, *args: Any, **kwargs: Any) -> Any:
    names: dict[str, Any] = {}
    exec(function.source, names)
    return names[function.entry](*args, **kwargs)


def of(cell: str, name: str | None = None, **more: Any) -> PortableFunction:
    return portable(textwrap.dedent(cell).lstrip("\n"), name, **more)


NOTEBOOK = """
from __future__ import annotations
import json, math
import not_on_the_endpoint as plt; X = 3; model = plt.train(); Y = X + 1
DATE = "day"
frame = plt.read(
    "x.csv"
)  # a comment stays
from dataclasses import dataclass

@dataclass
class Window:
    days: int = 7

def helper(x): return x * Y

@plt.decorated
def unrelated():
    return model

def smooth(sewage, window: plt.Int = 7, *, mode: str = "a" "b"):
    \"\"\"Smooth it.

    At length.
    \"\"\"
    return [helper(sewage), json.dumps(DATE), Window().days, math.floor(2.5)]

smooth(frame)
plt.plot(smooth)
"""


def test_only_what_the_function_needs_travels() -> None:
    function = of(NOTEBOOK, "smooth")
    assert call(function, 2) == [8, '"day"', 7, 2]
    for gone in ("train", "read", "unrelated", "plot"):
        assert gone not in function.cell


def test_every_line_stays_where_it_was() -> None:
    before, after = NOTEBOOK.lstrip("\n").split("\n"), of(NOTEBOOK, "smooth").cell.split("\n")
    assert len(before) == len(after)
    assert before.index('DATE = "day"') == after.index('DATE = "day"')
    assert after[2] == "pass; X = 3; pass; Y = X + 1"
    assert after[4:7] == ["", "", "pass  # a comment stays"]


def test_what_it_tells_of_itself() -> None:
    function = of(NOTEBOOK, "smooth")
    assert (function.name, function.entry, function.takes_any) == ("smooth", "aero_entry", False)
    assert function.parameters == (
        Parameter("sewage", True),
        Parameter("window", False, "7"),
        Parameter("mode", False, '"a" "b"'),
    )
    assert function.doc == "Smooth it.\n\nAt length."
    assert function.digest == hashlib.sha256(function.source.encode()).hexdigest()
    assert function.source.startswith(jobs.runtime_source())
    assert function == of(NOTEBOOK, "smooth")


def test_functions_in_order() -> None:
    assert functions_in("def b(): pass\nif 1:\n    def a(): pass\nclass C:\n    def m(self): pass\nf = lambda: 0") == (
        "b",
        "a",
    )


@pytest.mark.parametrize("cell", FUNCTION_CELLS)
def test_shapes_that_travel(cell: str) -> None:
    assert call(portable(cell, "f"), 2) == 2


def test_the_function_that_no_other_uses_is_meant() -> None:
    assert of("def helper(): return 1\ndef main(): return helper()").name == "main"


CREATE_AGAIN = "; an endpoint would create it again for every run.\nBuild it inside f(), or pass it as --kwarg."


@pytest.mark.parametrize(
    ("cell", "line", "sentence"),
    [
        ("def f(:\n    pass", 1, "Line 1 is not Python: invalid syntax (`def f(:`)."),
        ("x = 1\nprint(x)", None, "This cell defines no function."),
        ("def a(): pass\ndef b(): pass", None, "This cell defines a, b.\nChoose one with --name."),
        ("f = lambda x, y=2: x", 1, "`f` is a lambda.\nWrite it as def f(x, y=2): …."),
        ("async def f(): pass", 1, "f() is async; an endpoint calls plain functions."),
        ("def f():\n    yield 1", 1, "f() is a generator; an endpoint waits for one result."),
        ("def f(a, /, b): pass", 1, "f() takes `a` by position only."),
        ("def f(*a): pass", 1, "f() takes *a."),
        ("def f():\n    return 1\n%matplotlib inline", 3, "Line 3 is a notebook magic (`%matplotlib inline`), which"),
        ("def f():\n    files = !ls\n    return files", 2, "Line 2 is a notebook magic (`files = !ls`), which"),
        ("def f():\n    x = 1\n    get_ipython().system('ls')", 3, "Line 3 is a notebook magic, which"),
        ("\nmodel = fit(3)\ndef f(): return model", 2, f"`model` is made by a call on line 2{CREATE_AGAIN}"),
        ("import pandas as pd\nA = pd.get(1)\ndef f(): return A", 2, f"`A` is made by a call on line 2{CREATE_AGAIN}"),
        (
            "def g(): return B\nB = [open('x')]\ndef f(): return g()",
            2,
            f"`B` is made by a call on line 2{CREATE_AGAIN}",
        ),
        ("with open('x') as h: D = h.read()\ndef f(): return D", 1, f"`D` is made by a call on line 1{CREATE_AGAIN}"),
        ("with open('x') as h: pass\ndef f(): return h", 1, f"`h` is made by a with block on line 1{CREATE_AGAIN}"),
        ("for i in range(3): pass\ndef f(): return i", 1, f"`i` is made by a loop on line 1{CREATE_AGAIN}"),
        (
            "T = {}\nfor i in range(3):\n    T[i] = i\ndef f(): return T",
            2,
            "`T` is changed by a loop on line 2, which is not sent with f().\nMake it in one expression, or inside",
        ),
        ("T = []\nT.append(3)\ndef f(): return T", 2, "`T` is changed by a call on line 2, which is not sent"),
        ("from . import x\ndef f(): return x", 1, "Line 1 imports from the package around it, which"),
        ("def f(): return 1\nif 1:\n    def f(): return nope", 3, "f() uses `nope`, which this cell does not define."),
        ("def f(): return display(1)", 1, "f() uses `display`, which this cell does not define."),
        ("def f():\n    return 1\n    nonlocal x", 3, "Line 3 is not Python: "),
    ],
)
def test_what_cannot_travel_says_why(cell: str, line: int | None, sentence: str) -> None:
    with pytest.raises(FunctionRefused) as caught:
        portable(cell)
    assert str(caught.value).startswith(sentence)
    assert caught.value.line == line


def test_lines_are_counted_as_the_cell_counts_them() -> None:
    with pytest.raises(FunctionRefused, match="on line 8;") as caught:
        of("model = fit()\ndef f(): return model", first_line=8)
    assert caught.value.line == 8


def test_a_name_that_is_not_in_the_cell() -> None:
    with pytest.raises(FunctionRefused) as caught:
        of("def f(): return 1", "g")
    assert str(caught.value) == "This cell defines no function `g`.\nChoose one of f."


@pytest.mark.parametrize(
    ("body", "message", "cure"),
    [
        ("pd.x", "smooth() uses `pd`, which this cell does not import.", "Put `import pandas as pd` in the cell."),
        ("np.x", "smooth() uses `np`, which this cell does not import.", "Put `import numpy as np` in the cell."),
        ("json", "smooth() uses `json`, which this cell does not import.", "Put `import json` in the cell."),
        (
            "helper()",
            "smooth() uses `helper`, which this cell does not define.",
            "Put it in the cell, or pass it as --kwarg.",
        ),
        (
            "pd, a, b",
            "smooth() uses `a`, `b` and `pd`, which this cell does not define.",
            "Put `import pandas as pd` in the cell. Put `a` and `b` in the cell, or pass them as --kwarg.",
        ),
    ],
)
def test_all_missing_names_are_told_at_once(body: str, message: str, cure: str) -> None:
    with pytest.raises(FunctionRefused) as caught:
        of(f"def smooth():\n    return {body}", known_elsewhere={"pd": "import pandas as pd"})
    assert (caught.value.message, caught.value.cure, caught.value.line) == (message, cure, 2)


def test_the_source_goes_to_a_parameter_that_exists() -> None:
    with pytest.raises(FunctionRefused) as caught:
        of("def smooth(a, b): pass", source_parameter="raw")
    assert str(caught.value) == "smooth() has no parameter `raw`.\nIts parameters are a, b."
    assert of("def smooth(**any): pass", source_parameter="raw").takes_any


def doubled(fn: Callable[..., int]) -> Callable[..., int]:
    @functools.wraps(fn)
    def inner(*args: int) -> int:
        return 2 * fn(*args)

    return inner


STEP = 3


def plain(x: int) -> int:
    """Add a step."""
    return x + STEP


@doubled
def decorated(x: int) -> int:
    return x + STEP


def generic_alias(x: pytest.FixtureRequest) -> Any:
    return hashlib.sha256(b"").hexdigest()[:4], x


class Holder:
    def method(self) -> None: ...


def test_a_live_function_travels_with_the_text_around_it() -> None:
    assert call(portable_from(plain), 1) == 4
    assert call(portable_from(decorated), 1) == 8
    assert call(portable_from(generic_alias), 1) == ("e3b0", 1)
    assert portable_from(plain).doc == "Add a step."


def nested() -> Callable[[], int]:
    captured = STEP

    def inner() -> int:
        return captured

    return inner


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (nested(), "inner() is defined inside nested()."),
        (lambda: 1, "This function is a lambda."),
        (len, "len is not a function written in Python."),
        (Holder().method, "method() is a method."),
        (Holder.method, "method() is a method."),
        (functools.partial(plain, 1), "partial is not a function written in Python."),
        (eval("exec('def made(): pass') or made"), "The text of made() is not to be found."),
    ],
)
def test_live_functions_that_cannot(function: Callable[..., Any], sentence: str) -> None:
    with pytest.raises(FunctionRefused) as caught:
        portable_from(function)
    assert caught.value.message == sentence


def test_a_name_from_another_cell_is_told_with_its_import(ipython_cell: Callable[[str], Any]) -> None:
    ipython_cell("import collections.abc as cabc\nfrom textwrap import dedent as d\ndef other(): pass\n")
    with pytest.raises(FunctionRefused) as caught:
        portable_from(ipython_cell("def f(x):\n    return cabc, d, other\n")["f"])
    assert caught.value.cure == (
        "Put `import collections.abc as cabc`, `from textwrap import dedent as d` and `def other(…): …` in the cell."
    )


@pytest.mark.parametrize("function", [jobs.download, jobs.get_versions, jobs.database_commit, jobs.commit_analysis])
def test_the_runtimes_own_functions_travel_as_they_are(function: Callable[..., Any]) -> None:
    made = portable_from(function)
    assert (made.entry, made.source, made.takes_any) == (function.__name__, jobs.runtime_source(), True)
    names: dict[str, Any] = {}
    exec(made.source, names)
    assert callable(names[made.entry])


def test_checks_travel_with_the_job_that_stores_a_file_and_with_no_other_job() -> None:
    check = parse_check("rows > 0", ["sewage"])
    assert registered_checks(portable_from(jobs.stage, [check]).source) == [check]
    with pytest.raises(FunctionRefused, match=r"download\(\) has no output to check"):
        portable_from(jobs.download, [check])
