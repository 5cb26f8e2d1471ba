"""The choice of credentials, their use in a session, and the protection of secrets."""

from __future__ import annotations

import io
import logging
import pickle
import traceback

import pytest
from support.globus_flows import serve_globus_flows
from support.login_accounts import COLLECTION, EXTRA_SCOPE, PORTAL, SECRET, SERVICE

from aero_jupyter.auth.credentials import Credentials
from aero_jupyter.core.config import Profile
from aero_jupyter.core.errors import InvalidArgument, LoginRequired, NotAuthorized
from aero_jupyter.core.models import Flow
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.session import connections as session

PAIR = {"AERO_CLIENT_ID": SERVICE, "AERO_CLIENT_SECRET": SECRET}


def rows(connection):
    return [data.name for data in connection.client.list("data").page(1)]


def log_in(auth):
    with pytest.raises(LoginRequired) as caught:
        session.login()
    return session.login(auth.log_in(caught.value.url))


def bearer(credentials):
    return credentials.aero_authorizer().get_authorization_header()


def test_what_is_handed_over_comes_first_then_the_client_then_the_stored_login(auth, profile):
    stored = Credentials(profile, {}, None)
    stored.user_login.finish(auth.log_in(stored.user_login.link()))
    assert auth.active(bearer(stored)[7:]).username == "vh@example.edu"
    client = Credentials(profile, PAIR, None)
    assert auth.active(bearer(client)[7:]).name == SERVICE
    environment = {**PAIR, "AERO_ACCESS_TOKEN": "from-the-environment"}
    assert bearer(Credentials(profile, environment, None)) == "Bearer from-the-environment"
    assert bearer(Credentials(profile, environment, "given")) == "Bearer given"


def test_runs_of_a_real_server_are_those_that_globus_flows_shows(auth, configured_server, monkeypatch):
    monkeypatch.setenv("AERO_CLIENT_ID", SERVICE)
    monkeypatch.setenv("AERO_CLIENT_SECRET", SECRET)
    with serve_globus_flows() as (server, _):
        monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_FLOWS", f"http://127.0.0.1:{server.server_port}")
        shown = session.current().runs(10)
        smooth = Flow("f1", None, None, PolicyEnum.ANY, description="smooth")
        assert [run.id for run in session.current().runs(10, smooth)] == ["r2", "r3"]
    assert [(run.id, run.state) for run in shown] == [("r1", "done"), ("r2", "failed"), ("r3", "running")]


def test_each_says_who_it_is(auth, profile):
    text = [
        Credentials(profile, {}, None).describe_login(),
        Credentials(profile, {}, "given").describe_login(),
        Credentials(profile, {"AERO_ACCESS_TOKEN": "x"}, None).describe_login(),
        Credentials(profile, PAIR, None).describe_login(),
    ]
    assert text == [
        None,
        "Requests to aero.example.org are signed with the access token that was passed.",
        "Requests to aero.example.org are signed with the access token in AERO_ACCESS_TOKEN.",
        "Logged in to aero.example.org as the Globus client 9a4e11d2.",
    ]


def test_the_pair_of_globus_compute_does_as_well(auth, profile):
    environment = {"GLOBUS_COMPUTE_CLIENT_ID": SERVICE, "GLOBUS_COMPUTE_CLIENT_SECRET": SECRET}
    credentials = Credentials(profile, environment, None)
    assert auth.active(credentials.globus_authorizer("funcx_service").get_authorization_header()[7:]).name == SERVICE
    assert Credentials(profile, {"GLOBUS_COMPUTE_CLIENT_ID": SERVICE}, None).signs_without_login is False


@pytest.mark.parametrize("name", PAIR)
def test_half_a_pair_is_told_so(profile, name):
    with pytest.raises(InvalidArgument, match="Only one of AERO_CLIENT_ID and AERO_CLIENT_SECRET"):
        Credentials(profile, {name: "x"}, None)


def test_a_wrong_secret_is_said_and_a_token_that_ended_is_fetched_anew(auth, profile, advance_clock):
    wrong = Credentials(profile, {**PAIR, "AERO_CLIENT_SECRET": "guessed"}, None)
    with pytest.raises(NotAuthorized, match="Globus does not know this client"):
        bearer(wrong)
    right = Credentials(profile, PAIR, None)
    first = bearer(right)
    assert bearer(right) == first
    advance_clock(172_790)
    assert bearer(right) != first
    assert right.aero_authorizer().handle_missing_authorization()


def test_client_credentials_leave_nothing_on_disk(auth, profile, cache):
    bearer(Credentials(profile, PAIR, None))
    assert not cache.exists()


def test_a_server_without_configuration_is_used_unsigned_and_says_what_a_login_takes(auth, guarded_aero):
    bare = Credentials(Profile("default", guarded_aero.url), {}, None)
    assert (bearer(bare), bare.user_login, bare.describe_login()) == (None, None, None)
    for call in (
        bare.globus_authorizer("funcx_service").get_authorization_header,
        bare.aero_authorizer().handle_missing_authorization,
    ):
        with pytest.raises(LoginRequired, match=r"no Globus client is configured(.|\n)*client_uuid"):
            call()
    with pytest.raises(InvalidArgument, match="does not name the AERO server's Globus client"):
        Credentials(Profile("default", guarded_aero.url), PAIR, None)


def test_the_collections_of_the_configuration_get_tokens_of_their_own(auth, profile):
    credentials = Credentials(profile, {"AERO_COLLECTION_UUID": COLLECTION}, None)
    credentials.user_login.finish(auth.log_in(credentials.user_login.link()))
    signatures = credentials.collection_authorizers()
    assert list(signatures) == [COLLECTION]
    token = signatures[COLLECTION].get_authorization_header()[7:]
    assert auth.active(token, f"https://auth.globus.org/scopes/{COLLECTION}/https")
    assert token != bearer(credentials)[7:]


def test_a_session_is_logged_in_by_a_link_and_a_code_and_out_again(configured_server, auth):
    with pytest.raises(LoginRequired, match=r"You are not logged in to 127\.0\.0\.1"):
        session.current().client.list("data").page(1)
    connection = log_in(auth)
    assert rows(connection) == ["sewage"]
    assert session.login() is connection
    assert session.logout().endswith("the tokens were deleted here and revoked at Globus.")
    with pytest.raises(LoginRequired):
        connection.client.list("data").page(1)
    assert session.logout().startswith("You were not logged in to 127.0.0.1")


def test_force_makes_a_fresh_link(configured_server, auth):
    log_in(auth)
    links = []
    for _ in range(2):
        with pytest.raises(LoginRequired) as caught:
            session.login(force=True)
        links.append(caught.value.url)
    assert links[0] != links[1]


def test_logging_out_while_globus_is_away_says_so(configured_server, auth):
    log_in(auth)
    auth.failing = 503
    text = session.logout()
    assert "deleted here. Globus did not answer, so they were not revoked there" in text
    with pytest.raises(LoginRequired):
        session.login()


def test_a_request_with_an_expired_token_is_renewed_and_sent_again(configured_server, auth):
    connection = log_in(auth)
    connection.client.list("data").page(1)
    for grant in auth._grants.values():
        grant.expires = grant.expires if grant.refresh else 0
    assert rows(connection) == ["sewage"]
    assert auth.log.count("refresh_token") == 1


def test_a_token_revoked_elsewhere_leads_back_to_the_login(configured_server, auth):
    connection = log_in(auth)
    auth.revoke_all()
    with pytest.raises(LoginRequired, match="expired or was revoked"):
        connection.client.list("data").page(1)
    with pytest.raises(LoginRequired):
        session.login()


def test_a_handed_over_token_that_is_refused_is_named(configured_server, monkeypatch):
    monkeypatch.setenv("AERO_ACCESS_TOKEN", "stale-token")
    connection = session.connect()
    with pytest.raises(NotAuthorized, match="rejected the access token in AERO_ACCESS_TOKEN") as caught:
        connection.client.list("data").page(1)
    assert "stale-token" not in str(caught.value)
    assert session.logout().startswith("The access token in AERO_ACCESS_TOKEN is no longer used")
    with pytest.raises(LoginRequired):
        connection.client.list("data").page(1)


def test_a_service_that_asks_for_more_says_one_sentence_and_what(configured_server, auth):
    connection = log_in(auth)
    configured_server.required_scope = EXTRA_SCOPE
    with pytest.raises(LoginRequired, match="asks for a consent") as caught:
        connection.client.list("data").page(1)
    assert caught.value.demands == {"required_scopes": [EXTRA_SCOPE]}
    person = connection.credentials.user_login
    person.add_demands(caught.value.demands)
    person.finish(auth.log_in(person.link()))
    assert rows(connection) == ["sewage"]


def test_compute_is_signed_by_the_same_login(configured_server, auth):
    connection = session.connect()
    with pytest.raises(LoginRequired):
        connection.endpoints()
    connection.credentials.user_login.finish(auth.log_in(connection.credentials.user_login.link()))
    token = connection.compute._authorizer.get_authorization_header()[7:]
    assert auth.active(token, "https://auth.globus.org/scopes/facd7ccc-c5f4-42aa-916b-a0e270e2c2a9/all")


def test_a_broken_token_file_can_be_left_by_logging_out(configured_server, auth, cache):
    log_in(auth)
    [kept] = (cache / "aero_jupyter").glob("*.json")
    kept.write_text("half a tok")
    session.connect()
    with pytest.raises(InvalidArgument, match="cannot be read"):
        session.login()
    session.logout()
    assert log_in(auth)


def test_only_the_access_token_goes_to_the_server(configured_server, auth):
    connection = log_in(auth)
    connection.client.list("data").page(1)
    kept = connection.credentials.user_login.store.get_token_data(PORTAL)
    assert set(configured_server.tokens) <= {"", kept.access_token}
    assert kept.access_token in configured_server.tokens


def test_no_secret_gets_about(configured_server, auth, caplog, capfd, cache, monkeypatch):
    caplog.set_level(logging.DEBUG)
    connection, printed = log_in(auth), io.StringIO()
    person = connection.credentials.user_login
    verifier = person._login_flow()._manager.native.current_oauth2_flow_manager.verifier
    for thing in (connection, connection.client, connection.credentials, person, person.store, person._login_flow()):
        print(repr(thing), file=printed)
    print(
        person.status(),
        connection.credentials.aero_authorizer(),
        connection.credentials.collection_authorizers(),
        file=printed,
    )
    code = auth.log_in(person.link(fresh=True))
    auth.clients.clear()
    for call in (lambda: person.finish(code), lambda: person.finish("not-" + code)):
        try:
            call()
        except NotAuthorized as error:
            traceback.print_exc(file=printed)
            print(repr(error), error.details, pickle.dumps(error), file=printed)
    printed.write(caplog.text + "".join(capfd.readouterr()))
    secrets = [*auth.secrets, verifier, SECRET]
    assert len(secrets) > 17
    assert [secret for secret in secrets if secret in printed.getvalue()] == []
