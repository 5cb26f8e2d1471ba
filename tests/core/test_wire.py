"""The wire's spellings: every shape of error, of search answer and of time becomes one of ours."""

import hashlib
import json
from datetime import datetime, timezone

import pytest

from aero_jupyter.core import decode, errors, registration_body, server_errors, wire


@pytest.mark.parametrize(
    ("status", "text", "kind", "code", "message"),
    [
        (404, '{"detail": "Data with id x not found."}', errors.NotFound, 404, "Data with id x not found."),
        (
            422,
            '{"detail": [{"loc": ["body", "file_id"], "msg": "Field required", "type": "missing"}]}',
            errors.Rejected,
            422,
            "The server did not accept file_id: Field required.",
        ),
        (404, '{"code": 501, "message": "Flow already exists"}', errors.AlreadyExists, 501, "Flow already exists"),
        (501, '{"detail": "Flow already exists"}', errors.AlreadyExists, 501, "Flow already exists"),
        (500, "Internal Server Error", errors.ServerFailed, 500, "Internal Server Error (500)"),
        (502, "<html>proxy</html>", errors.ServerFailed, 502, "The server answered with a web page. (502)"),
        (401, '{"detail": "Missing bearer token."}', errors.NotAuthorized, 401, "Missing bearer token."),
        (403, "", errors.NotAuthorized, 403, "The server returned no reason. (403)"),
        (418, "[1]", errors.ClientError, 418, "[1] (418)"),
    ],
)
def test_every_shape_of_error_becomes_one_with_code_message_and_cure(status, text, kind, code, message):
    error = server_errors.error_from(status, text)
    assert (type(error), error.code, error.message) == (kind, code, message)
    assert error.cure or status == 418


def test_a_cure_that_the_server_knows_is_given():
    assert server_errors.error_from(400, '{"detail": "A quote is open.", "cure": "Close it."}').cure == "Close it."


ROW = {"name": "sewage", "data_id": "d"}


@pytest.mark.parametrize(
    "body",
    [
        [ROW],
        {"gmeta": [{"subject": "s", "entries": [{"content": ROW}]}], "total": 1},
        {"gmeta": [{"content": [ROW]}]},
        {"results": [{"content": ROW}]},
        json.dumps({"gmeta": [{"entries": [{"content": ROW}]}]}),
    ],
)
def test_a_search_answer_of_any_shape_gives_plain_rows(body):
    assert wire.search_rows(body).rows == (ROW,)


def test_a_search_answer_that_is_none_is_said():
    with pytest.raises(errors.ServerFailed, match="answered a search with something else"):
        wire.search_rows({"hello": 1})


def test_a_registration_always_says_its_policy_and_never_a_null_timer():
    body = registration_body.build_registration("e", "f", {}, {}, {}, policy=2, timer=None)
    assert (body["rule"], "timer" in body) == (2, False)
    assert registration_body.build_registration("e", "f", {}, {}, {}, policy=0, timer=60)["timer"] == 60


def test_the_fingerprint_is_the_newest_server_s():
    inputs, outputs, kwargs = {"a": {"id": "1", "version": None}}, {"o": {}}, {"n": 1}
    text = json.dumps({**kwargs, "input_data": inputs, "output_data": outputs}, sort_keys=True)
    assert registration_body.arg_hash(kwargs, inputs, outputs) == hashlib.md5(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-11-23T21:32:55.966251Z", 21),
        ("2026-11-23T21:32:55+02:00", 19),
        ("2026-11-23T21:32:55", 21),
        ("Mon Nov 23 21:32:55 2026", 21),
    ],
)
def test_every_spelling_of_a_time_becomes_utc(text, hour):
    when = decode.time_from(text)
    assert when is not None
    assert (when.replace(microsecond=0), when.tzinfo) == (
        datetime(2026, 11, 23, hour, 32, 55, tzinfo=timezone.utc),
        timezone.utc,
    )
    assert decode.time_from("yesterday") is None


@pytest.mark.parametrize(
    "body",
    [
        {"code": "ConsentRequired", "required_scopes": ["a:scope"]},
        {"code": "ConsentRequired", "required_scope": "a:scope"},
        {"code": "X", "authorization_parameters": {"required_scopes": ["a:scope"]}},
    ],
)
def test_a_service_that_asks_for_more_consent_says_which(body):
    error = server_errors.error_from(403, json.dumps(body))
    assert isinstance(error, errors.LoginRequired)
    assert error.demands == {"required_scopes": ["a:scope"]}


@pytest.mark.parametrize("body", [{"required_scopes": 3}, {"required_scopes": []}, [], {"detail": "no"}])
def test_a_plain_403_asks_for_nothing(body):
    assert type(server_errors.error_from(403, json.dumps(body))) is errors.NotAuthorized
