"""The captured output of a function, without the output of other threads."""

from __future__ import annotations

import logging
import sys
import threading

from aero_jupyter.jobs.stdout_capture import Printed


def test_what_is_printed_is_kept_and_goes_nowhere_else(capsys) -> None:
    with Printed() as printed:
        sys.stdout.write("here\n")
    sys.stdout.write("after\n")
    assert printed.text() == "here\n"
    assert capsys.readouterr().out == "after\n"


def test_errors_and_log_records_are_kept_in_their_order() -> None:
    with Printed() as printed:
        sys.stdout.write("first\n")
        handler = logging.StreamHandler()
        logging.getLogger("model").addHandler(handler)
        logging.getLogger("model").warning("did not converge")
        logging.getLogger("model").removeHandler(handler)
        sys.stderr.write("last\n")
    text = printed.text()
    order = [text.index(words) for words in ("first", "did not converge", "last")]
    assert order == sorted(order)


def test_of_very_much_the_beginning_and_the_end_are_kept() -> None:
    with Printed() as printed:
        for number in range(100_000):
            sys.stdout.write(f"{number}\n")
    text = printed.text()
    assert text.startswith("0\n1\n")
    assert text.endswith("\n99999\n")
    assert "characters left out]" in text
    assert len(text) < 70_000


def test_other_threads_print_where_they_did(capsys) -> None:
    with Printed() as printed:
        thread = threading.Thread(target=sys.stdout.write, args=("elsewhere",))
        thread.start()
        thread.join()
    assert printed.text() == ""
    assert capsys.readouterr().out == "elsewhere"


def test_tasks_that_overlap_may_end_in_any_order(capsys) -> None:
    first, second = Printed(), Printed()
    first.__enter__()
    second.__enter__()
    sys.stdout.write("second")
    first.__exit__()
    second.__exit__()
    sys.stdout.write("after")
    assert second.text() == "second"
    assert capsys.readouterr().out == "after"
