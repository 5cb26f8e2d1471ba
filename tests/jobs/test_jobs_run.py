from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import textwrap
import traceback
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.scripted_web import Answer, WebServer

from aero_jupyter.jobs import AeroJobError, AeroOutput, download, run_user, stage


def cell(source: str, name: str = "smooth", first_line: int = 1, source_parameter: str | None = None) -> dict[str, Any]:
    return {
        "source": textwrap.dedent(source),
        "name": name,
        "first_line": first_line,
        "filename": f"<cell {name}>",
        "source_parameter": source_parameter,
    }


def returning(expression: str, parameters: str = "") -> dict[str, Any]:
    return cell(
        f"""
        import pathlib
        import pandas as pd
        from aero_jupyter import AeroOutput

        def smooth({parameters}):
            pathlib.Path("made.csv").write_text("made")
            return {expression}
        """
    )


@pytest.fixture(autouse=True)
def _cwd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def sewage(web_server: WebServer, aero: dict[str, Any]) -> dict[str, Any]:
    """A task with one input of which version 3 has two lines."""
    name = web_server.set_version("d0", b"day,v\n1,2\n", version=3)
    checksum = hashlib.sha256(web_server.files[f"/coll/{name}"]).hexdigest()
    entry = {"id": "d0", "version": 3, "version_id": "v3", "file_bn": name, "checksum": checksum, "file_type": ".csv"}
    aero["input_data"] = {"sewage": {**entry, "collection_url": f"{web_server.url}/coll/"}}
    return aero


def kept(web_server: WebServer, results: dict[str, Any], name: str = "clean") -> bytes:
    return web_server.files[f"/coll/{results['aero']['output_data'][name]['file_bn']}"]


def test_without_a_flow_it_is_a_call() -> None:
    assert run_user(cell("def smooth(a, b=2): return a + b"), (1,), {"b": 4}) == 5


def test_an_input_arrives_as_a_file_and_a_frame_is_kept(web_server: WebServer, sewage: dict[str, Any]) -> None:
    results = run_user(
        cell(
            """
            import pandas as pd
            def smooth(sewage, window=7):
                assert sewage.endswith("sewage.csv"), sewage
                frame = pd.read_csv(sewage)
                frame["v"] *= window
                return frame
            """
        ),
        (),
        {"aero": sewage, "window": 10},
    )

    assert kept(web_server, results) == b"day,v\n1,20\n"
    entry = results["aero"]["output_data"]["clean"]
    expected = {
        "id": "d1",
        "file_format": ".csv",
        "checksum": hashlib.sha256(b"day,v\n1,20\n").hexdigest(),
        "size": 11,
        "encoding": "utf-8",
    }
    assert {key: entry[key] for key in expected} == expected
    assert entry["file_bn"].endswith(".csv")
    assert entry["created_at"].endswith("Z")
    assert results["window"] == 10
    assert "s3cret" not in json.dumps(results)
    assert os.listdir(sewage["temp_dir"]) == []


@pytest.mark.parametrize(
    ("expression", "content"),
    [
        ("'made.csv'", b"made"),
        ("__import__('pathlib').Path('made.csv')", b"made"),
        ("AeroOutput('clean', 'made.csv')", b"made"),
        ("AeroOutput(name='clean', path='made.csv')", b"made"),
        ("[AeroOutput('clean', 'made.csv')]", b"made"),
        ("(AeroOutput('clean', 'made.csv'),)", b"made"),
        ("{'clean': 'made.csv'}", b"made"),
        ("{'clean': pd.DataFrame({'a': [1]})}", b"a\n1\n"),
        ("pd.DataFrame({'a': [1]})", b"a\n1\n"),
        ("pd.DataFrame({'a': [1]}).rename_axis('day')", b"day,a\n0,1\n"),
        ("pd.DataFrame({'a': [1]}, index=['x'])", b"a\n1\n"),
    ],
)
def test_what_may_be_returned(web_server: WebServer, aero: dict[str, Any], expression: str, content: bytes) -> None:
    assert kept(web_server, run_user(returning(expression), (), {"aero": aero})) == content


def test_an_empty_file_is_kept_as_such(web_server: WebServer, aero: dict[str, Any]) -> None:
    results = run_user(cell("def smooth():\n    open('e.txt', 'w').close()\n    return 'e.txt'"), (), {"aero": aero})
    assert kept(web_server, results) == b""
    assert results["aero"]["output_data"]["clean"]["size"] == 0


def test_the_declared_name_may_ask_for_parquet(web_server: WebServer, aero: dict[str, Any]) -> None:
    aero["output_data"] = {"clean.parquet": aero["output_data"]["clean"]}
    results = run_user(returning("pd.DataFrame({'a': [1]})"), (), {"aero": aero})
    assert results["aero"]["output_data"]["clean.parquet"]["file_format"] == ".parquet"
    assert pd.read_parquet(io.BytesIO(kept(web_server, results, "clean.parquet")))["a"].tolist() == [1]


def test_several_outputs_and_none(web_server: WebServer, aero: dict[str, Any]) -> None:
    entry = aero["output_data"]["clean"]
    both = {**aero, "output_data": {"a": entry, "b": entry}}
    results = run_user(returning("[AeroOutput('b', 'made.csv'), AeroOutput('a', 'made.csv')]"), (), {"aero": both})
    assert kept(web_server, results, "a") == kept(web_server, results, "b") == b"made"
    assert run_user(returning("None"), (), {"aero": {**aero, "output_data": {}}})["aero"]["output_data"] == {}


ONLY = 'Return a DataFrame, a path or AeroOutput("clean", path).'


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("None", f"The function returned nothing, but output clean is declared. {ONLY}"),
        ("[]", f"The function returned nothing, but output clean is declared. {ONLY}"),
        ("AeroOutput('raw', 'made.csv')", "The function returned output raw, but this flow declares clean."),
        ("AeroOutput('clean', 'x.csv')", "Output clean names the file x.csv, which does not exist."),
        (
            "'day,n\\n1,2\\n'",
            "Output clean is a text of 10 characters, which names no file. Write it to a file and return its path.",
        ),
        ("'.'", "Output clean names the folder .; return one file."),
        ("1.5", f"The function returned a float; output clean is declared. {ONLY}"),
        ("pd.Series([1])", f"The function returned a Series; output clean is declared. {ONLY}"),
        ("{'clean': 3}", "The function returned an int as clean; it must be a DataFrame or a path."),
        ("[pd.DataFrame()]", "The function returned a list with a DataFrame, which names no output. "),
        ("[AeroOutput('clean', 'made.csv')] * 2", "The function returned output clean twice."),
    ],
)
def test_a_mismatch_is_named_and_nothing_is_kept(
    web_server: WebServer, aero: dict[str, Any], expression: str, sentence: str
) -> None:
    with pytest.raises(AeroJobError) as caught:
        run_user(returning(expression), (), {"aero": aero})
    assert str(caught.value).startswith(sentence)
    assert web_server.files == {}


@pytest.mark.parametrize(
    ("declared", "expression", "sentence"),
    [
        ([], "AeroOutput('clean', 'made.csv')", "The function returned clean, but this flow declares no output."),
        ([], "pd.DataFrame()", "The function returned a DataFrame, but this flow declares no output."),
        ([], "'made.csv'", "The function returned a path, but this flow declares no output."),
        ([], "3", "The function returned an int; this flow declares no output. Return None."),
        (
            ["a", "b"],
            "'made.csv'",
            "The function returned a path, but outputs a, b are declared. "
            'Return [AeroOutput("a", path), AeroOutput("b", path)].',
        ),
        (["a", "b"], "{'a': 'made.csv'}", "The function returned output a, but this flow declares a, b."),
    ],
)
def test_a_mismatch_with_none_or_two(aero: dict[str, Any], declared: list[str], expression: str, sentence: str) -> None:
    aero["output_data"] = dict.fromkeys(declared, aero["output_data"]["clean"])
    with pytest.raises(AeroJobError) as caught:
        run_user(returning(expression), (), {"aero": aero})
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ("a, b", "smooth() has no parameter `sewage` to receive its value. Its parameters are a, b."),
        ("", "smooth() has no parameter `sewage` to receive its value. It has none."),
        ("sewage, x, y", "smooth() needs `x` and `y`, but no value for it was passed."),
    ],
)
def test_parameters_that_do_not_fit(sewage: dict[str, Any], parameters: str, sentence: str) -> None:
    with pytest.raises(AeroJobError) as caught:
        run_user(returning("None", parameters), (), {"aero": sewage})
    assert str(caught.value) == sentence


def test_extras_are_given_to_who_asks(web_server: WebServer, sewage: dict[str, Any]) -> None:
    source = """
        import json
        def smooth(sewage, sewage_url, sewage_version, sewage_version_id, sewage_signed_url):
            with open("e.json", "w") as file:
                json.dump([sewage_url, sewage_version, sewage_version_id, sewage_signed_url], file)
            return "e.json"
        """
    results = run_user(cell(source), (), {"aero": sewage})
    assert json.loads(kept(web_server, results)) == [f"{web_server.url}/coll/d0-3.csv", 3, "v3", None]


def test_an_input_that_is_not_fetched_is_an_address(web_server: WebServer, sewage: dict[str, Any]) -> None:
    sewage["input_data"]["sewage"]["fetch"] = False
    source = "import pathlib\ndef smooth(sewage_url):\n    pathlib.Path('u').write_text(sewage_url)\n    return 'u'"
    assert kept(web_server, run_user(cell(source), (), {"aero": sewage})).endswith(b"/coll/d0-3.csv")
    assert web_server.count_requests("/coll/d0-3.csv") == 0


def test_an_input_in_its_place_keeps_its_name_and_gets_no_token(web_server: WebServer, aero: dict[str, Any]) -> None:
    web_server.set_answers("/store/My file.v2.csv", Answer(b"x"))
    web_server.answers["/store/My%20file.v2.csv"] = web_server.answers["/store/My file.v2.csv"]
    url = f"{web_server.url}/store/My%20file.v2.csv"
    entry = {"id": "d0", "version": 1, "no_copy": True, "trigger_url": url, "signed_url": f"{url}?sig=1"}
    aero["input_data"] = {"ww": {**entry, "checksum": "0" * 32}}
    source = "import pathlib as p\ndef smooth(ww):\n    p.Path('u').write_text(p.Path(ww).name)\n    return 'u'"
    results = run_user(cell(source), (), {"aero": aero})
    assert kept(web_server, results) == b"My file.v2.csv"
    assert (web_server.requests[0].path, web_server.requests[0].token) == ("/store/My%20file.v2.csv?sig=1", None)
    assert "sig=1" not in json.dumps(results)


@pytest.mark.parametrize("checksum", ["0" * 64, "0" * 32])
def test_bytes_that_are_not_the_version_are_not_used(sewage: dict[str, Any], checksum: str) -> None:
    sewage["input_data"]["sewage"]["checksum"] = checksum
    with pytest.raises(AeroJobError, match="Input sewage: the bytes of version 3 do not match its checksum"):
        run_user(returning("None", "sewage"), (), {"aero": sewage})


def test_an_older_version_has_an_md5(web_server: WebServer, sewage: dict[str, Any]) -> None:
    entry = sewage["input_data"]["sewage"]
    entry["checksum"] = hashlib.md5(web_server.files[f"/coll/{entry['file_bn']}"]).hexdigest()
    assert kept(web_server, run_user(returning("sewage", "sewage"), (), {"aero": sewage})) == b"day,v\n1,2\n"


def test_a_missing_file_names_the_input(web_server: WebServer, sewage: dict[str, Any]) -> None:
    web_server.files.clear()
    with pytest.raises(AeroJobError, match=r"Input sewage: http://.*/coll/d0-3.csv answered 404"):
        run_user(returning("None", "sewage"), (), {"aero": sewage})


def test_an_input_without_a_version(aero: dict[str, Any]) -> None:
    aero["input_data"] = {"sewage": {"id": "d0", "version": None, "collection_url": "http://x/"}}
    with pytest.raises(AeroJobError, match="Input sewage names no version"):
        run_user(returning("None", "sewage"), (), {"aero": aero})


def test_a_collection_that_does_not_take_it(web_server: WebServer, aero: dict[str, Any]) -> None:
    aero["output_data"]["clean"]["collection_url"] = f"{web_server.url}/missing.csv"
    web_server.answer = lambda request: Answer(b'{"detail": "disk is full"}', 507, {"Content-Type": "application/json"})  # type: ignore[method-assign]
    with pytest.raises(AeroJobError, match=r"The collection http://.* answered 507 .*: disk is full"):
        run_user(returning("'made.csv'"), (), {"aero": aero})


class TestIngestion:
    @pytest.fixture
    def pulled(self, web_server: WebServer, aero: dict[str, Any]) -> dict[str, Any]:
        aero["output_data"]["clean"]["url"] = web_server.set_answers("/ww.csv", Answer(b"day,v\n1,2\n"))
        server = {key: aero[key] for key in ("server", "token")}
        _, kwargs = download(aero=aero)
        return {**kwargs["aero"], **server}

    @pytest.mark.parametrize(
        ("parameters", "source_parameter", "used"),
        [
            ("clean, other=1", None, "clean"),
            ("raw, other=1", None, "raw"),
            ("raw, window", None, "raw"),
            ("a, window, b=2", "b", "b"),
        ],
    )
    def test_the_file_finds_its_parameter(
        self, web_server: WebServer, pulled: dict[str, Any], parameters: str, source_parameter: str | None, used: str
    ) -> None:
        source = f"def smooth({parameters}):\n    return {used}"
        kwargs: dict[str, Any] = {name: 7 for name in ("window", "a") if name in parameters.replace(",", " ").split()}
        results = run_user(cell(source, source_parameter=source_parameter), (), {"aero": pulled, **kwargs})
        assert kept(web_server, results) == b"day,v\n1,2\n"

    def test_any_keyword_will_do(self, web_server: WebServer, pulled: dict[str, Any]) -> None:
        results = run_user(cell("def smooth(**all): return all['clean']"), (), {"aero": pulled})
        assert kept(web_server, results) == b"day,v\n1,2\n"

    def test_no_parameter_for_it(self, pulled: dict[str, Any]) -> None:
        with pytest.raises(AeroJobError) as caught:
            run_user(cell("def smooth(a, b): return a"), (), {"aero": pulled})
        assert str(caught.value).endswith("receives the source. Name one of them clean, like the source.")

    def test_staging_keeps_the_file_as_it_is(self, web_server: WebServer, pulled: dict[str, Any]) -> None:
        staged = stage(aero=pulled)
        assert kept(web_server, staged) == b"day,v\n1,2\n"
        assert staged["aero"]["output_data"]["clean"]["file_format"] == ".csv"

    def test_a_failed_run_can_be_run_again(self, web_server: WebServer, pulled: dict[str, Any]) -> None:
        with pytest.raises(ZeroDivisionError):
            run_user(cell("def smooth(clean): 1 / 0"), (), {"aero": pulled})
        assert kept(web_server, run_user(cell("def smooth(clean): return clean"), (), {"aero": pulled}))

    def test_a_pull_from_another_machine(self, pulled: dict[str, Any]) -> None:
        os.remove(pulled["output_data"]["clean"]["file"])
        with pytest.raises(AeroJobError, match="The downloaded file is not on this machine"):
            run_user(cell("def smooth(clean): return clean"), (), {"aero": pulled})

    def test_the_folder_is_made_where_it_is_not_there(self, web_server: WebServer, aero: dict[str, Any]) -> None:
        aero["temp_dir"] += "/new"
        results = run_user(returning("'made.csv'"), (), {"aero": aero})
        assert kept(web_server, results) == b"made"

    def test_nothing_is_left_where_nobody_else_cleans_up(self, aero: dict[str, Any], web_server: WebServer) -> None:
        aero["output_data"]["clean"]["url"] = web_server.set_answers("/ww.csv", Answer(b"x"))
        _, kwargs = download(aero={**aero, "temp_dir": None})
        folder = kwargs["aero"]["output_data"]["clean"]["temp_dir"]
        stage(aero={**kwargs["aero"], "server": aero["server"], "token": aero["token"]})
        assert not os.path.exists(folder)


def test_staging_by_hand(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("x")
    assert stage(window=7, ww="x.csv") == AeroOutput("ww", "x.csv")
    with pytest.raises(AeroJobError, match=r"stage\(\) received no file"):
        stage(ww="y.csv")


FAILING = """
def helper(x):
    return x / 0

def smooth(x):
    try:
        return helper(x)
    except ZeroDivisionError as error:
        raise ValueError("cannot smooth") from error
"""


def test_a_traceback_shows_the_lines_of_the_cell() -> None:
    with pytest.raises(ValueError, match="cannot smooth") as caught:
        run_user(cell(FAILING, first_line=2), (1,), {})
    shown = "".join(traceback.format_exception(caught.value))
    assert 'File "<cell smooth>", line 10, in smooth\n    raise ValueError("cannot smooth") from error' in shown
    assert 'File "<cell smooth>", line 4, in helper\n    return x / 0' in shown
    frames = [frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[-1] == "<cell smooth>"
    assert sum(os.path.basename(os.path.dirname(name)) == "jobs" for name in frames[:-1]) <= 3


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("import sys; sys.exit(3)", "smooth() called sys.exit(3)."),
        ("raise SystemExit", "smooth() called sys.exit()."),
        ("raise KeyboardInterrupt", "smooth() was interrupted."),
    ],
)
def test_leaving_is_failing(statement: str, sentence: str) -> None:
    with pytest.raises(AeroJobError) as caught:
        run_user(cell(f"def smooth(): {statement}"), (), {})
    assert str(caught.value) == sentence


def test_what_this_python_cannot_read() -> None:
    with pytest.raises(AeroJobError, match=r"^Python 3\.\d+ of this endpoint cannot read line 5: "):
        run_user(cell("x = 1\ndef smooth(:\n    pass", first_line=4), (), {})


def test_a_cell_is_a_module_of_its_own_and_gone_afterwards() -> None:
    source = """
        from __future__ import annotations
        import pickle, sys
        from dataclasses import dataclass, field

        @dataclass(frozen=True)
        class Window:
            days: int = 7
            of: NotThere = None

        def smooth(x: AlsoNotThere) -> Nor.This:
            return pickle.loads(pickle.dumps(Window(x))).days, __name__
        """
    days, module = run_user(cell(source), (3,), {})
    assert days == 3
    assert module not in sys.modules


def test_names_of_the_clients_exist_where_the_clients_do_not() -> None:
    source = """
        from aero_client.utils import AeroOutput, register_function
        import aero_client
        from aero_jupyter import AeroOutput as Ours

        def smooth():
            return AeroOutput("a", "b").name, Ours("a", "b").path

        def again():
            register_function(smooth)
        """
    assert run_user(cell(source), (), {}) == ("a", "b")
    with pytest.raises(AeroJobError, match=r"register_function\(\) of aero_client.utils cannot be called"):
        run_user(cell(source, "again"), (), {})


def test_importing_the_jobs_imports_nothing_heavy(monkeypatch: pytest.MonkeyPatch) -> None:
    # Coverage would be measured with SQLite.
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
    heavy = "{'requests', 'pandas', 'globus_sdk', 'IPython', 'sqlite3'}"
    command = [sys.executable, "-c", f"import sys, aero_jupyter.jobs; print({heavy} & set(sys.modules))"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "set()\n"


def test_an_output_is_a_value() -> None:
    import copy
    import pickle

    output = AeroOutput("clean", "x.csv")
    assert repr(output) == "AeroOutput(name='clean', path='x.csv')"
    assert {output, AeroOutput(name="clean", path="x.csv"), AeroOutput("clean", "y.csv")} == {
        output,
        AeroOutput("clean", "y.csv"),
    }
    assert pickle.loads(pickle.dumps(output)) == copy.copy(output) == output
    with pytest.raises(AttributeError):
        output.name = "raw"
