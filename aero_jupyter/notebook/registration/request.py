"""Registration request of ``%%aero_register``, parsed from its options and checked for consistency."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.globs import is_source_pattern
from aero_jupyter.core.name_rules import dataset_name, dataset_names, is_same_name, parameter_name
from aero_jupyter.core.policy import DOWNLOADING, FOLLOWING, TIMED, PolicyEnum, policy_from, seconds_from, timer_for
from aero_jupyter.core.source_credentials import headers_from
from aero_jupyter.core.version_ref import VersionRef
from aero_jupyter.notebook.registration.pairs import check_once, endpoint_config_from, kwargs_from, pair_of, pairs_of
from aero_jupyter.session.argument_checks import require_credentials, validate_check, validate_promise
from aero_jupyter.session.check_files import read_checks
from aero_jupyter.session.flow_request import NO_OPTIONS, FlowOptions


@dataclass(frozen=True)
class UncopiedSource:
    """A source whose objects AERO does not copy: the function reads them at their URL.

    Attributes
    ----------
    name, url : str
    source_type : str or None
    """

    name: str
    url: str
    source_type: str | None = None


@dataclass(frozen=True)
class RegistrationRequest:
    """Request to register a function as a flow.

    Attributes
    ----------
    inputs : mapping
        Parameter to the name or id of a dataset.
    source : tuple of str, or None
        Name and URL of the source.
    timer : int or None
        Seconds between runs.
    versions : mapping of str to int
        Parameter to the version that every run reads.
    aligned : bool
        Whether runs wait for inputs that come from the same versions of their common ancestors.
    check : str or None
        "none" accepts any content of the source.
    headers, auth
        Request headers and login of the source, with names instead of secrets.
    options : FlowOptions
        Options that few flows need.
    uncopied : UncopiedSource or None
        An input that is a source without copies, to be created before the flow.
    checks : tuple of mapping
        Checks of the outputs, which travel with the function.
    """

    inputs: Mapping[str, str]
    outputs: tuple[str, ...]
    source: tuple[str, str] | None
    policy: PolicyEnum
    timer: int | None
    kwargs: Mapping[str, Any]
    versions: Mapping[str, int] = field(default_factory=dict)
    aligned: bool = False
    check: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    auth: str | None = None
    options: FlowOptions = NO_OPTIONS
    uncopied: UncopiedSource | None = None
    checks: tuple[Mapping[str, Any], ...] = ()

    def arguments(self) -> dict[str, Any]:
        """Return the request as arguments of ``Session.register``."""
        source = self.source[1] if self.source else None
        arguments = {**vars(self), "source": source}
        return {name: value for name, value in arguments.items() if name not in ("uncopied", "checks")}


def request_from(args: argparse.Namespace) -> RegistrationRequest:
    """Parse the options of the magic, and derive the policy, the timer and the outputs.

    Raises
    ------
    InvalidArgument
        If the options contradict each other.
    """
    inputs, versions = inputs_from(args.input)
    source = pair_of(args.source, "--source", "NAME=URL") if args.source is not None else None
    uncopied = _uncopied_source(args, source, inputs)
    if uncopied is not None:
        inputs, source = {parameter_name(uncopied.name): uncopied.name, **inputs}, None
    outputs = dataset_names([*args.output, *args.optional_output]) or ((dataset_name(source[0]),) if source else ())
    policy = _policy(args, source, inputs)
    _check_inputs_and_outputs(inputs, source, outputs)
    _check_policy(policy, inputs, source)
    if args.aligned and policy is not PolicyEnum.ALL:
        raise InvalidArgument("--aligned needs policy all, which waits for every input.", "Add --policy all.")
    timer = _timer(policy, args.every)
    validate_promise(args.expect, outputs)
    check = "none" if "none" in args.check else None
    validate_check(check, source)
    checks = read_checks([text for text in args.check if text != "none"], outputs)
    headers = headers_from(args.header)
    require_credentials(headers, args.auth, source)
    kwargs = kwargs_from(args.kwarg)
    sets = _kwargs_sets(args.kwargs_file, kwargs)
    options = FlowOptions(
        None if uncopied else args.type,
        tuple(parameter_name(name) for name in args.no_fetch),
        dataset_names(args.optional_output),
        sets,
        endpoint_config_from(args.endpoint_config),
    )
    fixed = {**kwargs, **(sets[0] if sets else {})}
    return RegistrationRequest(
        inputs, outputs, source, policy, timer, fixed, versions, args.aligned, check, headers, args.auth,
        options, uncopied, checks,
    )  # fmt: skip


def _kwargs_sets(path: str | None, kwargs: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """Return the sets of fixed arguments of a file, each with the arguments that all sets share.

    Raises
    ------
    InvalidArgument
        If a set has one of the shared arguments, or the file cannot be read.
    """
    if path is None:
        return ()
    from aero_jupyter.session.kwargs_files import read_kwargs_sets

    sets = read_kwargs_sets(path)
    twice = next((name for each in sets for name in each if name in kwargs), None)
    if twice is not None:
        raise InvalidArgument(f"--kwarg {twice} is also in {path}.", "Leave one out.")
    return tuple({**each, **kwargs} for each in sets)


def _uncopied_source(
    args: argparse.Namespace, source: tuple[str, str] | None, inputs: Mapping[str, str]
) -> UncopiedSource | None:
    if not args.no_copy:
        return None
    if source is None:
        raise InvalidArgument("--no-copy needs a source, and none is named.", "Add --source NAME=URL.")
    downloads = {
        "--every": args.every,
        "--check none": "none" in args.check,
        "--header": args.header,
        "--auth": args.auth,
    }
    unused = next((option for option, value in downloads.items() if value), None)
    if unused is not None:
        text = f"{unused} is for a download, and --no-copy downloads nothing: a notification starts the flow."
        raise InvalidArgument(text, f"Leave {unused} or --no-copy out.")
    if parameter_name(source[0]) in inputs:
        raise InvalidArgument(f"--input and --source both name {source[0]}.", "Leave one out.")
    return UncopiedSource(dataset_name(source[0]), source[1], args.type)


def inputs_from(texts: Iterable[str]) -> tuple[dict[str, str], dict[str, int]]:
    """Parse ``--input`` options: parameter to dataset, and parameter to version where one is given.

    Raises
    ------
    InvalidArgument
        If an option lacks the parameter, the dataset, or the version after an @.
    """
    return versions_apart(pairs_of(texts, "--input", "PARAMETER=NAME"))


def versions_apart(texts: Mapping[str, str]) -> tuple[dict[str, str], dict[str, int]]:
    """Parse ``NAME`` or ``NAME@N`` of each parameter, as names and as version numbers; ``NAME@DATE`` stays a name.

    Raises
    ------
    InvalidArgument
        If nothing follows an @.
    """
    refs = {parameter: VersionRef.parse(text) for parameter, text in texts.items()}
    versions = {parameter: ref.version for parameter, ref in refs.items() if ref.version is not None}
    names = {parameter: ref.name if ref.as_of is None else str(ref) for parameter, ref in refs.items()}
    return names, versions


def _policy(args: argparse.Namespace, source: tuple[str, str] | None, inputs: object) -> PolicyEnum:
    if args.policy is not None:
        return policy_from("ingestion_event" if args.policy == "event" else args.policy)
    if source:
        # Of a type or a pattern, a notification names the object that changed.
        is_notified = args.every is None and (args.type is not None or is_source_pattern(source[1]))
        return PolicyEnum.INGESTION_EVENT if is_notified else PolicyEnum.INGESTION
    if args.every:
        return PolicyEnum.TIMER
    return PolicyEnum.ANY if inputs else PolicyEnum.NONE


def _timer(policy: PolicyEnum, every: str | None) -> int | None:
    if every is not None and policy not in TIMED:
        raise InvalidArgument(
            f"Policy {policy.name.lower()} has no timer, but --every {every} was given.",
            "Leave --every out, or set --policy timer.",
        )
    if policy is PolicyEnum.TIMER and every is None:
        raise InvalidArgument("Policy timer needs an interval.", "Add --every, such as --every 1d.")
    return timer_for(policy, seconds_from(every)) if every is not None else None


def _check_inputs_and_outputs(inputs: Mapping[str, str], source: object, outputs: tuple[str, ...]) -> None:
    if source and inputs:
        raise InvalidArgument(
            "A flow has either a source or inputs, but --source and --input were given.",
            "Register the source first, then another function with --input.",
        )
    check_once(outputs, "--output")
    in_both = next((name for name in outputs if any(is_same_name(name, read) for read in inputs.values())), None)
    if in_both is not None:
        raise InvalidArgument(
            f"{in_both} is an input and an output, and would trigger its own flow.", "Name the output otherwise."
        )


def _check_policy(policy: PolicyEnum, inputs: Mapping[str, str], source: object) -> None:
    name = policy.name.lower()
    if source and policy not in DOWNLOADING:
        raise InvalidArgument(
            f"A source is given, but policy {name} downloads none.", "Leave --policy out, or set --policy event."
        )
    if policy in DOWNLOADING and not source:
        raise InvalidArgument(f"Policy {name} downloads a source, but none is given.", "Add --source NAME=URL.")
    if policy in FOLLOWING and not inputs:
        raise InvalidArgument(f"Policy {name} waits for inputs, but none is given.", "Add --input PARAMETER=NAME.")
