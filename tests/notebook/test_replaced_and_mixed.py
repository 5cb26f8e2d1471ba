"""The display of changed sources, mixed inputs and aligned flows; cycles are refused before a run starts."""

import uuid

import pytest
from support.http_serving import serve_in_thread

from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.errors import AeroError, InvalidArgument
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.notebook.panels.flow_card import FlowCard
from aero_jupyter.notebook.panels.lineage.builder import graph_of
from aero_jupyter.notebook.panels.register.state import FormState
from aero_jupyter.notebook.registration.name_conflicts import check_names
from aero_jupyter.session import connections as sessions

CELL = "def {name}({parameters}):\n    open('made.csv', 'w').write({text})\n    return 'made.csv'\n"
KEPT = "def kept(raw):\n    return raw\n"


@pytest.fixture
def session(aero, aero_home):
    return sessions.local()


def stepping(name, *parameters, text="'x'"):
    return portable(CELL.format(name=name, parameters=", ".join(parameters), text=text))


def source_at(url):
    return f"{url}{uuid.uuid4().hex[:6]}.csv"


@pytest.fixture
def site():
    import http.server

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = f"a\n{self.path}\n".encode()
            self.send_response(200)
            self.send_header("ETag", '"same"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with serve_in_thread(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}/"


def ingests(session, name, url, **values):
    return session.register(portable(KEPT), source=url, outputs=[name], policy=PolicyEnum.INGESTION, **values)


def test_replace_moves_the_source_and_the_card_and_the_lineage_say_so(session, site):
    name, (first, second) = f"moved{uuid.uuid4().hex[:6]}", (source_at(site), source_at(site))
    old = ingests(session, name, first)
    data = old.outputs[0].id
    session.client.wait_for_version(data, 1, 60)
    with pytest.raises(InvalidArgument, match="it downloaded"):
        ingests(session, name, second)
    flow = ingests(session, name, second, replace=True)
    session.client.wait_for_version(data, 2, 60)
    message = f"Source changed from {first} to {second}."
    assert message in repr(FlowCard(session, session.client.get_flow(flow.id)))
    notes = [box.title for box in graph_of(session.client.lineage(data)).boxes.values()]
    assert any(message[1:-1] in title for title in notes)
    boxes = graph_of(session.client.lineage(data, 1)).boxes
    assert f"source:{first}" in boxes
    assert f"source:{second}" not in boxes
    assert ingests(session, name, second).id == flow.id


def test_replace_with_another_description_is_no_registration_that_is_there_already(session, site):
    name, url = f"described{uuid.uuid4().hex[:6]}", source_at(site)
    ingests(session, name, url, description="before")
    with pytest.raises(InvalidArgument, match="its description was 'before'"):
        ingests(session, name, url, description="after")
    flow = ingests(session, name, url, description="after", replace=True)
    assert flow.description == "after"
    assert session.client.get_data(flow.outputs[0].id).description == "after"


def test_a_circle_is_refused_and_named_by_registration_and_preflight(session):
    a, b = (f"{letter}{uuid.uuid4().hex[:6]}" for letter in "ab")
    session.register(stepping("first"), outputs=[a])
    session.register(stepping("forth", a), inputs={a: a}, outputs=[b], policy=PolicyEnum.ANY)
    flows = session.client.list("flow").total
    again = stepping("first", b, text="'y'")
    with pytest.raises(AeroError, match=f"{a} -> {b} -> {a}"):
        session.register(again, inputs={b: b}, outputs=[a], policy=PolicyEnum.ANY, replace=True)
    inputs = {b: session.client.resolve_data(b)}
    found = check_names(session, "first", [a], inputs, replaces=True)
    assert f"This flow would close a circle: {a} -> {b} -> {a}." in [remark.text for remark in found]
    assert session.client.list("flow").total == flows
    assert check_names(session, "first", [b], {a: session.client.resolve_data(a)}, replaces=True) is not None


def test_mixed_inputs_are_said_on_the_run_its_list_and_the_lineage(session):
    a, b, c = (f"{letter}{uuid.uuid4().hex[:6]}" for letter in "abc")
    fresh = "__import__('uuid').uuid4().hex"
    top = session.register(stepping("top", text=fresh), outputs=[a])
    session.client.wait_for_run(session.client.run_flow(top.id).id, 180)
    middle = session.register(stepping("middle", a, text=fresh), inputs={a: a}, outputs=[b])
    session.client.wait_for_run(session.client.run_flow(middle.id).id, 180)
    session.client.wait_for_run(session.client.run_flow(top.id).id, 180)
    both = {"inputs": {a: a, b: b}, "outputs": [c]}
    flow = session.register(stepping("last", a, b, text=fresh), **both)
    run = session.client.wait_for_run(session.client.run_flow(flow.id).id, 180)
    message = f"mixed inputs: {a} is at v2, {b} is from {a} v1"
    from aero_jupyter.notebook.panels.runs.run_detail import run_detail
    from aero_jupyter.notebook.tables.columns import readers_of
    from aero_jupyter.notebook.widgets.cards import RunCard

    used = readers_of("run")["used"]
    assert message in used(session.client.list("run", match=flow.id).page(1)[0])
    assert message[1:] in repr(RunCard(run, "last"))
    assert any(message[1:] in line for line in run_detail(run).lines)
    assert message[1:] in repr(FlowCard(session, session.client.get_flow(flow.id)))
    titles = [box.title for box in graph_of(session.client.lineage(flow.outputs[0].id)).boxes.values()]
    assert any(message in title for title in titles)


def test_an_aligned_flow_is_registered_with_policy_all_alone_and_its_card_says_so(session):
    a, b, c = (f"{letter}{uuid.uuid4().hex[:6]}" for letter in "abc")
    for name in (a, b):
        session.register(stepping(f"make_{name}"), outputs=[name])
    requested = {"inputs": {a: a, b: b}, "outputs": [c]}
    with pytest.raises(InvalidArgument, match="policy all"):
        session.register(stepping("joined", a, b), **requested, policy=PolicyEnum.ANY, aligned=True)
    flow = session.register(stepping("joined", a, b), **requested, policy=PolicyEnum.ALL, aligned=True)
    assert flow.raw["aligned"] is True
    assert "When all inputs have changed, from the same version." in repr(FlowCard(session, flow))
    with pytest.raises(InvalidArgument, match="waited for inputs that are aligned"):
        session.register(stepping("joined", a, b), **requested, policy=PolicyEnum.ALL)
    wish = FormState(bindings=((a, "input", a),), outputs=c, when="aligned").to_request()
    assert (wish.policy, wish.aligned, wish.arguments()["aligned"]) == (PolicyEnum.ALL, True, True)
