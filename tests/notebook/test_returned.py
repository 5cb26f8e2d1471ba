"""Missing outputs: certain ones are reported, uncertain ones are not."""

from __future__ import annotations

import pytest

from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.jobs.request_errors import AeroJobError
from aero_jupyter.jobs.upload import named_results
from aero_jupyter.notebook.registration.preflight import ERROR, check_outputs
from aero_jupyter.notebook.registration.request import RegistrationRequest

HEAD = "import pandas as pd\nfrom aero_jupyter import AeroOutput\n"


def said(body: str, *outputs: str, parameters: str = "x, flag=False") -> str:
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    request = RegistrationRequest({}, outputs, None, PolicyEnum.NONE, None, {})
    found = check_outputs(portable(f"{HEAD}def f({parameters}):\n{lines}", "f"), request)
    assert all((remark.mark, remark.about) == (ERROR, "outputs") for remark in found)
    return " ".join(map(str, found))


NEVER = [
    ("print(x)", "clean", "f() returns nothing, but output clean is declared."),
    ("return None", "clean", "f() returns nothing, but output clean is declared."),
    ("return []", "clean", "f() returns nothing, but output clean is declared."),
    ("return AeroOutput('cleaned', x)", "clean", "f() never makes clean. It makes cleaned: name that, or return"),
    ("return AeroOutput(name='cleaned', path=x)", "clean", "f() never makes clean."),
    ("return AeroOutput('one', x)", "one two", "f() never makes two. It makes one: return the others too."),
    ("return {'one': x, 'two': x}", "one three", "f() never makes three. It makes one, two: name that, or return"),
    ("return {'one': x, 'two': x}", "one", "f() also makes two, which no output names."),
    ("return [AeroOutput('a', x), AeroOutput('b', x)]", "a", "f() also makes b, which no output names."),
    ("return AeroOutput('a', x), AeroOutput('a', x)", "a", "f() never makes a together, and each once."),
    ("if flag:\n    return AeroOutput('a', x)\nreturn AeroOutput('b', x)", "a b", "f() never makes a, b together"),
    ("return 42", "clean", "f() returns an int, but output clean is declared. Return a DataFrame, a path, or"),
    ("return -4.5", "clean", "f() returns a float, but"),
    ("return not flag", "clean", "f() returns a bool, but"),
    ("return True if flag else 1", "clean", "f() returns a bool, but"),
    ("return {'clean': 3}", "clean", "f() returns an int as clean, but"),
    ("return ['out.csv']", "clean", "f() returns a list with something that has no output's name, but"),
    ("return pd.read_csv(x)", "one two", "f() returns one thing without a name, but outputs one, two are declared."),
    (
        "table = pd.read_csv(x)\ntable = table.dropna()\ntable['n'] = 1\nreturn table",
        "one two",
        "f() returns one thing",
    ),
    ("return pd.read_csv(x).select_dtypes('number').rolling(2).mean()", "one two", "f() returns one thing"),
    ("return pd.read_csv(x)[['n']]", "one two", "f() returns one thing"),
    ("path = 'out.csv'\nreturn path", "one two", "f() returns one thing"),
    ("return f'{x}.csv'", "one two", "Return [AeroOutput('one', path), AeroOutput('two', path)]."),
]


@pytest.mark.parametrize(("body", "outputs", "told"), NEVER)
def test_what_surely_does_not_fit_is_said(body: str, outputs: str, told: str) -> None:
    assert told in said(body, *outputs.split())


NOT_SURE = [
    ("return x", "clean"),
    ("return x", "one two"),
    ("return pd.read_csv(x)", "clean"),
    ("return {'one': x, 'two': x}", "two one"),
    ("return [AeroOutput('one', x), AeroOutput('two', x)]", "one two"),
    ("return AeroOutput('clean', x)", "clean"),
    ("return AeroOutput(x, x)", "clean"),
    ("return {**x}", "one two"),
    ("return {flag: x}", "clean"),
    ("return [*x]", "one two"),
    ("return [AeroOutput(name, x) for name in x]", "one two"),
    ("if flag:\n    return 42\nreturn x", "clean"),
    ("return 42 if flag else x", "clean"),
    ("def g():\n    return 42\nreturn g()", "clean"),
    ("made = pd.DataFrame()\nmade = {'one': made, 'two': made}\nreturn made", "one two"),
    ("made = pd.read_csv(x)\nfor made in x:\n    pass\nreturn made", "one two"),
    ("return pd.read_excel(x, sheet_name=None)", "one two"),
    ("return pd.read_csv(x).to_dict()", "one two"),
    ("return pd.read_csv(x).pipe(flag)", "one two"),
    ("def g():\n    table = pd.read_csv(x)\nreturn table", "one two"),
]


@pytest.mark.parametrize(("body", "outputs"), NOT_SURE)
def test_what_may_fit_is_left_alone(body: str, outputs: str) -> None:
    assert said(body, *outputs.split(), parameters="x, flag=False, table=None") == ""


def test_a_parameter_called_pd_is_not_pandas() -> None:
    assert said("return pd.concat(x)", "one", "two", parameters="x, pd") == ""


@pytest.mark.parametrize(("body", "outputs"), [each[:2] for each in NEVER if "pd." not in each[0]])
def test_what_is_said_is_what_a_run_would_say(body: str, outputs: str) -> None:
    function = portable(f"{HEAD}def f(x, flag=False):\n" + "".join(f"    {line}\n" for line in body.split("\n")), "f")
    names: dict[str, object] = {}
    exec(function.cell, names)
    for flag in (False, True):
        with pytest.raises(AeroJobError):
            named_results(names["f"]("x.csv", flag), outputs.split())  # type: ignore[operator]
