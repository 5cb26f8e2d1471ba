"""Who signs, in which order; what a session does with it; and that no secret gets about."""

from __future__ import annotations

import io
import logging
import pickle
import traceback

import pytest
from globus_flows import serving_flows
from login_people import COLLECTION, EXTRA, PORTAL, SECRET, SERVICE

from aero_jupyter import session
from aero_jupyter.auth.credentials import Credentials
from aero_jupyter.core.config import Profile
from aero_jupyter.core.errors import InvalidArgument, LoginRequired, NotAuthorized
from aero_jupyter.core.models import Flow
from aero_jupyter.core.policy import PolicyEnum

PAIR = {"AERO_CLIENT_ID": SERVICE, "AERO_CLIENT_SECRET": SECRET}


def rows(connection):
    return [data.name for data in connection.client.list("data").page(1)]


def log_in(auth):
    with pytest.raises(LoginRequired) as caught:
        session.login()
    return session.login(auth.log_in(caught.value.url))


def bearer(credentials):
    return credentials.aero().get_authorization_header()


def test_what_is_handed_over_comes_first_then_the_client_then_the_stored_login(auth, profile):
    stored = Credentials(profile, {}, None)
    stored.person.finish(auth.log_in(stored.person.link()))
    assert auth.active(bearer(stored)[7:]).username == "vh@example.edu"
    client = Credentials(profile, PAIR, None)
    assert auth.active(bearer(client)[7:]).name == SERVICE
    environment = {**PAIR, "AERO_ACCESS_TOKEN": "from-the-environment"}
    assert bearer(Credentials(profile, environment, None)) == "Bearer from-the-environment"
    assert bearer(Credentials(profile, environment, "given")) == "Bearer given"


def test_runs_of_a_real_server_are_those_that_globus_flows_shows(auth, here, monkeypatch):
    monkeypatch.setenv("AERO_CLIENT_ID", SERVICE)
    monkeypatch.setenv("AERO_CLIENT_SECRET", SECRET)
    with serving_flows() as (server, _):
        monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_FLOWS", f"http://127.0.0.1:{server.server_port}")
        shown = session.current().runs(10)
        smooth = Flow("f1", None, None, PolicyEnum.ANY, description="smooth")
        assert [run.id for run in session.current().runs(10, smooth)] == ["r2", "r3"]
    assert [(run.id, run.state) for run in shown] == [("r1", "done"), ("r2", "failed"), ("r3", "running")]


def test_each_says_who_it_is(auth, profile):
    said = [
        Credentials(profile, {}, None).who(),
        Credentials(profile, {}, "given").who(),
        Credentials(profile, {"AERO_ACCESS_TOKEN": "x"}, None).who(),
        Credentials(profile, PAIR, None).who(),
    ]
    assert said == [
        None,
        "Requests to aero.example.org are signed with the access token handed over.",
        "Requests to aero.example.org are signed with the access token in AERO_ACCESS_TOKEN.",
        "Logged in to aero.example.org as the Globus client 9a4e11d2.",
    ]


def test_the_pair_of_globus_compute_does_as_well(auth, profile):
    environment = {"GLOBUS_COMPUTE_CLIENT_ID": SERVICE, "GLOBUS_COMPUTE_CLIENT_SECRET": SECRET}
    credentials = Credentials(profile, environment, None)
    assert auth.active(credentials.globus("funcx_service").get_authorization_header()[7:]).name == SERVICE
    assert Credentials(profile, {"GLOBUS_COMPUTE_CLIENT_ID": SERVICE}, None).needs_nobody is False


@pytest.mark.parametrize("name", PAIR)
def test_half_a_pair_is_told_so(profile, name):
    with pytest.raises(InvalidArgument, match="Only one of AERO_CLIENT_ID and AERO_CLIENT_SECRET"):
        Credentials(profile, {name: "x"}, None)


def test_a_wrong_secret_is_said_and_a_token_that_ended_is_fetched_anew(auth, profile, moved):
    wrong = Credentials(profile, {**PAIR, "AERO_CLIENT_SECRET": "guessed"}, None)
    with pytest.raises(NotAuthorized, match="Globus does not know this client"):
        bearer(wrong)
    right = Credentials(profile, PAIR, None)
    first = bearer(right)
    assert bearer(right) == first
    moved(172_790)
    assert bearer(right) != first
    assert right.aero().handle_missing_authorization()


def test_client_credentials_leave_nothing_on_disk(auth, profile, cache):
    bearer(Credentials(profile, PAIR, None))
    assert not cache.exists()


def test_a_server_without_configuration_is_used_unsigned_and_says_what_a_login_takes(auth, guarded_aero):
    bare = Credentials(Profile("default", guarded_aero.url), {}, None)
    assert (bearer(bare), bare.person, bare.who()) == (None, None, None)
    for call in (bare.globus("funcx_service").get_authorization_header, bare.aero().handle_missing_authorization):
        with pytest.raises(LoginRequired, match=r"no Globus client is configured(.|\n)*client_uuid"):
            call()
    with pytest.raises(InvalidArgument, match="does not name the AERO server's Globus client"):
        Credentials(Profile("default", guarded_aero.url), PAIR, None)


def test_the_collections_of_the_configuration_get_tokens_of_their_own(auth, profile):
    credentials = Credentials(profile, {"AERO_COLLECTION_UUID": COLLECTION}, None)
    credentials.person.finish(auth.log_in(credentials.person.link()))
    signatures = credentials.collections()
    assert list(signatures) == [COLLECTION]
    token = signatures[COLLECTION].get_authorization_header()[7:]
    assert auth.active(token, f"https://auth.globus.org/scopes/{COLLECTION}/https")
    assert token != bearer(credentials)[7:]


def test_a_session_is_logged_in_by_a_link_and_a_code_and_out_again(here, auth):
    with pytest.raises(LoginRequired, match=r"Nobody is logged in to 127\.0\.0\.1"):
        session.current().client.list("data").page(1)
    connection = log_in(auth)
    assert rows(connection) == ["sewage"]
    assert session.login() is connection
    assert session.logout().endswith("the tokens are forgotten here and revoked at Globus.")
    with pytest.raises(LoginRequired):
        connection.client.list("data").page(1)
    assert session.logout().startswith("Nobody was logged in to 127.0.0.1")


def test_force_makes_a_fresh_link(here, auth):
    log_in(auth)
    links = []
    for _ in range(2):
        with pytest.raises(LoginRequired) as caught:
            session.login(force=True)
        links.append(caught.value.url)
    assert links[0] != links[1]


def test_logging_out_while_globus_is_away_says_so(here, auth):
    log_in(auth)
    auth.failing = 503
    said = session.logout()
    assert "forgotten here. Globus did not answer, so they are not revoked there" in said
    with pytest.raises(LoginRequired):
        session.login()


def test_a_request_with_an_expired_token_is_renewed_and_sent_again(here, auth):
    connection = log_in(auth)
    connection.client.list("data").page(1)
    for grant in auth._grants.values():
        grant.expires = grant.expires if grant.refresh else 0
    assert rows(connection) == ["sewage"]
    assert auth.log.count("refresh_token") == 1


def test_a_token_revoked_elsewhere_leads_back_to_the_login(here, auth):
    connection = log_in(auth)
    auth.revoke_all()
    with pytest.raises(LoginRequired, match="ended, or was revoked"):
        connection.client.list("data").page(1)
    with pytest.raises(LoginRequired):
        session.login()


def test_a_handed_over_token_that_is_refused_is_named(here, monkeypatch):
    monkeypatch.setenv("AERO_ACCESS_TOKEN", "stale-token")
    connection = session.connect()
    with pytest.raises(NotAuthorized, match="in AERO_ACCESS_TOKEN is not accepted") as caught:
        connection.client.list("data").page(1)
    assert "stale-token" not in str(caught.value)
    assert session.logout().startswith("The access token in AERO_ACCESS_TOKEN is not used any more")
    with pytest.raises(LoginRequired):
        connection.client.list("data").page(1)


def test_a_service_that_asks_for_more_says_one_sentence_and_what(here, auth):
    connection = log_in(auth)
    here.demands = EXTRA
    with pytest.raises(LoginRequired, match="asks for a consent") as caught:
        connection.client.list("data").page(1)
    assert caught.value.demands == {"required_scopes": [EXTRA]}
    person = connection.credentials.person
    person.demand(caught.value.demands)
    person.finish(auth.log_in(person.link()))
    assert rows(connection) == ["sewage"]


def test_compute_is_signed_by_the_same_login(here, auth):
    connection = session.connect()
    with pytest.raises(LoginRequired):
        connection.endpoints()
    connection.credentials.person.finish(auth.log_in(connection.credentials.person.link()))
    token = connection.compute._authorizer.get_authorization_header()[7:]
    assert auth.active(token, "https://auth.globus.org/scopes/facd7ccc-c5f4-42aa-916b-a0e270e2c2a9/all")


def test_a_broken_token_file_can_be_left_by_logging_out(here, auth, cache):
    log_in(auth)
    [kept] = (cache / "aero_jupyter").glob("*.json")
    kept.write_text("half a tok")
    session.connect()
    with pytest.raises(InvalidArgument, match="cannot be read"):
        session.login()
    session.logout()
    assert log_in(auth)


def test_only_the_access_token_goes_to_the_server(here, auth):
    connection = log_in(auth)
    connection.client.list("data").page(1)
    kept = connection.credentials.person.store.get_token_data(PORTAL)
    assert set(here.seen) <= {"", kept.access_token}
    assert kept.access_token in here.seen


def test_no_secret_gets_about(here, auth, caplog, capfd, cache, monkeypatch):
    caplog.set_level(logging.DEBUG)
    connection, said = log_in(auth), io.StringIO()
    person = connection.credentials.person
    verifier = person._ready()._manager.native.current_oauth2_flow_manager.verifier
    for thing in (connection, connection.client, connection.credentials, person, person.store, person._ready()):
        print(repr(thing), file=said)
    print(person.who(), connection.credentials.aero(), connection.credentials.collections(), file=said)
    code = auth.log_in(person.link(fresh=True))
    auth.clients.clear()
    for call in (lambda: person.finish(code), lambda: person.finish("not-" + code)):
        try:
            call()
        except NotAuthorized as error:
            traceback.print_exc(file=said)
            print(repr(error), error.details, pickle.dumps(error), file=said)
    said.write(caplog.text + "".join(capfd.readouterr()))
    secrets = [*auth.secrets, verifier, SECRET]
    assert len(secrets) > 17
    assert [secret for secret in secrets if secret in said.getvalue()] == []
