"""Untrusted text does not control the terminal, whatever command prints it."""

from __future__ import annotations

import logging

import pytest

from aero_jupyter.cli import catalogue_commands, local_commands, log_level, main, output, sources
from aero_jupyter.core.models import Data
from aero_jupyter.notebook.registration.findings import ERROR, Finding
from aero_jupyter.notebook.widgets.cards import Card

HOSTILE = ("\x1b[2Jcleared", "safe\u202egnp.exe", "a\x9bb\x07")


@pytest.mark.parametrize("text", HOSTILE)
def test_the_command_line_escapes_what_it_prints(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    output.print_escaped(f"name: {text}")
    output.print_table(("name",), [(text,)])
    output.print_summary(("name",), [(text,)])
    output.print_json({"name": text})
    printed = capsys.readouterr().out
    assert not any(mark in printed for mark in "\x1b\u202e\x9b\x07")
    assert "\\x" in printed or "\\u202e" in printed


@pytest.mark.parametrize("text", HOSTILE)
def test_log_records_are_escaped_and_hold_no_secret(text: str) -> None:
    record = logging.LogRecord(
        "aero", logging.INFO, "", 1, "asked https://h/a?token=%s for %s", ("Zq8sEcReT", text), None
    )
    written = log_level._EscapedFormatter().format(record)
    assert not any(mark in written for mark in "\x1b\u202e\x9b\x07")
    assert "Zq8sEcReT" not in written


def test_every_command_prints_through_the_escape() -> None:
    names = {
        (module.__name__, name)
        for module in (main, catalogue_commands, local_commands, output, sources)
        for name, value in vars(module).items()
        if callable(value) and getattr(value, "__module__", "") == module.__name__
        if "print" in getattr(getattr(value, "__code__", None), "co_names", ())
    }
    assert names == {(output.__name__, "print_escaped")}


@pytest.mark.parametrize("text", HOSTILE)
def test_text_forms_of_the_notebook_are_escaped(text: str) -> None:
    shown = [repr(Card(text, text, pre=text)), str(Finding(ERROR, "source", text, text)), repr(Data("1", text))]
    assert not [each for each in shown if any(mark in each for mark in "\x1b\u202e\x9b\x07")]
