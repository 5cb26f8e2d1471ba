"""Scripts written for ``aero_client`` read tokens: of the login, and of a collection with Globus's record of it."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import globus_sdk
import pytest
from support.globus_transfer import serve_transfer
from support.login_accounts import COLLECTION, NATIVE, OTHER_COLLECTION, PORTAL, SECRET, SERVICE

import aero_jupyter
from aero_jupyter import config, utils
from aero_jupyter.core.errors import ClientError, InvalidArgument, LoginRequired, NotAuthorized
from aero_jupyter.session import connections


@pytest.fixture
def logged_in(configured_server: Any, auth: Any) -> Any:
    """A session with a login to the server of the configuration file."""
    with pytest.raises(LoginRequired) as required:
        connections.login()
    connections.login(auth.log_in(required.value.url))
    return auth


def test_the_tokens_of_the_login_are_loaded(logged_in: Any, configured_server: Any, cache: Path) -> None:
    tokens = utils.load_tokens()
    assert {PORTAL, COLLECTION, "transfer.api.globus.org"} <= set(tokens)
    assert tokens[utils.CONF.portal_client_id]["access_token"] == utils._client_auth()
    assert (utils.CONF.client_uuid, utils.CONF.aero_dir) == (NATIVE, cache)
    assert utils.build_url("data") == f"{configured_server.url}data"


def test_without_a_login_the_cure_is_to_log_in(configured_server: Any) -> None:
    for call in (utils.load_tokens, utils._client_auth, lambda: utils.get_transfer_token(COLLECTION)):
        with pytest.raises(LoginRequired, match="aero-jupyter login"):
            call()


def test_the_token_of_a_collection_is_the_logins(logged_in: Any) -> None:
    token = utils.get_transfer_token(COLLECTION)
    assert logged_in.active(token, f"https://auth.globus.org/scopes/{COLLECTION}/https")


def test_a_collection_that_the_login_lacks_is_refused_with_a_cure_that_works(
    logged_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LoginRequired, match=r"collections in the profile, then run: aero-jupyter login --force"):
        utils.get_transfer_token(OTHER_COLLECTION)
    file = tmp_path / "config.toml"
    file.write_text(file.read_text().replace(f'["{COLLECTION}"]', f'["{COLLECTION}", "{OTHER_COLLECTION}"]'))
    monkeypatch.setattr(connections, "_current", None)
    with pytest.raises(LoginRequired) as required:
        connections.login(force=True)
    connections.login(logged_in.log_in(required.value.url))
    assert logged_in.active(
        utils.get_transfer_token(OTHER_COLLECTION), f"https://auth.globus.org/scopes/{OTHER_COLLECTION}/https"
    )


def test_client_credentials_get_the_token_of_any_collection(
    configured_server: Any, auth: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AERO_CLIENT_ID", SERVICE)
    monkeypatch.setenv("AERO_CLIENT_SECRET", SECRET)
    assert auth.active(
        utils.get_transfer_token(OTHER_COLLECTION), f"https://auth.globus.org/scopes/{OTHER_COLLECTION}/https"
    )
    assert utils.load_tokens()[PORTAL]["access_token"] == utils._client_auth()


def test_the_record_of_a_collection_is_globus_transfers(logged_in: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_transfer("https://g-1.data.globus.org") as transfer:
        monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_TRANSFER", transfer.url)
        found = utils.get_collection_metadata("g-1.data.globus.org/")
    assert found["DATA"][0]["https_server"] == "https://g-1.data.globus.org"
    assert "filter_fulltext=g-1" in found["DATA"][0]["asked"]


def test_authenticate_asks_for_the_code(auth: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = globus_sdk.NativeAppAuthClient(NATIVE)
    scope = f"https://auth.globus.org/scopes/{COLLECTION}/https"

    class Terminal(io.StringIO):
        def readline(self, *_: Any) -> str:
            asked = sys.stdout.getvalue() if isinstance(sys.stdout, io.StringIO) else ""
            return auth.log_in(next(word for word in asked.split() if "authorize" in word)) + "\n"

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    tokens = utils.authenticate(client, [scope]).by_resource_server
    assert auth.active(tokens[COLLECTION]["access_token"], scope)
    monkeypatch.setattr(sys, "stdin", io.StringIO("wrong\n"))
    with pytest.raises(NotAuthorized, match="did not accept this code"):
        utils.authenticate(client, scope)


def test_the_local_collection_is_the_only_one_of_the_local_aero(aero: Any) -> None:
    aero_jupyter.local()
    assert utils.get_transfer_token(aero.collection) == aero.token
    with pytest.raises(InvalidArgument, match="is not the collection of the local AERO"):
        utils.get_transfer_token(COLLECTION)


def test_load_conf_puts_a_file_in_its_place_only_with_update(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target, file = tmp_path / "home" / "config.toml", tmp_path / "new.toml"
    monkeypatch.setenv("AERO_CONFIG_FILE", str(target))
    file.write_text('[default]\nclient_uuid = "c"\nportal_client_id = "p"\ncache_dir = "/x"\nserver = "https://h/f"\n')
    assert config.load_conf(str(file), update=True, symlink=False).server_url == "https://h/f"
    assert not target.exists()
    config.load_conf(file, update=True)
    assert target.read_text() == file.read_text()
    with pytest.raises(InvalidArgument, match="There is no file"):
        config.load_conf(tmp_path / "none.toml")
    with pytest.raises(InvalidArgument, match="has no configuration file"):
        config.load_conf(file, profile="local")


def test_the_token_reaches_no_server_that_an_argument_names(aero: Any, tmp_path: Path) -> None:
    aero_jupyter.local()
    entry = {"collection_uuid": aero.collection, "collection_url": f"{aero.url}collections/{aero.collection}"}
    task = {"input_data": {}, "output_data": {"kept": entry}, "flow_id": "f1"}

    def write() -> Any:
        (tmp_path / "kept.csv").write_text("n\n1\n")
        return str(tmp_path / "kept.csv")

    assert utils.aero_format(write)(aero=task)["aero"]["output_data"]["kept"]["size"] == 4
    with pytest.raises(ClientError) as refused:
        utils.aero_format(write)(aero={**task, "server": aero.url})
    assert refused.value.code == 401
