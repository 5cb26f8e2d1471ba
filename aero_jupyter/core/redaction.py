"""Removal of secrets from displayed URLs and texts.

Every pattern is bounded or consumes the matched text, so that the time is linear in the length of the text.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

#: Characters that are kept: the beginning and the end of a longer text.
_REDACTED_HEAD, _REDACTED_TAIL = 65_536, 65_536
_SENSITIVE_WORDS = (
    "signature|credential|token|secret|passw(?:or)?d|passwd|passphrase|api[_-]?key|access[_-]?key|private[_-]?key"
    "|account[_-]?key|subscription[_-]?key|google[_-]?access[_-]?id|session[_-]?id"
)
_SECRET_PARAMETER = re.compile(
    rf"(?i)(?:{_SENSITIVE_WORDS})|key$|(?:^|[_.-])(?:sig|auth|pwd|pass|jwt|sas|bearer)$|^code$"
)
_USER_INFO = re.compile(r"(?i)(:(?://|\\/\\/)|%3A%2F%2F)((?:[^/\s@'\"<>\\%]|%(?!2F|40))+)(?=(?:@|%40))")
_USER_INFO_MORE = re.compile(r"(…(?:@|%40))(?:[^/\s@'\"<>\\]{1,256}@)+")
# A character of a parameter's name, as it is or encoded: $$app_token, token[].
_NAME = r"(?:[\w.$\[\]~-]|%(?:2[4DE]|5[BDF]|7E|[46][1-9A-F]|[57][0-9A]))"
_QUERY_PARAMETER = re.compile(rf"(?i)([?&;#]|%3F|%26|\\u0026)({_NAME}{{1,80}})(=|%3D)((?:[^&\s'\"<>;#%\\)]|%(?!26))+)")
# The patterns of texts are compiled by the first text: a list of the command line has none.
_ELEMENT = rf"(?i)(<(?:\w{{1,40}}:)?[\w.-]{{0,40}}?(?:{_SENSITIVE_WORDS})[^<>]{{0,40}}>)[^<]+"
# A secret's name, what separates it from its value (=, :, or the comma of a tuple), and the value: quoted or a word.
_QUOTE = r"\\{0,3}[\"']"
_VALUE = (
    r"(?:b?(?P<quote>\\{0,3}[\"'])(?:(?!(?P=quote))(?:\\[\s\S]|[^\\]))*"
    r"|(?:(?:basic|bearer|token|digest|negotiate)[ \t]{1,4})?[^\s'\"&,;<>{}()\[\]\\]+)"
)
_NAMED_VALUE = (
    rf"(?i)((?:{_SENSITIVE_WORDS}|pwd)[\w-]{{0,40}}"
    rf"(?:{_QUOTE}\s{{0,8}}[:=,]|\s{{0,8}}(?:[:=]|%3[AD]))\s{{0,8}}){_VALUE}"
)
_HEADER = (
    r"(?i)((?:authorization|cookie)(?:\\{0,3}[\"']\s{0,8}[:=,]|[ \t]{0,8}[:=])[ \t]{0,8})"
    r"(?:b?(?P<quote>\\{0,3}[\"'])(?:(?!(?P=quote))(?:\\[\s\S]|[^\\]))*|[^\r\n'\"}]+)"
)
_BEARER = r"(?i)(\bbearer(?:\s{1,4}|%20))[\w.~+/=-]+"
_BASIC = r"(\b(?i:basic)(?:\s{1,4}|%20))(?=[a-z]{0,80}[A-Z0-9+/=])[A-Za-z0-9+/_-]{6,}={0,2}"
_KNOWN_SHAPE = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:[^-]|-(?!----END))*"
    r"|(?<![\w-])(?:eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|gh[pousr]_\w{30,}|github_pat_\w{30,}|Ag[A-Za-z0-9]{60,})"
    r"|(?<!\w)(?:AKIA|ASIA)[A-Z0-9]{16}(?!\w)"
)


def redact_url(url: str) -> str:
    """Return the URL without the values of its secrets: user and password, keys, tokens and signatures.

    Parameters
    ----------
    url : str
        The URL; text that is no valid URL is redacted as well.
    """
    url = _USER_INFO_MORE.sub(r"\1", _USER_INFO.sub(r"\1…", url))
    return _KNOWN_SHAPE.sub("…", _QUERY_PARAMETER.sub(_redact_parameter, url))


def redact_text(text: str) -> str:
    """Return the text without secrets; of a text of more than 128 KiB, only its beginning and its end.

    Parameters
    ----------
    text : str
        An error, a traceback, a log, or what a server answered.
    """
    text = redact_url(_bound_length(text))
    text = re.sub(_HEADER, _redact_value, text)
    text = re.sub(_NAMED_VALUE, _redact_value, re.sub(_ELEMENT, r"\1…", text))
    return re.sub(_BASIC, r"\1…", re.sub(_BEARER, r"\1…", text))


def is_secret_name(name: str) -> bool:
    """Return whether a query parameter or a header of this name holds a secret."""
    name = unquote(name[-240:]).rstrip("[]")
    return _SECRET_PARAMETER.search(name[-80:]) is not None or name.lower() in ("authorization", "cookie")


def _redact_parameter(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}{found[3]}…" if is_secret_name(found[2]) else found[0]


def _redact_value(found: re.Match[str]) -> str:
    return f"{found[1]}{found['quote'] or ''}…"


def _bound_length(text: str) -> str:
    if len(text) <= _REDACTED_HEAD + _REDACTED_TAIL:
        return text
    # The tail begins after a line end: a secret that the cut divides is not recognised.
    tail = text[-_REDACTED_TAIL:].partition("\n")[2]
    left_out = len(text) - _REDACTED_HEAD - len(tail)
    return f"{text[:_REDACTED_HEAD]}\n[{left_out:,} characters left out]\n{tail}"
