"""Logging in with a link and a code, staying logged in, and logging out."""

from __future__ import annotations

import concurrent.futures
import json
import multiprocessing
import socket
import sys
import threading
import time
from urllib.parse import unquote

import globus_sdk
import pytest
from support.login_accounts import COLLECTION, EXTRA_SCOPE, PORTAL
from support.token_processes import put_header

from aero_jupyter.auth import globus_errors
from aero_jupyter.auth.authorizers import UserAuthorizer
from aero_jupyter.auth.credentials import Credentials
from aero_jupyter.auth.user_login import UserLogin
from aero_jupyter.core.errors import (
    ClientError,
    InvalidArgument,
    LoginRequired,
    NotAuthorized,
    ServerFailed,
    Unreachable,
)
from aero_jupyter.testing.auth_server.records import OAuthError

SERVERS = {
    PORTAL,
    "funcx_service",
    "flows.globus.org",
    "524230d7-ea86-4a52-8312-86065a9e0417",
    "search.api.globus.org",
    "transfer.api.globus.org",
    COLLECTION,
    "auth.globus.org",
}


def another(person):
    """The same login, as another kernel sees it."""
    return UserLogin(person.server_name, person._client_id, person.permissions, type(person.store)(person.store.path))


def log_in(auth, person, username="vh@example.edu"):
    return person.finish(auth.log_in(person.link(), username))


def header(person, server=PORTAL):
    return UserAuthorizer(person, server).get_authorization_header()


@pytest.fixture
def nobody_answers(auth, monkeypatch):
    """Globus's address leads to a port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_AUTH", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setattr(globus_errors, "ANSWER_SECONDS", 0.2)
        for module in ("login_flow", "user_login"):
            monkeypatch.setattr(f"aero_jupyter.auth.{module}.ANSWER_SECONDS", 0.2)
        yield


def test_one_consent_serves_everything(auth, person):
    who = log_in(auth, person)
    assert who.name == "vh@example.edu"
    assert str(who).startswith("Logged in as vh@example.edu until ")
    assert str(who).endswith(" UTC (renewed automatically).")
    assert set(person.store.get_token_data_by_resource_server()) == SERVERS
    assert auth.log == ["authorization_code"]
    assert person.missing_permissions() == ()


def test_the_access_token_and_never_the_refresh_token_signs(auth, person):
    log_in(auth, person)
    token = person.store.get_token_data(PORTAL)
    assert header(person) == f"Bearer {token.access_token}"
    assert auth.active(token.access_token, f"https://auth.globus.org/scopes/{PORTAL}/action_all")


def test_a_session_has_one_link_until_a_fresh_one_is_wished(auth, person):
    first = person.link()
    assert person.link() == first
    with pytest.raises(LoginRequired) as caught:
        header(person)
    assert caught.value.url == first
    code = auth.log_in(first)
    assert person.link(fresh=True) != first
    with pytest.raises(NotAuthorized, match="did not accept this code"):
        person.finish(code)
    assert log_in(auth, person).name == "vh@example.edu"


def test_nothing_is_asked_and_nothing_waits(auth, person, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("it asked"))
    person.link()
    with pytest.raises(LoginRequired):
        globus_sdk.SearchClient(authorizer=UserAuthorizer(person, "search.api.globus.org")).get("/v1/index/x")
    assert auth.log == []


def test_the_sdks_own_app_raises_the_link_instead_of_prompting(auth, person, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("it asked"))
    link = person.link()
    with pytest.raises(LoginRequired) as caught:
        globus_sdk.SearchClient(app=person._login_flow().app).get("/v1/index/x")
    assert caught.value.url == link
    assert log_in(auth, person)


@pytest.mark.parametrize("wrap", ["  {} \n", "'{}'", "http://x/v2/web/auth-code?code={}&state=_default"])
def test_a_code_may_be_pasted_with_what_is_around_it(auth, person, wrap):
    code = auth.log_in(person.link())
    assert person.finish(wrap.format(code)).name == "vh@example.edu"


def test_a_code_broken_by_a_line_end_is_put_together(auth, person):
    code = auth.log_in(person.link())
    assert person.finish(f"{code[:9]}\n {code[9:]}").name == "vh@example.edu"


@pytest.mark.parametrize("code", ["", "   ", "https://auth.globus.org/v2/web/auth-code"])
def test_no_code_is_said_before_anything_is_sent(auth, person, code):
    person.link()
    with pytest.raises(InvalidArgument, match="code is missing"):
        person.finish(code)
    assert auth.log == []


def test_wrong_used_and_expired_codes_are_refused_and_the_link_stays(auth, person, advance_clock):
    link, refusals = person.link(), []
    used = auth.log_in(link)
    person.finish(used)
    late = auth.log_in(person.link())
    advance_clock(601)
    for code in ("wrong", used, late, "wröng☃"):
        with pytest.raises(NotAuthorized) as caught:
            person.finish(code)
        refusals.append(str(caught.value).splitlines())
    assert refusals == [["Globus did not accept this code.", refusals[0][1]]] * 4
    assert log_in(auth, person).name == "vh@example.edu"


def test_a_code_of_another_link_is_refused(auth, person):
    person.link()
    with pytest.raises(NotAuthorized, match="did not accept"):
        person.finish(auth.log_in(another(person).link()))


def test_a_kernel_that_was_restarted_finishes_its_link(auth, person):
    code = auth.log_in(person.link())
    assert another(person).finish(code).name == "vh@example.edu"
    assert person.store.pending is None


def test_a_code_without_any_link_is_told_so(auth, person, advance_clock):
    with pytest.raises(InvalidArgument, match="No login was started"):
        person.finish("abc")
    person.link()
    advance_clock(3601)
    with pytest.raises(InvalidArgument, match="No login was started"):
        another(person).finish("abc")


def test_a_token_is_renewed_by_itself_and_kept(auth, person, advance_clock):
    log_in(auth, person)
    before = header(person)
    advance_clock(172_790)
    after = header(person)
    assert after != before
    assert auth.active(after.removeprefix("Bearer "))
    assert header(another(person)) == after
    assert auth.log == ["authorization_code", "refresh_token"]
    assert person.status().name == "vh@example.edu"


@pytest.mark.parametrize("rotate", [False, True])
def test_a_token_renewed_by_one_kernel_serves_all_threads_of_all_kernels(auth, person, advance_clock, rotate):
    auth.rotate = rotate
    log_in(auth, person)
    advance_clock(172_790)
    kernels = [person, another(person), another(person)]
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        found = set(pool.map(lambda at: header(kernels[at % 3]), range(24)))
    assert len(found) == 1
    assert auth.log.count("refresh_token") == 1


def test_processes_that_renew_at_once_agree(auth, person, monkeypatch):
    # A worker process of the tests has a main module without a spec, which spawning reads.
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None, raising=False)
    auth.rotate, auth.token_lifetime = True, 61.0
    log_in(auth, person)
    auth.token_lifetime = 172_800.0
    kept = person.store.get_token_data(PORTAL)
    ended = type(kept).from_dict({**kept.to_dict(), "expires_at_seconds": int(time.time())})
    person.store.store_token_data_by_resource_server({PORTAL: ended})
    spawn = multiprocessing.get_context("spawn")
    gate, out = spawn.Barrier(3), spawn.Queue()
    given = (person.store.path, person._client_id, person.permissions, gate, out)
    workers = [spawn.Process(target=put_header, args=given) for _ in range(3)]
    for worker in workers:
        worker.start()
    found = {out.get(timeout=60) for _ in workers}
    for worker in workers:
        worker.join()
    assert len(found) == 1
    assert auth.active(found.pop().removeprefix("Bearer "))
    assert auth.log.count("refresh_token") == 1


def test_people_who_log_in_at_once_leave_one_of_them_logged_in(auth, person):
    other = another(person)
    codes = [auth.log_in(person.link()), auth.log_in(other.link(), "jo@example.edu")]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda each: each[0].finish(each[1]), zip((person, other), codes, strict=True)))
    owners = {each.identity_id for each in person.store.get_token_data_by_resource_server().values()}
    assert len(owners) == 1
    assert set(person.store.get_token_data_by_resource_server()) == SERVERS


def test_a_token_revoked_elsewhere_is_noticed_and_said(auth, person):
    log_in(auth, person)
    auth.revoke_all()
    signature = UserAuthorizer(person, PORTAL)
    assert signature.get_authorization_header()
    assert signature.handle_missing_authorization()
    with pytest.raises(LoginRequired, match="expired or was revoked") as caught:
        signature.get_authorization_header()
    assert caught.value.url == person.link()
    assert person.status() is None


def test_who_is_asked_of_globus_when_it_must_be_true(auth, person):
    log_in(auth, person)
    person.store.name = None
    assert person.verified_status().name == "vh@example.edu"
    auth.revoke_all()
    assert person.verified_status() is None


def test_logging_out_revokes_everything_then_forgets(auth, person):
    log_in(auth, person)
    kept = list(person.store.get_token_data_by_resource_server().values())
    assert person.log_out() is True
    assert auth.log.count("revoke") == 2 * len(SERVERS)
    assert not any(auth.active(each.access_token) for each in kept)
    assert person.status() is None
    assert person.log_out() is None
    assert not any(secret in person.store.path.read_text() for secret in auth.secrets)


def test_logging_out_forgets_even_where_globus_does_not_answer(auth, person, monkeypatch):
    log_in(auth, person)
    auth.failing = 503
    assert person.log_out() is False
    assert person.status() is None


def test_logging_out_waits_for_nobody(auth, person, request):
    log_in(auth, person)
    request.getfixturevalue("nobody_answers")
    later = another(person)
    assert later.log_out() is False
    assert later.status() is None


@pytest.mark.parametrize("leave_first", [True, False])
def test_somebody_else_can_log_in_afterwards(auth, person, leave_first):
    log_in(auth, person)
    first = person.store.get_token_data(PORTAL)
    if leave_first:
        person.log_out()
    assert log_in(auth, person, "jo@example.edu").name == "jo@example.edu"
    assert auth.active(header(person).removeprefix("Bearer ")).username == "jo@example.edu"
    assert auth.active(first.access_token) is None


def test_what_a_service_demands_is_asked_for_with_the_rest(auth, person):
    log_in(auth, person)
    link = person.link()
    person.add_demands({"required_scopes": [EXTRA_SCOPE], "session_required_mfa": "nonsense", "unknown": 1})
    assert [each.words for each in person.missing_permissions()] == ["use administer"]
    assert person.link() != link
    assert person.link() == person.link()
    log_in(auth, person)
    assert EXTRA_SCOPE in person.store.get_token_data(PORTAL).scope
    assert person.missing_permissions() == ()


def test_what_several_services_demand_is_asked_for_together(person):
    person.add_demands({"required_scopes": [EXTRA_SCOPE], "session_required_mfa": True})
    person.add_demands({"required_scopes": ["openid"]})
    link = unquote(person.link())
    assert EXTRA_SCOPE in link
    assert "session_required_mfa=True" in link


def test_migrated_tokens_work_are_renewed_and_say_what_they_lack(auth, person, cache, profile, advance_clock):
    log_in(auth, person)
    kept = person.store.get_token_data(PORTAL).to_dict()
    theirs = {PORTAL: {key: kept[key] for key in ("access_token", "refresh_token", "scope", "expires_at_seconds")}}
    person.store.path.unlink()
    (cache / "client_tokens.json").write_text(json.dumps(theirs))
    migrated = Credentials(profile, {}, None).user_login
    assert str(migrated.status()).startswith("Logged in until ")
    advance_clock(172_790)
    assert auth.active(header(migrated).removeprefix("Bearer "))
    assert "run functions (Compute)" in [each.words for each in migrated.missing_permissions()]
    with pytest.raises(LoginRequired):
        header(migrated, "funcx_service")
    assert log_in(auth, migrated).name == "vh@example.edu"


def test_globus_that_is_out_of_reach_is_said_once_and_the_code_still_works(auth, person, monkeypatch):
    code = auth.log_in(person.link())
    auth.failing = 503
    with pytest.raises(ServerFailed, match="Globus failed"):
        person.finish(code)
    auth.failing = None
    assert person.finish(code).name == "vh@example.edu"


def test_a_code_is_not_spent_where_the_answer_could_not_be_checked(auth, person, monkeypatch):
    code = auth.log_in(person.link())
    with monkeypatch.context() as patched:
        patched.setattr(auth, "jwks", lambda: (_ for _ in ()).throw(OAuthError(503, "failing")))
        with pytest.raises(ServerFailed, match="Globus failed"):
            person.finish(code)
    assert auth.log == []
    assert person.finish(code).name == "vh@example.edu"


def test_what_must_not_be_sent_twice_is_sent_once(auth, person, monkeypatch):
    link, sent = person.link(), []

    def failing(*_):
        sent.append(1)
        raise OAuthError(503, "failing")

    monkeypatch.setattr(auth, "token", failing)
    with pytest.raises(ServerFailed):
        person.finish(auth.log_in(link))
    assert sent == [1]


def test_no_network_is_said(person, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}"
    monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_AUTH", url)
    person.link()
    with pytest.raises(Unreachable, match=r"Globus does not answer\.\nCheck the network"):
        person.finish("abc")


def test_a_network_that_swallows_everything_is_given_up(person, nobody_answers):
    person.link()
    with pytest.raises(Unreachable, match="does not answer"):
        person.finish("abc")


def test_five_seconds_are_the_limit():
    release = threading.Event()
    with pytest.raises(Unreachable):
        globus_errors.run_with_timeout(0.05, release.wait)
    release.set()
    assert globus_errors.ANSWER_SECONDS <= 5


@pytest.mark.parametrize("seconds", [-3600, 3600 * 24 * 4])
def test_a_clock_that_is_off_is_said(auth, person, seconds):
    link = person.link()
    auth.clock = lambda: time.time() - seconds
    with pytest.raises(NotAuthorized, match=rf"differ by {abs(seconds) // 60} min"):
        person.finish(auth.log_in(link))
    assert person.status() is None


def test_an_answer_that_globus_has_not_signed_is_not_believed(auth, person, monkeypatch):
    link = person.link()
    monkeypatch.setattr(auth, "_id_token", lambda *_: "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.")
    with pytest.raises(NotAuthorized, match="does not have Globus's signature"):
        person.finish(auth.log_in(link))
    assert person.status() is None


def test_less_than_was_asked_for_is_not_taken(auth, person, monkeypatch):
    link = person.link()
    issued = auth._issued
    monkeypatch.setattr(auth, "_issued", lambda *given, **more: {**issued(*given, **more), "scope": "less"})
    with pytest.raises(NotAuthorized, match="fewer permissions than requested"):
        person.finish(auth.log_in(link))


def test_a_client_that_globus_does_not_know_is_said(auth, person):
    link = person.link()
    code = auth.log_in(link)
    auth.clients.clear()
    with pytest.raises(NotAuthorized, match="does not know this client"):
        person.finish(code)


def test_a_proxy_page_is_recognised(auth, person, monkeypatch):
    person.link()
    monkeypatch.setattr(
        "aero_jupyter.testing.auth_server.web._AuthHandler._answer",
        lambda handler, _: handler._page("Sign in to the network", "<form>"),
    )
    with pytest.raises(ClientError, match="web page answered instead"):
        person.finish("abc")
