"""No form of a secret is shown, and no text takes long."""

from __future__ import annotations

import time

import pytest

from aero_jupyter.core.redaction import redact_text, redact_url
from aero_jupyter.core.terminal_text import escape_controls

S = "Zq8sEcReTvAlUe42"
FORMS = [
    f'{{"token": "{S}"}}',
    f'{{"access_token":"{S}","x":1}}',
    f'{{\n  "client_secret"\n:\n  "{S}"\n}}',
    f'{{"body": "{{\\"token\\": \\"{S}\\"}}"}}',
    f"{{'password': '{S}'}}",
    f"{{'token': b'{S}'}}",
    f"('X-App-Token', '{S}')",
    f"Authorization: Basic {S}==",
    f"Authorization: Bearer {S}",
    f"Authorization: Splunk {S}",
    f"{{'Authorization': 'Basic {S}='}}",
    f"Proxy-Authorization: Digest a=b, c={S}",
    f"sent Bearer {S} there",
    f"sent Basic {S} there",
    f"X-Api-Key: {S}",
    f"x_app_token = {S}",
    f"Cookie: a=b; session={S}",
    f"Set-Cookie: sid={S}; Path=/",
    f"https://x.org/a?api_key={S}&b=1",
    f"https://x.org/a?b=1&key={S}",
    f"https://me:{S}@x.org/a",
    f"https://{S}@x.org/a",
    f"https://me:p@{S}@x.org/a",
    f"https://s3/x?AWSAccessKeyId={S}&Expires=1&Signature={S}%2B",
    f"https://s3/x?X-Amz-Credential={S}%2Fus&X-Amz-Signature={S}&X-Amz-Security-Token={S}",
    f"https://z.blob.core.windows.net/x?sv=2024&sig={S}%3D",
    f"https://storage.googleapis.com/x?X-Goog-Credential={S}&X-Goog-Signature={S}&GoogleAccessId={S}",
    f"https%3A%2F%2Fme%3A{S}%40x.org%2Fa%3Ftoken%3D{S}%26b%3D1",
    f"https://x.org/#access_token={S}",
    f"https://data.cdc.gov/x.csv?$limit=5&$$app_token={S}",
    f"https://data.cdc.gov/x.csv?%24%24app_token={S}&a=1",
    f"https://x.org/a?API%5FKEY={S}",
    f"https://x.org/a?to%6ben={S}",
    f"https://x.org/a?token[]={S}&bearer={S}",
    f"<Error><SessionToken>{S}</SessionToken></Error>",
    f'  File "x.py", line 3\n    password = "{S}"\n    raise E',
    f"SECRET_KEY={S} in the environment",
    f"token: {S}",
    f"DefaultEndpointsProtocol=https;AccountKey={S};x",
    f"-----BEGIN RSA PRIVATE KEY-----\n{S}\n{S}\n-----END RSA PRIVATE KEY-----",
    f"got eyJhbGciOiJI.{S}.{S} here",
    "key AKIA" + "Z" * 16,
    "Ag" + S * 5,
]


@pytest.mark.parametrize("text", FORMS)
def test_a_secret_is_not_shown_in_any_form(text: str) -> None:
    shown = redact_text(text)
    assert S not in shown
    assert "Z" * 16 not in shown
    assert "…" in shown


@pytest.mark.parametrize(
    "text",
    [
        "KeyError: 'cases'",
        "The token is missing.",
        "basic information",
        "https://x.org/a?country_code=US&keyword=flu",
        "https://data.cdc.gov/x.csv?$limit=5&$where=date%20%3E%202020",
        "ValueError: columns: a, b",
        "mail me@example.org",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact_text(text) == text


def test_a_redacted_url_still_names_its_place() -> None:
    assert redact_url(f"https://me:{S}@x.org/a.csv?year=2024&sig={S}#x") == "https://…@x.org/a.csv?year=2024&sig=…#x"


@pytest.mark.parametrize(
    "shape",
    ["token-", "token", "token=", 'token": "', "token\\", "://", "://a", "?a=", "&key", "eyJ", "eyJa.", "Bearer ", "a",
     "basic ", "-----BEGIN PRIVATE KEY-----", "authorization:", "cookie' ", "%3A%2F%2F", "%", "?%41", "<a", "<token",
     "@", "\\", "'", " ", "\n"],
)  # fmt: skip
def test_a_text_of_one_megabyte_takes_no_time(shape: str) -> None:
    text = shape * (1_000_000 // len(shape))
    began = time.process_time()
    assert len(redact_text(text)) < 300_000
    redact_text("password=" + text)
    assert time.process_time() - began < 5


def test_a_secret_that_the_cut_divides_is_not_shown() -> None:
    for more in range(0, 40, 9):
        assert S[-6:] not in redact_text("x" * 70_000 + f" token={S}\n" + "y" * (65_536 - more) + "\n")


def test_controls_of_others_are_shown_as_escapes() -> None:
    assert escape_controls("a\x1b[2Jb\u202ec\x9b\r\n\td\u2066é") == "a\\x1b[2Jb\\u202ec\\x9b\\x0d\n\td\\u2066é"
