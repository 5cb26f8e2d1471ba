"""Types, events and sources without copies in the form, the card of a flow, the catalogue and the lineage."""

from __future__ import annotations

import pytest
from support.http_serving import serve_in_thread
from support.object_bucket import Bucket

import aero_jupyter
from aero_jupyter.notebook.tables.frame import frame_of
from aero_jupyter.notebook.tables.query import ListQuery
from aero_jupyter.notebook.tables.record_detail import detail_of
from aero_jupyter.notebook.widgets.tree import walk

CODE = "def {0}(report):\n    return report\n"


@pytest.fixture(scope="module")
def bucket():
    with serve_in_thread(Bucket()) as bucket:
        for name in ("form", "card", "row"):
            bucket.objects[f"/sp_{name}/a.csv"] = (b"n\n1\n", name)
        yield bucket


@pytest.fixture
def session(shell):
    return aero_jupyter.current()


def form_of(bucket, name, **given):
    return aero_jupyter.register_form(CODE.format(name), source=("report", f"{bucket.url}/{name}/*.csv"), **given)


def copied(panel, label):
    return [node["what"] for node in walk(panel.tree()) if node["is"] == "copy" and node["text"] == label]


def test_the_form_asks_for_the_type_of_a_pattern_and_for_its_notification(session, bucket):
    form = form_of(bucket, "sp_asked")
    texts = {finding.text: finding for finding in form.check()}
    assert "The URL is a pattern, and a pattern needs a source type." in texts
    scheduled = texts["A pattern cannot be downloaded on a schedule: a notification names the object."]

    form.act({"do": "mend", "about": scheduled.about, "what": scheduled.fix_value})
    form.act({"do": "set", "name": "source_type", "value": "sp_asked"})
    assert form.check() == ()
    assert (form.value.when, form.value.source_type) == ("event", "sp_asked")
    assert "source_type='sp_asked'" in form.as_code()


def test_the_form_registers_a_pattern_and_shows_the_objects_of_its_type(session, bucket):
    card = form_of(bucket, "sp_form", when="event", source_type="sp_form").register()
    session.client.notify(card.flow.outputs[0].id, key="sp_form/a.csv")
    assert card.wait(120).state == "done"

    again = form_of(bucket, "sp_form", when="event", source_type="sp_form", outputs=["sp_form"])
    again.check()
    assert "(1 object, newest sp_form/a.csv); a new URL joins it." in repr(again)
    field = next(node for node in walk(again.tree()) if node.get("name") == "source_type")
    assert "sp_form" in field["known"]


def test_the_card_of_an_event_flow_shows_where_to_notify_and_copies_the_line(session, bucket):
    card = form_of(bucket, "sp_card", when="event", source_type="sp_card").register()
    data = card.flow.outputs[0]
    address = f"{session.client.base_url.rstrip('/')}/data/{data.id}/notify"
    assert f"Notify: POST {address}" in repr(card.panel)
    (line,) = copied(card.panel, "Copy curl line")
    assert line.startswith(f"curl -X POST {address} ")
    assert session.state.token not in line


def test_a_scheduled_flow_shows_no_address(session, influent):
    assert copied(aero_jupyter.flow("take_in").panel, "Copy curl line") == []


def test_a_row_of_the_catalogue_shows_the_patterns_the_objects_and_the_line(session, bucket):
    source = session.client.add_source("sp_row", f"{bucket.url}/sp_row/*.csv", "sp_row", no_copy=True)
    session.client.notify(source.id, key="sp_row/a.csv")
    frame = frame_of(session, ListQuery("data", None, where=(("name", "sp_row"),)), 10)
    assert list(frame["copies"]) == ["none"]

    shown = repr(detail_of(frame._listing, session.client.resolve_data("sp_row")))
    assert "no copies: a version records that an object changed" in shown
    assert f"type sp_row: {bucket.url}/sp_row/*.csv (1 object, newest sp_row/a.csv)" in shown
    assert f"notify: curl -X POST {session.client.base_url.rstrip('/')}/data/{source.id}/notify" in shown


def test_lineage_names_the_object_and_marks_what_is_not_copied(session, shell, bucket):
    source = session.client.add_source("sp_seen", f"{bucket.url}/sp_row/a.csv", no_copy=True)
    cell = "%%aero_register --input seen=sp_seen --no-fetch seen --output sp_named\n"
    cell += "import pandas as pd\ndef sp_name(seen_url):\n    return pd.DataFrame({'url': [seen_url]})\n"
    assert shell.run_cell(cell).success
    session.client.notify(source.id)
    assert list(shell.run_line_magic("aero_get", "sp_named --wait 120")["url"]) == [f"{bucket.url}/sp_row/a.csv"]
    boxes = {box["name"]: box for _, box in aero_jupyter.lineage("sp_named").to_networkx().nodes(data=True)}
    assert any("object" in note and "sp_row/a.csv" in note for note in boxes["sp_seen"]["notes"])
    assert "no copy" in boxes["sp_seen"]["notes"]
