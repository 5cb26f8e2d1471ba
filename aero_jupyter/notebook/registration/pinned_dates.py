"""Inputs named ``NAME@DATE``: each is pinned to the version that was in force at that time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from aero_jupyter.core.as_of import configured_zone
from aero_jupyter.core.errors import InvalidArgument, NotFound, UnknownName
from aero_jupyter.core.version_ref import VersionRef
from aero_jupyter.notebook.registration.findings import WARNING, Finding, error_finding

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.notebook.registration.request import RegistrationRequest


def pin_dates(
    client: AeroClient, inputs: Mapping[str, str], versions: Mapping[str, int]
) -> tuple[dict[str, str], dict[str, int], list[Finding]]:
    """Pin the inputs that name a date.

    Parameters
    ----------
    client : AeroClient
    inputs : mapping of str to str
        Parameter to ``NAME`` or ``NAME@DATE``.
    versions : mapping of str to int
        Parameter to the number of a version.

    Returns
    -------
    inputs : dict of str to str
        Without the dates.
    versions : dict of str to int
        With the versions in force at the dates.
    findings : list of Finding
        A warning that names each pinned version; an error if there was no version at the time.

    Raises
    ------
    ClientError
        If the server refuses or does not answer.
    """
    names, numbers, findings = dict(inputs), dict(versions), list[Finding]()
    for parameter, text in inputs.items():
        ref = VersionRef.parse(text)
        if ref.as_of is None:
            continue
        try:
            data = client.resolve_data(ref.name)
            version = client.version_at(data.id, ref.as_of, configured_zone.name)
        except (InvalidArgument, NotFound, UnknownName) as error:
            findings.append(error_finding(f"parameter {parameter}", error))
            del names[parameter]
            continue
        names[parameter], numbers[parameter] = ref.name, version.version
        sentence = f"{text} is version {version.version} of {data.name}, which is read by every run."
        findings.append(Finding(WARNING, f"parameter {parameter}", sentence))
    return names, numbers, findings


def with_pinned_dates(client: AeroClient, request: RegistrationRequest) -> tuple[RegistrationRequest, list[Finding]]:
    """Return a request whose inputs are pinned as by `pin_dates`, and the findings."""
    inputs, versions, findings = pin_dates(client, request.inputs, request.versions)
    return replace(request, inputs=inputs, versions=versions), findings
