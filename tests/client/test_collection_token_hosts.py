"""The client sends a collection's token to the collection's own host only."""

from __future__ import annotations

from pathlib import Path

import pytest
from globus_sdk import AccessTokenAuthorizer
from globus_sdk.token_storage import TokenStorageData
from support.globus_transfer import serve_transfer
from support.server_standins import COLLECTION, Local, Reply, serve_standin

from aero_jupyter.auth.credentials import Credentials
from aero_jupyter.client import AeroClient
from aero_jupyter.core import errors
from aero_jupyter.core.config import Profile

HOST = "https://g-abc.data.globus.org"
PORTAL, NATIVE = "c0ffee00-portal", "5d1f0f3c-native"


def kept(credentials: Credentials, **scopes: str) -> None:
    assert credentials.user_login is not None
    tokens = {
        server: TokenStorageData.from_dict(
            {
                "resource_server": server,
                "identity_id": "i",
                "scope": scope,
                "access_token": f"secret of {server}",
                "refresh_token": None,
                "expires_at_seconds": 1 << 40,
                "token_type": "Bearer",
            }
        )
        for server, scope in scopes.items()
    }
    credentials.user_login.store.store_token_data_by_resource_server(tokens)


def credentials_in(folder: Path, **more: object) -> Credentials:
    return Credentials(Profile("default", "https://aero.example/", NATIVE, PORTAL, str(folder), **more), {}, None)  # type: ignore[arg-type]


def test_only_collections_have_tokens_of_a_collection(tmp_path: Path) -> None:
    credentials = credentials_in(tmp_path, collections=("c1", PORTAL, "transfer.api.globus.org"))
    scopes = {"c2": "https://auth.globus.org/scopes/c2/https", "funcx_service": "https://auth.globus.org/scopes/x/all"}
    kept(credentials, **scopes, **{"transfer.api.globus.org": "urn:globus:auth:scope:transfer.api.globus.org:all"})
    assert set(credentials.collection_authorizers()) == {"c1", "c2"}


def test_globus_transfer_names_the_host_and_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = credentials_in(tmp_path)
    kept(credentials, **{"transfer.api.globus.org": "all"})
    with serve_transfer(HOST) as transfer:
        monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_TRANSFER", transfer.url)
        assert credentials.is_host_of("c1", f"{HOST}/x")
        assert not credentials.is_host_of("c1", "https://evil.example/x")
    assert credentials.is_host_of("c1", f"{HOST}/y")
    assert credentials_in(tmp_path).is_host_of("c1", f"{HOST}/y")


def test_a_record_that_names_another_host_gets_no_token_and_the_cure_is_named(local: Local) -> None:
    theirs = AccessTokenAuthorizer("theirs")
    with serve_standin(Local()) as other:
        away = local.add_data("away", collection_url=f"{other.url}collections/{COLLECTION}/")
        version = local.add_version(away, b"x\n")
        refusal = Reply(401, b"{}", {"Content-Type": "application/json"})
        other.faults[f"/collections/{COLLECTION}/{version['data_file']['file_name']}"] = [refusal]
        with (
            AeroClient(local.url, collection_authorizers={COLLECTION: theirs}) as client,
            pytest.raises(errors.NotAuthorized, match="No token was sent") as caught,
        ):
            client.open_version(away["id"])
        assert "collection_hosts" in caught.value.cure
    assert {request.token for request in other.requests} == {None}


@pytest.mark.parametrize("path", ["collections/{}/", "elsewhere/", ""])
def test_a_record_that_names_another_host_than_the_known_one_is_refused_unread(local: Local, path: str) -> None:
    theirs = AccessTokenAuthorizer("theirs")
    with serve_standin(Local()) as other:
        away = local.add_data("away", collection_url=other.url + path.format(COLLECTION))
        local.add_version(away, b"x\n")
        known = {"collection_authorizers": {COLLECTION: theirs}, "is_host_of": lambda *_: False}
        with (
            AeroClient(local.url, **known) as client,
            pytest.raises(
                errors.NotAuthorized, match=f"places collection {COLLECTION} on .*, which is not its host"
            ) as caught,
        ):
            client.open_version(away["id"])
    assert "add collection_hosts" in caught.value.cure
    assert other.requests == []


def test_transfer_that_does_not_answer_is_told_from_another_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = credentials_in(tmp_path)
    kept(credentials, **{"transfer.api.globus.org": "all"})
    with serve_transfer("no host") as transfer:
        monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_TRANSFER", transfer.url)
        assert credentials.is_host_of("c1", f"{HOST}/x") is None
    with serve_transfer(HOST) as transfer:
        monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_TRANSFER", transfer.url)
        assert credentials.is_host_of("c1", "https://evil.example/x") is False
