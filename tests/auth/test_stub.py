"""The stand-in for Globus Auth refuses what the real one refuses."""

from __future__ import annotations

import re
import time
from urllib.parse import parse_qsl, urlsplit

import globus_sdk
import pytest
import requests
from globus_sdk.scopes import SearchScopes, TransferScopes
from support.login_accounts import COLLECTION, NATIVE, PORTAL, SECRET, SERVICE

ACTION = f"https://auth.globus.org/scopes/{PORTAL}/action_all"
SCOPES = ["openid", "email", ACTION, str(TransferScopes.all)]


def client(auth, scopes=SCOPES, id=NATIVE, **options):
    made = globus_sdk.NativeAppAuthClient(id)
    made.retry_config.max_retries = 0
    made.oauth2_start_flow(scopes, redirect_uri=auth.redirect, **options)
    return made


def refusal(call, *given):
    with pytest.raises(globus_sdk.AuthAPIError) as caught:
        call(*given)
    return caught.value.http_status, caught.value.raw_json["error"]


def test_a_right_client_gets_a_token_for_every_server_and_a_signed_id_token(auth):
    native = client(auth, refresh_tokens=True)
    answer = native.oauth2_exchange_code_for_tokens(auth.log_in(native.oauth2_get_authorize_url()))
    assert set(answer.by_resource_server) == {"auth.globus.org", PORTAL, "transfer.api.globus.org"}
    assert answer.by_resource_server[PORTAL]["scope"] == ACTION
    assert answer.by_resource_server[PORTAL]["refresh_token"]
    assert answer.decode_id_token()["preferred_username"] == "vh@example.edu"


def test_without_offline_access_there_is_no_refresh_token(auth):
    native = client(auth)
    answer = native.oauth2_exchange_code_for_tokens(auth.log_in(native.oauth2_get_authorize_url()))
    assert not any(each["refresh_token"] for each in answer.by_resource_server.values())


def test_a_code_works_once(auth):
    native = client(auth)
    code = auth.log_in(native.oauth2_get_authorize_url())
    native.oauth2_exchange_code_for_tokens(code)
    assert refusal(native.oauth2_exchange_code_for_tokens, code) == (401, "invalid_grant")


def test_a_code_ends(auth, advance_clock):
    native = client(auth)
    code = auth.log_in(native.oauth2_get_authorize_url())
    advance_clock(601)
    assert refusal(native.oauth2_exchange_code_for_tokens, code) == (401, "invalid_grant")


@pytest.mark.parametrize("change", [{"code_verifier": "x" * 43}, {"code_verifier": ""}, {"client_id": SERVICE}])
def test_a_code_belongs_to_its_verifier_and_its_client(auth, change):
    native = client(auth)
    flow = native.current_oauth2_flow_manager
    right = {
        "grant_type": "authorization_code",
        "client_id": NATIVE,
        "code": auth.log_in(native.oauth2_get_authorize_url()),
        "code_verifier": flow.verifier,
        "redirect_uri": auth.redirect,
    }
    answer = requests.post(f"{auth.url}/v2/oauth2/token", data={**right, **change}, timeout=120)
    assert answer.status_code == 401
    assert "access_token" not in answer.text


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_challenge": ""}, "pkce_required"),
        ({"code_challenge_method": "plain"}, "pkce_required"),
        ({"redirect_uri": "https://elsewhere.example/"}, "redirect_uri_mismatch"),
        ({"client_id": "nobody"}, "unknown_client"),
        ({"scope": "openid urn:globus:auth:scope:no.such:all"}, "unknown_scope"),
        ({"scope": ""}, "unknown_scope"),
    ],
)
def test_a_wrong_link_shows_no_login(auth, change, error):
    query = dict(parse_qsl(urlsplit(client(auth).oauth2_get_authorize_url()).query))
    answer = requests.get(auth.link({**query, **change}), timeout=120)
    assert (answer.status_code, answer.json()) == (400, {"error": error})


def test_a_person_chooses_an_identity_and_is_shown_a_code(auth):
    native = client(auth)
    page = requests.get(native.oauth2_get_authorize_url(), timeout=120).text
    links = re.findall(r'<a href="([^"]+)">([^<]+)', page)
    assert [name for _, name in links] == ["Vera Hall (vh@example.edu)", "Jo (jo@example.edu)"]
    shown = requests.get(auth.url + links[1][0].replace("&amp;", "&"), timeout=120)
    code = re.search(r"<code id=code>([^<]+)", shown.text)[1]
    assert native.oauth2_exchange_code_for_tokens(code).decode_id_token()["email"] == "jo@example.edu"


def test_tokens_expire_and_are_refreshed_for_their_own_server(auth, advance_clock):
    native = client(auth, refresh_tokens=True)
    first = native.oauth2_exchange_code_for_tokens(auth.log_in(native.oauth2_get_authorize_url()))
    token = first.by_resource_server[PORTAL]
    assert auth.active(token["access_token"], ACTION).username == "vh@example.edu"
    advance_clock(172_801)
    assert auth.active(token["access_token"]) is None
    second = native.oauth2_refresh_token(token["refresh_token"])
    assert set(second.by_resource_server) == {PORTAL}
    assert auth.active(second["access_token"], ACTION) is not None
    assert native.oauth2_refresh_token(token["refresh_token"])["access_token"] != second["access_token"]


def test_a_rotating_refresh_token_works_once(auth):
    auth.rotate = True
    native = client(auth, refresh_tokens=True)
    token = native.oauth2_exchange_code_for_tokens(auth.log_in(native.oauth2_get_authorize_url()))["refresh_token"]
    assert native.oauth2_refresh_token(token)["refresh_token"] not in (None, token)
    assert refusal(native.oauth2_refresh_token, token) == (400, "invalid_grant")


def test_a_revoked_token_is_no_token(auth):
    native = client(auth, refresh_tokens=True)
    answer = native.oauth2_exchange_code_for_tokens(auth.log_in(native.oauth2_get_authorize_url()))
    for word in ("access_token", "refresh_token"):
        native.oauth2_revoke_token(answer[word])
    assert auth.active(answer["access_token"]) is None
    assert refusal(native.oauth2_refresh_token, answer["refresh_token"]) == (400, "invalid_grant")


def test_client_credentials_need_the_secret_and_known_scopes(auth):
    service = globus_sdk.ConfidentialAppAuthClient(SERVICE, SECRET)
    collection = f"https://auth.globus.org/scopes/{COLLECTION}/https"
    answer = service.oauth2_client_credentials_tokens([ACTION, collection])
    assert set(answer.by_resource_server) == {PORTAL, COLLECTION}
    wrong = globus_sdk.ConfidentialAppAuthClient(SERVICE, "guessed")
    assert refusal(wrong.oauth2_client_credentials_tokens, [ACTION]) == (401, "invalid_client")
    assert refusal(service.oauth2_client_credentials_tokens, ["no:such"]) == (400, "unknown_scope")
    data = {"grant_type": "client_credentials", "client_id": NATIVE, "scope": str(SearchScopes.search)}
    assert requests.post(f"{auth.url}/v2/oauth2/token", data=data, timeout=120).json()["error"] == "unauthorized_client"


def test_userinfo_needs_a_token_that_may(auth):
    native = client(auth)
    answer = native.oauth2_exchange_code_for_tokens(auth.log_in(native.oauth2_get_authorize_url()))
    tokens = answer.by_resource_server
    may = globus_sdk.AccessTokenAuthorizer(tokens["auth.globus.org"]["access_token"])
    assert globus_sdk.AuthClient(authorizer=may).userinfo()["preferred_username"] == "vh@example.edu"
    may_not = globus_sdk.AuthClient(authorizer=globus_sdk.AccessTokenAuthorizer(tokens[PORTAL]["access_token"]))
    assert refusal(may_not.userinfo)[0] == 401


def test_an_id_token_of_somebody_elses_key_is_not_believed(auth):
    import jwt
    from cryptography.hazmat.primitives.asymmetric import rsa

    native = client(auth)
    answer = native.oauth2_exchange_code_for_tokens(auth.log_in(native.oauth2_get_authorize_url()))
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = {"sub": "x", "aud": NATIVE, "iat": int(time.time()), "exp": int(time.time()) + 60}
    answer.data["id_token"] = jwt.encode(claims, key, algorithm="RS512")
    with pytest.raises(jwt.InvalidSignatureError):
        answer.decode_id_token()


def test_it_can_be_out_of_order(auth):
    auth.failing = 503
    assert requests.get(f"{auth.url}/jwk.json", timeout=120).status_code == 503
