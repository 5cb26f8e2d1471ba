from __future__ import annotations

import io
import os
from types import SimpleNamespace

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

from aero_jupyter.core.decode import time_from
from aero_jupyter.core.errors import NotFound, UnknownName
from aero_jupyter.core.models import Data, Flow, Run, Version
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.notebook import extension, magics

WHEN = time_from("2026-01-02T03:04:05Z")
SEWAGE = Data("d1", "sewage", description="<b>inflow</b>", raw={"newest_version": 41})


class Rows(list):
    total = None

    def page(self, number):
        return tuple(self) if number == 1 else ()


class Client:
    base_url = "http://127.0.0.1:1/"

    def __init__(self):
        self.dialect = SimpleNamespace(runs=True, name="local")
        self.rows = {"data": Rows([SEWAGE]), "flow": Rows(), "prov": Rows(), "run": Rows()}
        self.run = Run("r1234567890", "f1", "done", started_at=WHEN, ended_at=WHEN)
        self.flow = None
        self.asked = []

    def list(self, kind, **_):
        return self.rows[kind]

    def search(self, query):
        self.asked.append(query)
        return iter([{"name": "sewage", "data_id": "d1", "version": 2, "created": "2026-01-02T03:04:05Z"}])

    def resolve_data(self, name):
        if name != "sewage":
            raise UnknownName(f"There is no data named {name!r}.", "Did you mean sewage?")
        return SEWAGE

    def resolve_flow(self, _):
        return Flow("f1", None, None, PolicyEnum.NONE, function_name="smooth")

    def get_flow(self, _):
        return self.flow

    def versions(self, _):
        return [Version("v1", "d1", 1, created_at=WHEN)]

    def latest(self, data_id):
        if data_id != "d1":
            raise NotFound(404, "no versions")
        return Version("v41", "d1", 41, created_at=WHEN)

    def wait_for_version(self, *given):
        self.asked.append(given)

    def read(self, _, version=None):
        return pd.DataFrame({"version": [version or 41]})

    def run_flow(self, _):
        return Run("r1234567890", "f1", "queued")

    def wait_for_run(self, *_):
        return self.run

    def open_version(self, _):
        stream = io.BytesIO(b"day,count\n1,2\n2,4\n")
        stream.name = "abc.csv"
        return stream


class Session:
    is_local, name, profile = True, "local AERO", None

    def __init__(self):
        self.client = Client()
        self.registered = []

    def register(self, function, **given):
        self.registered.append((function, given))
        makes = tuple(Data(f"o{name}", name) for name in given["outputs"])
        reads = tuple(SEWAGE for _ in given["inputs"])
        self.client.flow = Flow(
            "3fa1c2d8-x",
            "fn",
            "e",
            given["policy"],
            timer=given["timer"],
            inputs=reads,
            outputs=makes,
            function_name=function.name,
        )
        return self.client.flow


@pytest.fixture
def session(monkeypatch):
    fake = Session()
    monkeypatch.setattr(magics, "_session", lambda: fake)
    return fake


@pytest.fixture(scope="session")
def _one_shell(tmp_path_factory):
    before = os.environ.get("IPYTHONDIR")
    os.environ["IPYTHONDIR"] = str(tmp_path_factory.mktemp("ipython"))
    shell = InteractiveShell()
    shell.history_manager.enabled = False
    yield shell
    del os.environ["IPYTHONDIR"]
    if before is not None:
        os.environ["IPYTHONDIR"] = before


@pytest.fixture
def shell(session, _one_shell):
    _one_shell.reset(new_session=False)
    extension.load(_one_shell)
    yield _one_shell
    extension.unload(_one_shell)
