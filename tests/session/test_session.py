"""Sessions: the choice of the server, registration, and credentials."""

import concurrent.futures
import http.server
import json
import threading
import uuid

import pytest
from globus_sdk import AccessTokenAuthorizer

import aero_jupyter
from aero_jupyter import jobs
from aero_jupyter.compute import endpoints
from aero_jupyter.compute.compute_client import Registrar
from aero_jupyter.compute.portable_function import portable, portable_from
from aero_jupyter.core import errors
from aero_jupyter.core.errors import InvalidArgument, LoginRequired, NotAuthorized, UnknownName
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.session import connections as session
from aero_jupyter.session.argument_checks import check_arguments
from aero_jupyter.session.flow_request import FlowRequest

EP = "0f2b9c1e-7b0c-4d0e-9a61-7f4a4c1d2e3f"


class Aero(http.server.ThreadingHTTPServer):
    """As much of the newest AERO server as a registration asks; keeps what it is told."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url, self.bodies, self.tokens = f"http://127.0.0.1:{self.server_port}/", [], []


class _Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, body):
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        if self.path.endswith("/versions"):
            self.answer([{"id": str(uuid.uuid4()), "data_id": self.path[6:42], "version": 3, "checksum": "c"}])
        else:
            self.answer({"paths": {"/data/source": {}}} if self.path == "/openapi.json" else {"id": self.path[6:]})

    def do_POST(self):
        self.server.tokens.append(self.headers.get("Authorization"))
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.answer({"id": str(uuid.uuid4()), "policy": self.server.bodies[-1]["rule"]})

    def log_message(self, *_):
        pass


class Functions:
    """Stands for Globus Compute: remembers under which name each text was registered."""

    def __init__(self):
        self.names = {}

    def register(self, source, entry, description=None):
        id = str(uuid.uuid5(uuid.NAMESPACE_OID, entry + source))
        self.names[id] = description
        return id

    def endpoints(self, with_status=False, *, everyones=False):
        return [{"id": EP, "name": "cluster", "owner": "me"}]


@pytest.fixture(autouse=True)
def _nothing_in_use(monkeypatch):
    monkeypatch.setattr(session, "_current", None)


@pytest.fixture
def real(monkeypatch):
    server = Aero()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    monkeypatch.setenv("AERO_COLLECTION_UUID", str(uuid.uuid4()))
    monkeypatch.setenv("AERO_COLLECTION_URL", "https://collection.example/")
    server.session = session.connect(server.url, token="an-access-token")
    server.session.compute = Functions()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def function(name, body="return raw", arguments="raw"):
    return portable(f"def {name}({arguments}):\n    {body}\n")


def test_a_server_named_anywhere_is_used_and_nothing_is_sent_to_it(monkeypatch, tmp_path):
    monkeypatch.setenv("AERO_SERVER", "http://127.0.0.1:9/prefix")
    assert aero_jupyter.current().name == "127.0.0.1:9/prefix"
    monkeypatch.delenv("AERO_SERVER")
    config = tmp_path / "config.toml"
    config.write_text(
        '[lab]\nserver = "http://127.0.0.1:9/lab"\nclient_uuid = "c"\nportal_client_id = "p"\ncache_dir = "x"'
    )
    monkeypatch.setenv("AERO_CONFIG_FILE", str(config))
    chosen = aero_jupyter.connect(profile="lab")
    assert (chosen.name, chosen.is_local, chosen.endpoint) == ("127.0.0.1:9/lab", False, None)


def test_a_configuration_file_that_is_no_toml_is_named(monkeypatch, tmp_path):
    (tmp_path / "config.toml").write_text("= no")
    monkeypatch.setenv("AERO_CONFIG_FILE", str(tmp_path / "config.toml"))
    with pytest.raises(InvalidArgument, match="configuration file cannot be read"):
        aero_jupyter.connect()


def test_all_threads_get_the_same_session(aero):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: aero_jupyter.current(), range(16)))
    assert len(set(map(id, found))) == 1
    assert (found[0].name, found[0].endpoint) == ("local AERO", aero.endpoint)
    assert aero.token not in repr(found[0])


def test_the_local_endpoint_has_a_name_a_status_and_no_namesakes(aero):
    here = aero_jupyter.local()
    assert here.endpoint_id("local") == aero.endpoint
    assert [(row["name"], row["status"]) for row in here.endpoints(with_status=True)] == [("local", "online")]
    with pytest.raises(UnknownName, match="no endpoint 'cluster'"):
        here.endpoint_id("cluster")


def test_an_endpoint_name_that_two_have_lists_both():
    rows = [{"id": "a", "name": "lab"}, {"id": "b", "name": "lab"}]
    with pytest.raises(UnknownName) as caught:
        endpoints.resolve_endpoint("lab", lambda: rows)
    assert caught.value.candidates == ("a", "b")


def test_registering_again_gives_the_flow_that_is_there(aero):
    here, twice = aero_jupyter.local(), function("twice", "return None", "n=1")
    first = here.register(twice, outputs=["twice_out"], policy=PolicyEnum.TIMER, timer=9000)
    assert here.register(twice, outputs=["twice_out"], policy=PolicyEnum.TIMER, timer=9000).id == first.id
    bare = function("bare", "return None", "n=1")
    assert here.register(bare).id == aero_jupyter.local().register(bare).id


def test_another_text_or_policy_needs_replace_and_continues_the_data(aero):
    here, old, new = aero_jupyter.local(), function("grow", "return 1", "n=1"), function("grow", "return 2", "n=1")
    first = here.register(old, outputs=["grown"])
    with pytest.raises(InvalidArgument, match=f"grow → grown exists already \\({first.id[:8]}\\): its text differs: "):
        here.register(new, outputs=["grown"])
    with pytest.raises(InvalidArgument, match=r"exists already .*: it ran only when you run it"):
        here.register(old, outputs=["grown"], policy=PolicyEnum.TIMER, timer=9000)
    second = here.register(new, outputs=["grown"], replace=True)
    assert second.id != first.id
    assert second.outputs[0].id == first.outputs[0].id
    assert here.register(new, outputs=["grown"]).id == second.id
    assert here.register(new, outputs=["grown"], replace=True).id == second.id
    with pytest.raises(errors.NotFound):
        here.client.get_flow(first.id)
    timed = here.register(new, outputs=["grown"], policy=PolicyEnum.TIMER, timer=9000, replace=True)
    assert (timed.policy, timed.timer, timed.outputs[0].id) == (PolicyEnum.TIMER, 9000, first.outputs[0].id)


def test_a_version_can_be_pinned(real):
    data = str(uuid.uuid4())
    real.session.register(function("pin"), inputs={"raw": data}, versions={"raw": 3}, endpoint="cluster")
    assert real.bodies[0]["input_data"] == {"raw": {"id": data, "version": 3}}
    with pytest.raises(errors.NotFound, match="there is no version 4"):
        real.session.register(function("pin"), inputs={"raw": data}, versions={"raw": 4}, endpoint="cluster")
    with pytest.raises(InvalidArgument, match="which is not an input"):
        real.session.register(function("pin"), inputs={"raw": data}, versions={"other": 3}, endpoint="cluster")


@pytest.mark.parametrize(
    ("policy", "jobs_sent"),
    [(PolicyEnum.INGESTION, ["download", "database_commit"]), (PolicyEnum.ANY, ["get_versions", "commit_analysis"])],
)
def test_a_real_server_gets_the_jobs_its_flow_needs_and_a_place_for_outputs(real, policy, jobs_sent):
    source = "https://example.org/a.csv" if policy is PolicyEnum.INGESTION else None
    inputs = None if source else {"raw": str(uuid.uuid4())}
    real.session.register(function("f"), inputs=inputs, outputs=["o"], source=source, policy=policy, endpoint=EP)
    body, names = real.bodies[0], real.session.compute.names
    assert [names[body[f"{kind}_function_uuid"]] for kind in ("pull", "commit")] == jobs_sent
    assert (body["gc_endpoint"], body["output_data"]["o"]["collection_url"]) == (EP, "https://collection.example/")
    assert real.tokens == ["Bearer an-access-token"]


def test_a_real_server_without_a_collection_says_what_to_set(real, monkeypatch):
    monkeypatch.delenv("AERO_COLLECTION_URL")
    with pytest.raises(InvalidArgument, match="AERO_COLLECTION_URL"):
        real.session.register(function("f"), inputs={"raw": str(uuid.uuid4())}, outputs=["o"], endpoint=EP)
    assert real.session.compute.names == {}


@pytest.mark.parametrize(
    ("inputs", "kwargs", "has_source", "sentence"),
    [
        ({"x": "d"}, {}, False, "has no parameter 'x'"),
        ({"raw": "d"}, {"raw": 1, "n": 2}, False, "raw has two values: a dataset and a fixed value"),
        ({"raw": "d"}, {}, False, "needs a value for n"),
        ({}, {}, True, "the downloaded file is only one"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_before_anything_is_sent(inputs, kwargs, has_source, sentence):
    source, made = "https://x/y" if has_source else None, function("f", arguments="raw, n")
    request = FlowRequest(made, inputs, kwargs, PolicyEnum.NONE, None, source=source)
    with pytest.raises(InvalidArgument, match=sentence):
        check_arguments(request)


@pytest.mark.parametrize(("source", "outputs"), [("ftp://x/y", ["o"]), ("https://x/y", [])])
def test_a_source_needs_an_address_and_an_output(real, source, outputs):
    with pytest.raises(InvalidArgument, match="source"):
        real.session.register(function("f"), source=source, outputs=outputs, policy=PolicyEnum.INGESTION, endpoint=EP)


def test_the_functions_of_one_text_keep_their_own_ids(aero):
    here = aero_jupyter.local()
    made = [here.register_function(portable_from(job)) for job in (jobs.download, jobs.database_commit)]
    assert len(set(made)) == 2
    assert here.register_function(portable_from(jobs.download)) == made[0]


def test_a_refusal_of_the_compute_service_is_one_of_ours(aero):
    with pytest.raises(NotAuthorized):
        Registrar(aero.url + "compute", AccessTokenAuthorizer("wrong")).endpoints()


def test_a_server_that_nobody_can_log_in_to_says_what_is_missing(monkeypatch):
    monkeypatch.setenv("AERO_SERVER", "http://127.0.0.1:9/")
    with pytest.raises(LoginRequired, match=r"Logging in to 127\.0\.0\.1:9"):
        session.login()
    monkeypatch.setenv("AERO_ACCESS_TOKEN", "abc")
    assert session.connect().client.authorizer.get_authorization_header() == "Bearer abc"
    assert session.login().name == "127.0.0.1:9"


def test_leaving_the_local_aero_starts_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("AERO_HOME", str(tmp_path / "none"))
    assert session.logout().startswith("Logged out. The local AERO needs no login")
    assert not (tmp_path / "none").exists()
