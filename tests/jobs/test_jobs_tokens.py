"""Each token is sent to its own host only."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from support.login_accounts import COLLECTION, NATIVE, PORTAL, SECRET, SERVICE
from support.scripted_web import Answer, WebServer

from aero_jupyter.auth.credentials import Credentials
from aero_jupyter.core.config import Profile
from aero_jupyter.jobs import AeroJobError, database_commit, run_user
from aero_jupyter.jobs.aero_server import token_for
from aero_jupyter.testing.auth_server.service import GlobusAuth

CELL = {
    "source": "def f(ww):\n    return {'clean': ww}\n",
    "name": "f",
    "first_line": 1,
    "filename": "<cell f>",
    "source_parameter": None,
}


def configure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, toml: str) -> None:
    tokens = {"portal": {"access_token": "portal-access", "refresh_token": "portal-refresh"}}
    tokens["c9"] = {"access_token": "collection-access", "refresh_token": "no"}
    (tmp_path / "client_tokens.json").write_text(json.dumps(tokens))
    (tmp_path / "config.toml").write_text(toml.replace("HERE", str(tmp_path)))
    monkeypatch.setenv("AERO_CONFIG_FILE", str(tmp_path / "config.toml"))


def table(server: str, name: str = "default") -> str:
    ids = 'client_uuid = "u"\nportal_client_id = "portal"\n'
    return f'[{name}]\n{ids}cache_dir = "HERE"\nserver = "{server}"\n'


def committed(web_server: WebServer, **aero: Any) -> str | None:
    web_server.set_json("/aero/prov/new", {"id": "p1"})
    database_commit(aero={"flow_id": "f1", **aero})
    return web_server.requests[-1].token


def test_the_token_of_the_environment_stays_from_a_server_that_only_the_task_names(
    web_server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AERO_ACCESS_TOKEN", "from-env")
    assert committed(web_server, server=f"{web_server.url}/aero") is None


def test_the_environment_names_server_and_token(web_server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AERO_SERVER", f"{web_server.url}/aero/")
    monkeypatch.setenv("AERO_ACCESS_TOKEN", "from-env")
    assert committed(web_server) == "Bearer from-env"


def test_the_configuration_file_does_too(
    web_server: WebServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    configure(monkeypatch, tmp_path, table(f"{web_server.url}/aero"))
    assert committed(web_server) == "Bearer portal-access"


def test_a_profile_is_chosen_by_name(web_server: WebServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    configure(monkeypatch, tmp_path, table("http://127.0.0.1:9") + table(f"{web_server.url}/aero", "lab"))
    monkeypatch.setenv("AERO_PROFILE", "lab")
    assert committed(web_server) == "Bearer portal-access"
    monkeypatch.setenv("AERO_PROFILE", "other")
    with pytest.raises(AeroJobError, match="has no profile other"):
        committed(web_server)


def test_the_older_file_is_read(web_server: WebServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    legacy = f'portal_client_id = "portal"\n[aero]\ncache_dir = "HERE"\nserver = "{web_server.url}/aero"\n'
    configure(monkeypatch, tmp_path, legacy)
    assert committed(web_server) == "Bearer portal-access"


def test_a_broken_file_is_named(web_server: WebServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    configure(monkeypatch, tmp_path, "[[[")
    with pytest.raises(AeroJobError, match="configuration file of this endpoint cannot be read"):
        committed(web_server)


def test_no_server_at_all() -> None:
    with pytest.raises(AeroJobError, match="No AERO server is configured on this endpoint"):
        database_commit(aero={"flow_id": "f1"})


def test_tokens_of_one_server_stay_from_another(
    web_server: WebServer, other_web_server: WebServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    configure(monkeypatch, tmp_path, table(f"{other_web_server.url}/aero"))
    monkeypatch.setenv("AERO_SERVER", other_web_server.url)
    monkeypatch.setenv("AERO_ACCESS_TOKEN", "from-env")
    assert committed(web_server, server=f"{web_server.url}/aero") is None


def test_a_token_does_not_follow_a_redirect_to_another_host(
    web_server: WebServer, other_web_server: WebServer, aero: dict[str, Any]
) -> None:
    # "localhost" is another host than 127.0.0.1, which is what a token must not leave.
    web_server.set_version("d0", b"x\n")
    away = other_web_server.url.replace("127.0.0.1", "localhost")
    other_web_server.set_answers("/x.csv", Answer(b"x\n"))
    web_server.set_answers("/coll/d0-1.csv", Answer(status=302, headers={"Location": f"{away}/x.csv"}))
    entry = {"id": "d0", "version": 1, "file_bn": "d0-1.csv", "collection_url": f"{web_server.url}/coll"}
    run_user(CELL, (), {"aero": {**aero, "input_data": {"ww": entry}}})
    assert [request.token for request in web_server.requests if request.path == "/coll/d0-1.csv"] == ["Bearer s3cret"]
    assert [request.token for request in other_web_server.requests] == [None]


def test_a_collection_elsewhere_gets_its_own_token_or_none(
    web_server: WebServer,
    other_web_server: WebServer,
    aero: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    configure(
        monkeypatch,
        tmp_path,
        table(f"{web_server.url}/aero") + f'collection_hosts = {{ c9 = "{other_web_server.url}" }}\n',
    )
    for name in ("a", "b"):
        other_web_server.set_answers(f"/coll/{name}.csv", Answer(b"x\n"))
    at = f"{other_web_server.url}/coll"
    for uuid, name in (("c9", "a"), ("unknown", "b")):
        entry = {"id": "d0", "version": 1, "file_bn": f"{name}.csv", "collection_url": at, "collection_uuid": uuid}
        run_user(CELL, (), {"aero": {**aero, "input_data": {"ww": entry}}})
    assert [request.token for request in other_web_server.requests] == ["Bearer collection-access", None]


ACTION = f"https://auth.globus.org/scopes/{PORTAL}/action_all"


@pytest.fixture
def endpoint(auth: GlobusAuth, web_server: WebServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Profile:
    """An endpoint whose configuration names the Globus clients that the stand-in knows."""
    text = table(f"{web_server.url}/aero").replace('"u"', f'"{NATIVE}"').replace('"portal"', f'"{PORTAL}"')
    (tmp_path / "config.toml").write_text(text.replace("HERE", str(tmp_path)))
    monkeypatch.setenv("AERO_CONFIG_FILE", str(tmp_path / "config.toml"))
    return Profile("default", f"{web_server.url}/aero/", NATIVE, PORTAL, str(tmp_path), (COLLECTION,))


def signed(web_server: WebServer) -> str:
    return str(committed(web_server)).removeprefix("Bearer ")


def log_in(auth: GlobusAuth, endpoint: Profile) -> Any:
    person = Credentials(endpoint, {}, None).user_login
    assert person is not None
    person.finish(auth.log_in(person.link()))
    return person.store


def end_tokens(store: Any) -> None:
    kept = store.get_token_data(PORTAL)
    kept.expires_at_seconds = int(time.time())
    store.store_token_data_by_resource_server({PORTAL: kept})


def test_an_endpoint_with_client_credentials_signs_as_that_client(
    auth: GlobusAuth, web_server: WebServer, endpoint: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AERO_CLIENT_ID", SERVICE)
    monkeypatch.setenv("AERO_CLIENT_SECRET", SECRET)
    who = auth.active(signed(web_server), ACTION)
    assert who is not None
    assert who.name == SERVICE
    signed(web_server)
    assert auth.log == ["client_credentials"]


def test_a_wrong_secret_is_said_without_it(
    auth: GlobusAuth, web_server: WebServer, endpoint: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AERO_CLIENT_ID", SERVICE + "-x")
    monkeypatch.setenv("AERO_CLIENT_SECRET", "guessed")
    with pytest.raises(AeroJobError, match="Globus does not accept this endpoint's client") as caught:
        signed(web_server)
    assert "guessed" not in str(caught.value)


@pytest.mark.parametrize("rotate", [False, True])
def test_our_token_file_is_used_and_renewed_for_everybody(
    auth: GlobusAuth, web_server: WebServer, endpoint: Profile, rotate: bool
) -> None:
    auth.rotate = rotate
    store = log_in(auth, endpoint)
    before = store.get_token_data(PORTAL).access_token
    assert signed(web_server) == before
    end_tokens(store)
    after = signed(web_server)
    assert after != before
    assert auth.active(after, ACTION)
    assert store.get_token_data(PORTAL).access_token == after
    assert signed(web_server) == after
    assert auth.log == ["authorization_code", "refresh_token"]
    assert store.path.stat().st_mode & 0o077 == 0


def test_a_login_that_was_revoked_is_said(auth: GlobusAuth, web_server: WebServer, endpoint: Profile) -> None:
    store = log_in(auth, endpoint)
    end_tokens(store)
    auth.revoke_all()
    with pytest.raises(AeroJobError, match="login on this endpoint has ended"):
        signed(web_server)


def test_a_token_that_cannot_be_renewed_is_said_and_spoils_no_file(
    auth: GlobusAuth, web_server: WebServer, endpoint: Profile
) -> None:
    store = log_in(auth, endpoint)
    kept = store.get_token_data(PORTAL)
    kept.refresh_token = None
    store.store_token_data_by_resource_server({PORTAL: kept})
    end_tokens(store)
    with pytest.raises(AeroJobError, match="login on this endpoint has ended"):
        signed(web_server)
    assert store.get_token_data(PORTAL) is not None


def test_without_a_configuration_no_file_of_the_working_folder_is_read(
    web_server: WebServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "client_tokens.json").write_text(json.dumps({"c9": {"access_token": "planted"}}))
    assert token_for({}, "https://collection.example/x", "c9") is None


def test_the_file_of_aeros_client_is_renewed_and_not_changed(
    auth: GlobusAuth, web_server: WebServer, endpoint: Profile, tmp_path: Path
) -> None:
    store = log_in(auth, endpoint)
    kept = {**store.get_token_data(PORTAL).to_dict(), "expires_at_seconds": 1}
    store.path.unlink()
    text = json.dumps({PORTAL: kept})
    (tmp_path / "client_tokens.json").write_text(text)
    assert auth.active(signed(web_server), ACTION)
    assert (tmp_path / "client_tokens.json").read_text() == text
    assert not store.path.exists()


def test_after_a_logout_nothing_signs_but_aeros_client(
    auth: GlobusAuth, web_server: WebServer, endpoint: Profile
) -> None:
    log_in(auth, endpoint).clear()
    assert committed(web_server) is None
