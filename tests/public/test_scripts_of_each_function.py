"""A script written for ``aero_client`` runs here when only its imports change: one script for each function."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.http_serving import serve_folder

import aero_jupyter
from aero_jupyter import api, config, error, utils

#: The ids and addresses in the scripts, which are those of upstream's documents.
ENDPOINT = "fd0abffb-1e0b-403d-a2ec-2c53c9285df0"
COLLECTION = "94d05b66-bf20-435d-a406-2577096b6cb6"
COLLECTION_URL = "https://g-18d480.a4b6ed.a567.data.globus.org/"
SOURCES = "https://example.org/each"

#: Runs each script as the main module, and prints the traceback of those that failed.
_RUNNER = """
import json, runpy, sys, traceback
failures = {}
for path in sys.argv[1:]:
    try:
        runpy.run_path(path, run_name="__main__")
    except BaseException:
        failures[path] = traceback.format_exc()
print()
print(json.dumps(failures))
"""

_DEFINE = """
def summarize(each_input, threshold=0.5):
    from aero_client.utils import AeroOutput
    with open("summary.csv", "w") as file:
        file.write(open(each_input).read())
    return AeroOutput(name="each_summary", path="summary.csv")
"""

SCRIPTS = {
    "api.register_function": _DEFINE
    + """
from aero_client.api import register_function
print(register_function(summarize))
assert len(register_function(summarize)) == 36
""",
    "utils.register_function": _DEFINE
    + """
from aero_client.utils import register_function
if __name__ == "__main__":
    assert len(register_function(summarize)) == 36
""",
    "api.register_flow": _DEFINE
    + """
from aero_client.api import create_data_source, register_flow
from aero_client.utils import PolicyEnum, register_function
data = create_data_source("each a", "http://minio:9000/each/a.csv", no_copy=True)
flow = register_flow(
    endpoint_uuid="fd0abffb-1e0b-403d-a2ec-2c53c9285df0",
    function_uuid=register_function(summarize),
    input_data={"each_input": {"id": data["id"], "version": None}},
    output_data={"each_summary": {
        "collection_uuid": "94d05b66-bf20-435d-a406-2577096b6cb6",
        "collection_url": "https://g-18d480.a4b6ed.a567.data.globus.org/",
    }},
    kwargs={"threshold": 0.25},
    description="each summary",
    policy=PolicyEnum.ANY,
)
assert flow["contributed_to"][0]["name"] == "each_summary"
assert flow["policy"] == PolicyEnum.ANY
""",
    "jobs": _DEFINE
    + """
from aero_client.api import create_data_source, register_flow, register_function
from aero_client.jobs import commit_analysis, database_commit, download, get_versions, stage
from aero_client.utils import PolicyEnum
pull, commit = register_function(get_versions), register_function(commit_analysis)
assert all(len(register_function(job)) == 36 for job in (download, database_commit, stage))
data = create_data_source("each j", "http://minio:9000/each/j.csv", no_copy=True)
flow = register_flow("fd0abffb-1e0b-403d-a2ec-2c53c9285df0", register_function(summarize),
                     input_data={"each_input": {"id": data["id"], "version": None}}, policy=PolicyEnum.ANY,
                     pull_function_uuid=pull, commit_function_uuid=commit)
assert flow["pull_function_id"] == pull
""",
    "api.get_flow": _DEFINE
    + """
from aero_client.api import create_data_source, get_flow, register_flow
from aero_client.utils import register_function
data = create_data_source("each b", "http://minio:9000/each/b.csv", no_copy=True)
flow = register_flow("fd0abffb-1e0b-403d-a2ec-2c53c9285df0", register_function(summarize),
                     input_data={"each_input": {"id": data["id"], "version": None}}, kwargs={"threshold": 2})
inputs = get_flow(flow["id"])
assert inputs["each_input"]["id"] == data["id"]
assert inputs["aero"]["input_data"]["each_input"]["id"] == data["id"]
assert inputs.get("threshold") == inputs["threshold"] == 2
assert get_flow(flow["id"], inputs_only=False)["function_id"] == flow["function_id"]
""",
    "api.list_metadata": """
from aero_client.api import create_data_source, list_metadata
create_data_source("each listed", "http://minio:9000/each/listed.csv", no_copy=True)
names = []
for page in list_metadata("data"):
    assert len(page) <= 15
    names += [record["name"] for record in page]
assert "each listed" in names
assert all(isinstance(page, list) for kind in ("flow", "prov") for page in list_metadata(kind))
""",
    "api.list_versions": """
from aero_client.api import create_data_source, list_versions
data = create_data_source("each versions", "http://minio:9000/each/versions.csv", no_copy=True)
assert len(list(list_versions(data["id"]))) == 0
""",
    "api.search_sources": """
from aero_client.api import create_data_source, search_sources
create_data_source("each_searched", "http://minio:9000/each/searched.csv", no_copy=True)
res = search_sources("each_searched")
assert len(res) == 1
""",
    "api.create_data_source": """
from aero_client.api import create_data_source
data = create_data_source(name="each created", url="http://minio:9000/each/created.csv", no_copy=True, description="d")
assert (data["name"], data["no_copy"], data["description"]) == ("each created", True, "d")
""",
    "api.create_source": """
from aero_client.api import create_source
from aero_client.utils import PolicyEnum
flow = create_source(
    name="each pulled", url="https://example.org/each/counts.csv",
    collection_uuid="94d05b66-bf20-435d-a406-2577096b6cb6",
    collection_url="https://g-18d480.a4b6ed.a567.data.globus.org/",
    endpoint_uuid="fd0abffb-1e0b-403d-a2ec-2c53c9285df0", policy=PolicyEnum.INGESTION, timer_delay=3600,
)
assert flow["timer"] == 3600
try:
    create_source(name="each wrong", url="https://example.org/each/counts.csv", policy=PolicyEnum.ANY)
except ValueError as e:
    print(e)
else:
    raise SystemExit("accepted")
""",
    "api.source_id": """
from aero_client.api import create_source, source_id
made = create_source("each id", "http://minio:9000/each/id.csv", type_name="each ids", no_copy=True)
joined = create_source("each id", "http://minio:9000/each/id2.csv", type_name="each ids", no_copy=True)
assert source_id(made) == source_id(joined) == made["id"]
assert source_id({"contributed_to": [{"id": "x"}]}) == "x"
""",
    "api.list_source_types": """
from aero_client.api import create_source, list_source_types
create_source("each type", "http://minio:9000/each/type.csv", type_name="each listed type", no_copy=True)
assert "each listed type" in [t["name"] for t in list_source_types()]
""",
    "api.get_source_type": """
from aero_client.api import create_source, get_source_type
create_source("each one", "http://minio:9000/each/one.csv", type_name="each one type", no_copy=True)
assert get_source_type("each one type")["urls"][0]["object_key"] == "each/one.csv"
assert get_source_type("each unknown type") is None
""",
    "api.add_type_url": """
from aero_client.api import add_type_url, create_source
create_source("each grows", "http://minio:9000/each/grows.csv", type_name="each grows", no_copy=True)
assert len(add_type_url("each grows", "http://minio:9000/each/grows/**/*.csv")["urls"]) == 2
""",
    "api.delete_type_url": """
from aero_client.api import create_source, delete_type_url
create_source("each shrinks", "http://minio:9000/each/shrinks.csv", type_name="each shrinks", no_copy=True)
assert delete_type_url("each shrinks", "http://minio:9000/each/shrinks.csv?X-Amz-Signature=abc")["urls"] == []
""",
    "api.get_data_flows": """
from aero_client.api import create_source, get_data_flows, source_id
flow = create_source("each attached", "https://example.org/each/counts.csv")
assert [f["role"] for f in get_data_flows(source_id(flow))] == ["ingestion"]
""",
    "api.delete_data_flows": """
from aero_client.api import create_source, delete_data_flows, get_data_flows, source_id
data_id = source_id(create_source("each deleted", "https://example.org/each/counts.csv"))
assert [f["role"] for f in delete_data_flows(data_id)] == ["ingestion"]
assert get_data_flows(data_id) == []
""",
    "api.globus_logout": """
from aero_client.api import globus_logout, list_source_types
globus_logout()
list_source_types()
""",
    "utils.build_url": """
import requests
from aero_client.utils import CONF, build_url, _client_auth
assert build_url("data", trailing_slash=True) == CONF.server_url + "/data/"
assert build_url("/data/", "", "types") == f"{CONF.server_url}/data/types"
headers = {"Authorization": f"Bearer {_client_auth()}"}
assert requests.get(build_url("data", "types"), headers=headers, verify=False).status_code == 200
""",
    "utils._client_auth": """
import requests
from aero_client.utils import CONF, _client_auth
headers = {"Authorization": f"Bearer {_client_auth()}"}
assert requests.get(f"{CONF.server_url}/flow/", headers=headers, verify=False).status_code == 200
""",
    "utils.load_tokens": """
import requests
from aero_client.utils import CONF, load_tokens
tokens = load_tokens()
auth_token = tokens[CONF.portal_client_id]["refresh_token"]
headers = {"Authorization": f"Bearer {auth_token}"}
assert requests.get(f"{CONF.server_url}/prov/", headers=headers, verify=False).status_code == 200
""",
    "utils.get_transfer_token": """
import requests
from aero_client.utils import get_transfer_token
headers = {"Authorization": f"Bearer {get_transfer_token('94d05b66-bf20-435d-a406-2577096b6cb6')}"}
url = "https://g-18d480.a4b6ed.a567.data.globus.org/each-token.csv"
requests.put(url, headers=headers, data=b"n")
assert requests.get(url, headers=headers).content == b"n"
""",
    "utils.get_collection_metadata": """
from aero_client.utils import get_collection_metadata
try:
    get_collection_metadata("g-18d480.a4b6ed.a567.data.globus.org")
except ValueError as e:
    assert "aero-jupyter list data --json" in str(e)
else:
    raise SystemExit("accepted")
""",
    "utils.gcs_save": """
import hashlib, requests
from pathlib import Path
from aero_client.utils import gcs_save, get_transfer_token
Path("each.csv").write_bytes(b"n\\n1\\n")
saved = gcs_save(path="each.csv", collection_url="https://g-18d480.a4b6ed.a567.data.globus.org/",
                 collection_uuid="94d05b66-bf20-435d-a406-2577096b6cb6")
assert (saved["size"], Path("each.csv").exists()) == (4, False)
headers = {"Authorization": f"Bearer {get_transfer_token('94d05b66-bf20-435d-a406-2577096b6cb6')}"}
url = f"https://g-18d480.a4b6ed.a567.data.globus.org/{saved['file_bn']}"
assert requests.get(url, headers=headers).content == b"n\\n1\\n"
""",
    "utils.aero_format": _DEFINE
    + """
from aero_client.api import register_function
from aero_client.utils import aero_format
stored = aero_format(summarize)(threshold=1, aero={
    "input_data": {"each_input": {"id": "a", "trigger_url": "https://example.org/each/counts.csv"}},
    "output_data": {"each_summary": {"collection_uuid": "94d05b66-bf20-435d-a406-2577096b6cb6",
                                     "collection_url": "https://g-18d480.a4b6ed.a567.data.globus.org/"}},
    "flow_id": "f1",
})
assert stored["threshold"] == 1
assert stored["aero"]["output_data"]["each_summary"]["size"] == 4
assert "token" not in stored["aero"]
def nothing():
    return None
try:
    aero_format(nothing)(aero={"output_data": stored["aero"]["output_data"], "flow_id": "f1"})
except ValueError as e:
    assert "each_summary" in str(e)
else:
    raise SystemExit("accepted")
assert aero_format(nothing)(aero={"output_data": {}, "flow_id": "f1"})["aero"]["output_data"] == {}
assert len(register_function(aero_format(summarize))) == 36
""",
    "utils.download": """
from aero_client.utils import download
args, kwargs = download(aero={"flow_id": "f1", "output_data": {"each": {"url": "https://example.org/each/counts.csv"}}})
assert open(kwargs["aero"]["output_data"]["each"]["file"]).read() == "n\\n1\\n"
try:
    download(source_id="1")
except ValueError as e:
    assert "aero" in str(e)
else:
    raise SystemExit("accepted")
""",
    "utils.serialize": """
import codecs, dill, threading
from aero_client.utils import ClientError, serialize
assert dill.loads(codecs.decode(serialize({"n": 1}).encode(), "base64")) == {"n": 1}
try:
    serialize(threading.Lock())
except ClientError as e:
    assert e.args[0] == e.code == 400
""",
    "utils.authenticate": """
import io, sys
from globus_sdk import NativeAppAuthClient
from aero_client.utils import authenticate
sys.stdin = io.StringIO("")
try:
    authenticate(NativeAppAuthClient(client_id="94d05b66-bf20-435d-a406-2577096b6cb6"), scope=["openid"])
except EOFError:
    print("It asks for the code.")
else:
    raise SystemExit("did not ask")
""",
    "utils.load_conf": """
from pathlib import Path
from aero_client.utils import load_conf
Path("utils.toml").write_text(
    'client_uuid = "c"\\nportal_client_id = "p"\\n[aero]\\ncache_dir = "cache"\\nserver = "https://h/fhwa/"\\n')
conf = load_conf("utils.toml", symlink=False)
assert (conf.client_uuid, conf.portal_client_id, conf.server_url) == ("c", "p", "https://h/fhwa")
assert conf.aero_dir == Path("cache").absolute()
""",
    "config.load_conf": """
import dataclasses
from pathlib import Path
from aero_client.config import ClientConf, load_conf
Path("config.toml").write_text('''
[testing]
client_uuid = "32aa2afb"
portal_client_id = "7408753c"
server = "http://127.0.0.1:8000"
cache_dir = "cache"
''')
conf = load_conf("config.toml", symlink=False, profile="testing")
assert isinstance(conf, ClientConf)
assert dataclasses.asdict(conf)["server_url"] == "http://127.0.0.1:8000"
try:
    load_conf("config.toml", symlink=False)
except KeyError as e:
    print(e)
else:
    raise SystemExit("accepted")
""",
    "config.CONF": """
from aero_client.config import CONF
from aero_client.utils import CONF as same
assert CONF == same
assert CONF.aero_dir.is_dir()
""",
    "error.ClientError": """
from aero_client.api import get_data_flows
from aero_client.error import ClientError
try:
    get_data_flows("00000000-0000-0000-0000-000000000000")
except ClientError as e:
    assert e.code == e.args[0] == 404
    assert e.message
else:
    raise SystemExit("found")
assert ClientError(400, "Bad").code == 400
assert ClientError(code=400, message="Bad").message == "Bad"
""",
}


@pytest.fixture(scope="module")
def failures(aero: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Run every script in a process of its own interpreter; return the tracebacks by function."""
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "counts.csv").write_text("n\n1\n")
    with serve_folder(folder) as url:
        local = {
            "aero_client": "aero_jupyter",
            ENDPOINT: aero.endpoint,
            COLLECTION: aero.collection,
            COLLECTION_URL: f"{aero.url}collections/{aero.collection}/",
            SOURCES: url,
        }
        paths = []
        for name, script in SCRIPTS.items():
            for old, new in local.items():
                script = script.replace(old, new)
            paths.append(folder / f"{name}.py")
            paths[-1].write_text(script)
        done = subprocess.run(
            [sys.executable, "-c", _RUNNER, *map(str, paths)], cwd=folder, capture_output=True, text=True, timeout=600
        )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    return {Path(path).stem: text for path, text in found.items()}


@pytest.mark.parametrize("function", SCRIPTS)
def test_a_script_changes_only_its_imports(failures: dict[str, str], function: str) -> None:
    assert function not in failures, failures[function]


def test_each_function_has_a_script() -> None:
    public = {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in (api, utils, config, error)
        for name in module.__all__
        if not isinstance(getattr(module, name), type)
    }
    assert public - set(SCRIPTS) == set()


@pytest.mark.parametrize("slash", ["", "/", "//"])
def test_a_server_url_means_the_same_with_and_without_a_slash(
    aero: Any, monkeypatch: pytest.MonkeyPatch, slash: str
) -> None:
    monkeypatch.setattr(aero_jupyter.session.connections, "_current", None)
    monkeypatch.setenv("AERO_SERVER", aero.url.rstrip("/") + slash)
    monkeypatch.setenv("AERO_ACCESS_TOKEN", aero.token)
    assert utils.CONF.server_url == aero.url.rstrip("/")
    assert utils.build_url("data", trailing_slash=True) == f"{aero.url}data/"
    assert api.list_source_types() is not None


def test_importing_the_modules_reads_no_configuration(tmp_path: Path) -> None:
    code = "import aero_jupyter.utils, aero_jupyter.config, aero_jupyter.error, sys; print('dill' in sys.modules)"
    env = {"AERO_CONFIG_FILE": str(tmp_path), "AERO_HOME": str(tmp_path / "none"), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip(), (tmp_path / "none").exists()) == (0, "False", False)
