"""The request to register a function as a flow, and its options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aero_jupyter.core.policy import PolicyEnum

if TYPE_CHECKING:
    from aero_jupyter.compute.portable_function import PortableFunction


@dataclass(frozen=True)
class FlowOptions:
    """Options of a flow that few flows need.

    Attributes
    ----------
    source_type : str or None
        The source type that the source joins; its URLs share one dataset.
    not_fetched : tuple of str
        Parameters of inputs that are not downloaded: for ``x`` the function receives the URL of the version, as
        ``x_url``.
    optional_outputs : tuple of str
        Outputs that a run need not make.
    kwargs_sets : tuple of mapping
        Sets of fixed arguments. Each run calls the function once with each of them.
    endpoint_config : mapping of str to JSON value
        Options of the endpoint's template, such as ``account``.
    """

    source_type: str | None = None
    not_fetched: tuple[str, ...] = ()
    optional_outputs: tuple[str, ...] = ()
    kwargs_sets: tuple[Mapping[str, Any], ...] = ()
    endpoint_config: Mapping[str, Any] = field(default_factory=dict)


#: The options of most flows.
NO_OPTIONS = FlowOptions()


@dataclass(frozen=True)
class FlowRequest:
    """A function with its inputs, outputs, source and policy, as `FlowRegistry.register` receives them.

    Attributes
    ----------
    function : PortableFunction
    inputs : mapping of str to str
        Parameter name to a dataset.
    kwargs : mapping of str to JSON value
        Fixed arguments.
    policy : PolicyEnum
    timer : int or None
        Seconds between runs.
    outputs : sequence of str
        Names of the datasets that the flow writes.
    source : str or None
        The source URL.
    versions : mapping of str to int
        Parameter name to its pinned version.
    description : str or None
    aligned : bool
        Whether the flow waits for inputs that come from the same versions.
    check : {"none"} or None
        "none" if any response from the source is accepted.
    headers : mapping of str to str
        Headers for the source.
    auth : str or None
        Credentials for the source.
    options : FlowOptions
    """

    function: PortableFunction
    inputs: Mapping[str, str]
    kwargs: Mapping[str, Any]
    policy: PolicyEnum
    timer: int | None
    outputs: Sequence[str] = ()
    source: str | None = None
    versions: Mapping[str, int] = field(default_factory=dict)
    description: str | None = None
    aligned: bool = False
    check: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    auth: str | None = None
    options: FlowOptions = NO_OPTIONS

    @property
    def flow_kwargs(self) -> Mapping[str, Any] | Sequence[Mapping[str, Any]]:
        """The fixed arguments of the function: one set, or a list of sets."""
        return list(self.options.kwargs_sets) or self.kwargs
