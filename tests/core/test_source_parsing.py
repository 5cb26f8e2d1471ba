"""Source is parsed on several threads at once: the form checks a cell while IPython parses the next one."""

from __future__ import annotations

import ast
import gc
import threading
import time

from aero_jupyter.core.source_parsing import parse_source

SHALLOW = "\n".join(f"x{number} = {number}" for number in range(200))
DEEP = "\n".join("y = " + "(" * 30 + f"1 + {number}" + " + 1)" * 30 for number in range(50))


def test_source_is_parsed_while_other_threads_parse() -> None:
    errors: list[BaseException] = []
    ends = time.monotonic() + 3

    def parse(text: str) -> None:
        try:
            while time.monotonic() < ends:
                assert isinstance(parse_source(text), ast.Module)
        except BaseException as error:
            errors.append(error)

    def switch_thread(phase: str, info: object) -> None:
        time.sleep(0)

    before = gc.get_threshold()
    gc.callbacks.append(switch_thread)
    gc.set_threshold(50)
    try:
        threads = [threading.Thread(target=parse, args=(text,)) for text in (SHALLOW, DEEP, SHALLOW)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        gc.callbacks.remove(switch_thread)
        gc.set_threshold(*before)
    assert errors == []
