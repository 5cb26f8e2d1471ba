from __future__ import annotations

import hashlib
import tracemalloc
from typing import Any

import pytest
import requests
from globus_sdk import AccessTokenAuthorizer, NetworkError
from globus_sdk.transport import RequestCallerInfo, RequestsTransport
from support.server_standins import (
    COLLECTION,
    Flask,
    Local,
    Newest,
    Reply,
    Row,
    Standin,
    html_reply,
    json_reply,
    serve_standin,
)

from aero_jupyter.client import AeroClient
from aero_jupyter.client.content import open_content
from aero_jupyter.client.locations import locate, same_origin
from aero_jupyter.core import errors
from aero_jupyter.core.models import Data, DataFile, Version

TEXT = b"day,copies\n1,10\n2,20\n"


def sewage(server: Standin, content: bytes = TEXT, **more: object) -> Row:
    data = server.add_data("sewage")
    server.add_version(data, content, **more)  # type: ignore[arg-type]
    return data


def path_of(server: Standin, data: Row, number: int = -1) -> str:
    return f"/collections/{COLLECTION}/{server.versions[data['id']][number]['data_file']['file_name']}"


def test_the_newest_version_opens_on_every_generation(server: Standin, client: AeroClient) -> None:
    data = sewage(server)
    with client.open_version(data["id"]) as reader:
        assert reader.read(3) == b"day"
        assert reader.read() == TEXT[3:]
        assert reader.version.version == 1
        assert reader.data.name == "sewage"
        assert reader.name == server.versions[data["id"]][-1]["data_file"]["file_name"]
    assert reader.closed


def test_lines_and_chunks(local: Local) -> None:
    data = sewage(local)
    with AeroClient(local.url) as client:
        with client.open_version(data["id"]) as reader:
            assert list(reader) == TEXT.splitlines(keepends=True)
        with client.open_version(data["id"]) as reader:
            assert list(reader.chunks(8)) == [TEXT[:8], TEXT[8:16], TEXT[16:]]


def test_an_older_version_opens_where_the_server_tells_its_file(local: Local, flask: Flask) -> None:
    for server in (local, flask):
        data = sewage(server, b"old")
        server.add_version(data, b"new")
        with AeroClient(server.url) as client, client.open_version(data["id"], 1) as reader:
            assert reader.read() == b"old"


def test_on_the_newest_server_only_the_newest_version_can_be_found(newest: Newest) -> None:
    newest.prefix = ""
    data = sewage(newest, b"old")
    newest.add_version(data, b"new")
    with AeroClient(newest.url.replace("/fhwa", "")) as client:
        with pytest.raises(errors.Unreadable, match="does not list where the bytes of sewage version 1 are"):
            client.open_version(data["id"], 1)
        data["collection_url"] = data["collection_url"].replace("/fhwa", "")
        with client.open_version(data["id"], 2) as reader:
            assert reader.read() == b"new"


def test_a_collection_may_be_named_relative_to_the_server(local: Local) -> None:
    data = sewage(local)
    data["collection_url"] = f"/collections/{COLLECTION}"
    with AeroClient(local.url) as client, client.open_version(data["id"]) as reader:
        assert reader.read() == TEXT


@pytest.mark.parametrize("name", ["md5", "sha256"])
def test_bytes_that_do_not_match_their_checksum_are_refused(local: Local, name: str) -> None:
    data = sewage(local, checksum=hashlib.new(name, b"something else").hexdigest())
    words = "The bytes of sewage version 1 do not match their checksum"
    with AeroClient(local.url) as client, pytest.raises(errors.ServerFailed, match=words):
        client.open_version(data["id"]).read()


def test_a_right_sha256_and_an_unknown_checksum_pass(local: Local) -> None:
    for checksum in (hashlib.sha256(TEXT).hexdigest().upper(), "c1", None):
        data = sewage(local, checksum=checksum)
        with AeroClient(local.url) as client, client.open_version(data["id"]) as reader:
            assert reader.read() == TEXT


def test_a_wrong_length_is_refused(local: Local) -> None:
    data = sewage(local, data_file={"file_name": "short", "size": 999.0}, checksum=None)
    local.files[f"/collections/{COLLECTION}/short"] = Reply(200, TEXT)
    with AeroClient(local.url) as client, pytest.raises(errors.ServerFailed, match="has 21 bytes, but 999 were"):
        client.open_version(data["id"]).read()


def test_a_connection_that_breaks_in_the_middle_is_said(local: Local) -> None:
    data = sewage(local)
    local.files[path_of(local, data)] = Reply(200, TEXT[:5], {"Content-Length": str(len(TEXT))})
    with AeroClient(local.url) as client, pytest.raises(errors.Unreachable, match="connection broke after") as caught:
        client.open_version(data["id"]).read()
    assert caught.value.cure == "Read it again."


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (html_reply(404), errors.NotFound),
        (json_reply({"detail": "no"}, 403), errors.NotAuthorized),
        (Reply(500, b"oops"), errors.ServerFailed),
    ],
)
def test_bytes_that_are_not_given_are_an_error_in_words(
    local: Local, reply: Reply, kind: type[errors.ClientError]
) -> None:
    data = sewage(local)
    local.files[path_of(local, data)] = reply
    with AeroClient(local.url) as client, pytest.raises(kind) as caught:
        client.open_version(data["id"])
    assert "did not send the bytes of sewage version 1" in caught.value.message
    assert caught.value.code == reply.status


def test_a_dead_collection_is_said(local: Local) -> None:
    data = sewage(local)
    data["collection_url"] = "http://127.0.0.1:9/c/"
    with AeroClient(local.url) as client, pytest.raises(errors.Unreachable, match=r"No answer from 127\.0\.0\.1:9\."):
        client.open_version(data["id"])


def test_a_redirect_to_a_login_page_is_recognised(local: Local, flask: Flask) -> None:
    data = sewage(local)
    flask.files["/login"] = html_reply(200, "<html>Log in</html>")
    local.files[path_of(local, data)] = Reply(302, b"", {"Location": f"{flask.url}login"})
    with AeroClient(local.url) as client, pytest.raises(errors.NotAuthorized, match="asks for a login"):
        client.open_version(data["id"])


def test_our_token_opens_collections_of_the_server_itself_only(local: Local) -> None:
    ours, theirs = AccessTokenAuthorizer("ours"), AccessTokenAuthorizer("theirs")
    with serve_standin(Local()) as other:
        data = sewage(local)
        away = local.add_data("away", collection_url=f"{other.url}collections/{COLLECTION}/")
        local.add_version(away, TEXT)
        other.files = local.files
        with AeroClient(local.url, authorizer=ours) as client:
            client.open_version(data["id"]).close()
            client.open_version(away["id"]).close()
        known = {"collection_authorizers": {COLLECTION: theirs}, "is_host_of": lambda _, url: url.startswith(other.url)}
        with AeroClient(local.url, authorizer=ours, **known) as client:
            client.open_version(data["id"]).close()
            client.open_version(away["id"]).close()
    here = [request.token for request in local.requests if "/collections/" in request.path]
    assert here == ["Bearer ours"] * 2
    assert [request.token for request in other.requests] == [None, "Bearer theirs"]


@pytest.mark.parametrize(("scheme", "sent"), [("http", False), ("https", True)])
def test_a_token_does_not_cross_a_network_in_the_clear(scheme: str, sent: bool) -> None:
    class Recording(RequestsTransport):
        def request(self, method: str, url: str, *, caller_info: RequestCallerInfo, **_: Any) -> requests.Response:
            self.authorizer = caller_info.authorizer
            raise NetworkError("no network here", OSError())

    data = Data("d1", "sewage", collection_url=f"{scheme}://collection.example.org/", collection_uuid="c1")
    version = Version("v1", "d1", 1, file=DataFile("x.csv"))
    content = locate(data, version, "https://aero.example.org/", newest=True)
    with AeroClient("https://aero.example.org/") as client:
        client.close()
        client.transport = transport = Recording()
        with pytest.raises(errors.Unreachable):
            open_content(content, client, AccessTokenAuthorizer("theirs"))
        assert (transport.authorizer is not None) is sent
        transport.close()


def test_what_aero_keeps_no_copy_of_is_read_at_its_own_url_without_a_token(local: Local) -> None:
    data = local.add_data("live", no_copy=True, url=f"{local.url}elsewhere.csv")
    local.add_version(
        data, TEXT, checksum="e" * 32, no_copy=True, data_file={"file_name": "a/b.csv", "file_type": "csv"}
    )
    local.files["/elsewhere.csv"] = Reply(200, TEXT, {"ETag": f'"{"e" * 32}"'})
    authorizer = AccessTokenAuthorizer("ours")
    with AeroClient(local.url, authorizer=authorizer) as client, client.open_version(data["id"]) as reader:
        assert reader.read() == TEXT
    assert local.requests[-1].path == "/elsewhere.csv"
    assert local.requests[-1].token is None


def test_an_object_that_changed_since_its_version_is_refused(local: Local) -> None:
    data = local.add_data("live", no_copy=True, url=f"{local.url}elsewhere.csv")
    local.add_version(data, b"before", no_copy=True)
    local.files["/elsewhere.csv"] = Reply(200, b"after!", {"ETag": '"other"'})
    with AeroClient(local.url) as client, pytest.raises(errors.ServerFailed, match="do not match their checksum"):
        client.open_version(data["id"]).read()


def test_an_older_version_without_a_copy_is_gone(local: Local) -> None:
    data = local.add_data("live", no_copy=True)
    local.add_version(data, b"1", no_copy=True)
    local.add_version(data, b"2", no_copy=True)
    with AeroClient(local.url) as client, pytest.raises(errors.Unreadable, match="AERO keeps no copy of live"):
        client.open_version(data["id"], 1)


def test_memory_does_not_grow_with_the_file(local: Local) -> None:
    content = b"0123456789abcdef" * (2 << 20)
    data = sewage(local, content)
    with AeroClient(local.url) as client:
        client.open_version(data["id"]).close()
        tracemalloc.start()
        try:
            with client.open_version(data["id"]) as reader:
                assert sum(map(len, reader.chunks())) == len(content)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < len(content) / 3


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://h/a", "https://h:443/b", True),
        ("https://h/a", "http://h/a", False),
        ("https://h/a", "https://h.evil/a", False),
        ("https://h:1/a", "https://h:2/a", False),
        ("https://h/a", "https://h@evil/a", False),
        ("https://H/a", "https://h/", True),
    ],
)
def test_same_origin(one: str, other: str, same: bool) -> None:
    assert same_origin(one, other) is same
