"""Script that calls the function of a dry run in a process of its own: reads call.json, writes answer.json."""

from __future__ import annotations

DRIVER = """
import json, os, time, traceback

def describe(value):
    if hasattr(value, "shape") and hasattr(value, "to_csv"):
        return f"a {type(value).__name__} of shape {tuple(value.shape)}", str(value.head())
    if hasattr(value, "name") and hasattr(value, "path"):
        return f"output {value.name}: {os.path.getsize(value.path):,} bytes", ""
    if isinstance(value, (str, os.PathLike)) and os.path.isfile(value):
        return f"a file of {os.path.getsize(value):,} bytes", ""
    if isinstance(value, (list, tuple)):
        return "; ".join(describe(each)[0] for each in value), ""
    return ("nothing", "") if value is None else (f"a {type(value).__name__}", repr(value)[:2000])

def cell_frame(error):
    at = error.__traceback__
    while at is not None and not at.tb_frame.f_code.co_filename.startswith("<cell "):
        at = at.tb_next
    return at or error.__traceback__

with open("call.json") as file:
    call = json.load(file)
with open("function.py", encoding="utf-8") as file:
    text = file.read()
names = {"__name__": "aero_dry_run"}
exec(compile(text, "function.py", "exec"), names)
started = time.perf_counter()
try:
    if "_CELL" in names:
        value = names["run_user"](names["_CELL"], (), call["kwargs"], call["files"])
    else:
        value = names[call["entry"]](**call["kwargs"])
    seconds = time.perf_counter() - started
    results = names["named_results"](value, call["outputs"], call["optional"])
    paths = {name: names["file_of"](name, result, os.getcwd()) for name, result in results.items()}
    checks = names.get("_CELL", {}).get("checks", ())
    names["check_outputs"](checks, results, paths, call["previous"].get)
    files = {name: [os.path.splitext(path)[1][1:] or "file", os.path.getsize(path)] for name, path in paths.items()}
    what, head = describe(value)
    answer = {"what": what, "head": head, "seconds": seconds, "files": files}
except BaseException as error:
    is_aero_error = type(error).__name__ == "AeroJobError"
    trace = "".join(traceback.format_exception(type(error), error, cell_frame(error)))
    message = str(error) if is_aero_error else call["name"] + f"() raised {type(error).__name__}: {error}"
    answer = {"error": message, "traceback": trace}
with open("answer.json", "w") as file:
    json.dump(answer, file)
"""
