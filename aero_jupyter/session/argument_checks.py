"""Checks of the arguments of a registration, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aero_jupyter.core import registration_body
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.globs import is_source_pattern
from aero_jupyter.core.source_credentials import require_names
from aero_jupyter.core.suggestions import suggest
from aero_jupyter.core.surface_text import SurfaceText

if TYPE_CHECKING:
    from aero_jupyter.session.flow_request import FlowRequest

#: Suffixes of parameters that receive facts about an input besides its file.
_INPUT_FACT_SUFFIXES = ("url", "signed_url", "version", "version_id")


def validate_check(check: str | None, source: object) -> None:
    """Raise if a check does not exist, or if it is given without a source.

    Raises
    ------
    InvalidArgument
    """
    if check not in (None, "none"):
        raise InvalidArgument(f"There is no check {check!r}.", "Write --check none, or leave --check out.")
    if check and source is None:
        raise InvalidArgument("--check none needs a source, and none is named.", "Add --source NAME=URL.")


def validate_promise(promise: str | None, outputs: Sequence[str]) -> None:
    """Raise if a text is no freshness promise, or if there is no output that could keep it.

    Raises
    ------
    InvalidArgument
    """
    if promise is not None:
        from aero_jupyter.core.freshness import FreshnessPromise

        FreshnessPromise.parse(promise)
        if not outputs:
            raise InvalidArgument("--expect is about an output, and this flow has none.", "Add --output NAME.")


def require_credentials(headers: Mapping[str, str] | None, auth: str | None, source: object) -> None:
    """Raise if headers or a sign-in contain a secret themselves, or if they are given without a source.

    Raises
    ------
    InvalidArgument
    """
    require_names(headers, auth)
    if (headers or auth) and source is None:
        raise InvalidArgument("--header and --auth need a source, and none is named.", "Add --source NAME=URL.")


def check_arguments(request: FlowRequest) -> None:
    """Raise if a registration would call its function with the wrong parameters.

    Raises
    ------
    InvalidArgument
        If a parameter does not exist, has two values or has none; or if the kwargs are too large.
    """
    registration_body.require_bounded_kwargs(request.flow_kwargs)
    unknown = next((name for name in request.options.not_fetched if name not in request.inputs), None)
    if unknown is not None:
        cure = suggest(unknown, request.inputs) if request.inputs else "Add --input PARAMETER=NAME"
        raise InvalidArgument(f"--no-fetch {unknown} names no input.", cure)
    for kwargs in request.options.kwargs_sets or (request.kwargs,):
        _check_call(request, kwargs)


def _check_call(request: FlowRequest, kwargs: Mapping[str, Any]) -> None:
    function, inputs = request.function, request.inputs
    files = [name for name in inputs if name not in request.options.not_fetched]
    names = [parameter.name for parameter in function.parameters]
    for name in [*files, *kwargs]:
        if name not in names and not function.takes_any:
            by_url = f"Add --no-fetch {name}, or rename the parameter {name}_url to {name}."
            cure = by_url if name in files and f"{name}_url" in names else suggest(name, names)
            raise InvalidArgument(f"{function.name}() has no parameter {name!r}.", cure)
    given_twice = [name for name in inputs if name in kwargs]
    if given_twice:
        raise InvalidArgument(f"{given_twice[0]} has two values: a dataset and a fixed value.", "Leave one out.")
    input_facts = {f"{name}_{what}" for name in inputs for what in _INPUT_FACT_SUFFIXES}
    without_url = [name for name in inputs if name not in files and f"{name}_url" not in names]
    if without_url and not function.takes_any:
        name = without_url[0]
        text = f"{name} is not downloaded, and {function.name}() has no parameter {name}_url for its URL."
        raise InvalidArgument(text, f"Rename the parameter {name} to {name}_url, or leave --no-fetch out.")
    given = {*files, *kwargs, *input_facts}
    has_source = request.source is not None
    missing = [each.name for each in function.parameters if each.required and each.name not in given]
    if len(missing) > (1 if has_source else 0):
        source_note = " (the downloaded file is only one of them)" if has_source else ""
        raise InvalidArgument(
            f"{function.name}() needs a value for {', '.join(missing)}{source_note}.",
            SurfaceText(
                "Set each with --input NAME=DATA or --kwarg NAME=VALUE.", "Choose a dataset or a fixed value for each."
            ),
        )


def require_source_type(url: str, type_name: str | None) -> None:
    """Raise if the URL of a source is a pattern and the source has no type.

    Raises
    ------
    InvalidArgument
    """
    if type_name is None and is_source_pattern(url):
        raise InvalidArgument("The URL is a pattern, and a pattern needs a source type.", "Add --type TYPE.")
