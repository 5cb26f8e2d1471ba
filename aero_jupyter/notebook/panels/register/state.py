"""State of the registration form, and the request built from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from aero_jupyter.core import policy as policies
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.name_rules import normal_name
from aero_jupyter.core.policy import TIMED, PolicyEnum
from aero_jupyter.core.redaction import redact_url
from aero_jupyter.notebook.panels.register.redacted_fields import HIDDEN, Headers
from aero_jupyter.notebook.registration import kernel_functions
from aero_jupyter.notebook.registration.pairs import value_from
from aero_jupyter.notebook.registration.request import RegistrationRequest, versions_apart
from aero_jupyter.session.flow_request import FlowOptions

#: When a flow runs: the values of ``when``, and their labels.
WHEN_LABELS = {
    "any": "any input changes",
    "all": "all inputs have changed",
    "aligned": "all inputs have changed, from the same version",
    "timer": "on a schedule: every …",
    "pull": "on a schedule: check the URL every …",
    "event": "the source notifies",
    "none": "only when I press Run now",
}
_POLICIES = {
    "any": PolicyEnum.ANY,
    "all": PolicyEnum.ALL,
    "aligned": PolicyEnum.ALL,
    "timer": PolicyEnum.TIMER,
    "pull": PolicyEnum.INGESTION,
    "event": PolicyEnum.INGESTION_EVENT,
    "none": PolicyEnum.NONE,
}
#: The values of ``when`` with which a flow downloads a URL.
DOWNLOADS = ("pull", "event")
#: Kinds of values of a parameter, and their labels.
BINDING_LABELS = {
    "input": "a dataset",
    "constant": "a fixed value",
    "pulled": "a URL",
    "default": "its default",
}
#: Values of ``check``, and their labels.
CHECK_LABELS = {"": "checked to be data", "none": "accepted unchecked"}
#: A parameter, the kind of its value, and the text of the field: a dataset's name, a value as JSON or text, or a URL.
ParameterBinding = tuple[str, str, str]


@dataclass(frozen=True, repr=False)
class FormState:
    """State of the registration form.

    Attributes
    ----------
    function, text : str
        The function's name and its source code.
    bindings : tuple of (parameter, kind, text)
        For each parameter the kind of its value, one of ``BINDING_LABELS``, and the text of its field: a dataset's
        name, a value as JSON or text, or a URL.
    outputs : str
        Names, separated by commas.
    endpoint, description : str
    when : str
        One of ``WHEN_LABELS``.
    every : str
        Interval of a schedule, such as "1d".
    replace : bool
        Whether the flow that makes the output now is replaced.
    check : str
        "none" accepts whatever the source sends.
    headers : tuple of (name, value)
    auth : str
        Credentials for the source, by the names of their secrets.
    required : tuple of str
        The parameters without a default.
    source_type : str
        The source type that the source joins.
    keep : str
        Which versions of the outputs keep their content, such as "all 30d, weekly 1y"; by default all.
    """

    function: str = ""
    text: str = ""
    bindings: tuple[ParameterBinding, ...] = ()
    outputs: str = ""
    endpoint: str = "local"
    when: str = "any"
    every: str = ""
    description: str = ""
    replace: bool = False
    check: str = ""
    headers: Headers = ()
    auth: str = ""
    required: tuple[str, ...] = ()
    source_type: str = ""
    keep: str = ""

    def __repr__(self) -> str:
        bindings = tuple((name, kind, redact_url(text)) for name, kind, text in self.bindings)
        shown = {**vars(self), "bindings": bindings}
        return f"FormState({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    # A field has its own type.
    def with_field(self, name: str, value: object) -> FormState:
        """Return the state with another value of one field."""
        fields: dict[str, Any] = {name: value}
        return replace(self, **fields)

    def with_binding(self, parameter: str, kind: str | None = None, text: str | None = None) -> FormState:
        """Return the state with another kind or text of one parameter."""
        changed = tuple(
            (name, old_kind if kind is None else kind, old_text if text is None else text)
            if name == parameter
            else (name, old_kind, old_text)
            for name, old_kind, old_text in self.bindings
        )
        return replace(self, bindings=changed)

    def with_parameters(self, parameters: Sequence[tuple[str, bool]]) -> FormState:
        """Return the state with the parameters of another function; those of the same name keep their bindings."""
        before = {name: (kind, text) for name, kind, text in self.bindings}
        bindings = []
        for name, is_required in parameters:
            kind, text = before.get(name, ("input" if is_required else "default", ""))
            bindings.append((name, "input" if is_required and kind == "default" else kind, text))
        required = tuple(name for name, is_required in parameters if is_required)
        return replace(self, bindings=tuple(bindings), required=required)

    def with_parameters_of(self, text: str, function: str) -> FormState:
        """Return the state with the parameters of a function's text; unchanged if the text cannot be parsed."""
        parameters = kernel_functions.parameters_of(text, function)
        return self if parameters is None else self.with_parameters(parameters)

    def values_of(self, kind: str) -> dict[str, str]:
        """Return the texts of the parameters of one kind, without empty ones."""
        return {name: text.strip() for name, each, text in self.bindings if each == kind and text.strip()}

    @property
    def policy(self) -> PolicyEnum:
        """The policy of the flow."""
        return _POLICIES[self.when]

    @property
    def output_names(self) -> tuple[str, ...]:
        """The names of the outputs."""
        return tuple(dict.fromkeys(name for each in self.outputs.split(",") if (name := normal_name(each.strip()))))

    @property
    def keep_policy(self) -> str | None:
        """The retention policy; None if all versions keep their content."""
        return self.keep.strip() or None

    @property
    def source_parameter(self) -> str:
        """The parameter that receives the download."""
        return next((name for name, kind, _ in self.bindings if kind == "pulled"), "")

    def constants(self) -> dict[str, Any]:
        """Return the fixed values, parsed as JSON if they are JSON, without empty ones."""
        return {name: value_from(text) for name, kind, text in self.bindings if kind == "constant" and text.strip()}

    def inputs(self) -> tuple[dict[str, str], dict[str, int]]:
        """Return the names of the inputs, and the versions of pinned ones such as ``sewage@3``."""
        # While the user types, the number may be missing.
        return versions_apart({name: text.rstrip("@") for name, text in self.values_of("input").items()})

    def to_request(self) -> RegistrationRequest:
        """Return the registration request of the form.

        Raises
        ------
        InvalidArgument
            If the interval cannot be parsed, or is missing and the policy needs one.
        """
        url = self.values_of("pulled").get(self.source_parameter, "")
        if self.when == "timer" and not self.every.strip():
            raise InvalidArgument("The schedule needs an interval.", "Enter it in the field every, such as 1d.")
        timer = policies.seconds_from(self.every.strip()) if self.policy in TIMED and self.every.strip() else None
        inputs, versions = self.inputs()
        return RegistrationRequest(
            inputs,
            self.output_names,
            (self.source_parameter, url) if url else None,
            self.policy,
            policies.timer_for(self.policy, timer),
            self.constants(),
            versions,
            self.when == "aligned",
            (self.check or None) if url else None,
            dict(self.headers) if url else {},
            (self.auth or None) if url else None,
            FlowOptions(source_type=(self.source_type.strip() or None) if url else None),
        )

    @property
    def credentials(self) -> tuple[Headers, str]:
        """The headers and the login, without those that contain a secret instead of its name."""
        named = tuple((name, value) for name, value in self.headers if HIDDEN not in f"{name}{value}")
        return named, "" if HIDDEN in self.auth else self.auth

    def unbound_parameters(self) -> list[str]:
        """Return the parameters without a value."""
        return [name for name, kind, text in self.bindings if kind != "default" and not text.strip()]

    def form_arguments(self) -> dict[str, object]:
        """Return the named arguments of ``register_form`` that build the same form."""
        unbound = [(name, kind) for name, kind, _ in self.bindings if name in self.unbound_parameters()]
        optional_inputs = {name: "" for name, kind in unbound if kind == "input" and name not in self.required}
        sources = [(name, text.strip()) for name, kind, text in self.bindings if kind == "pulled"]
        headers, auth = self.credentials
        arguments = {
            "inputs": self.values_of("input") | optional_inputs,
            "kwargs": self.constants() | {name: ... for name, kind in unbound if kind == "constant"},
            "source": dict(sources) if len(sources) > 1 else next(iter(sources), ()),
            "outputs": self.output_names,
            "when": self.when,
            "every": self.every.strip(),
            "endpoint": self.endpoint if self.endpoint != "local" else "",
            "description": self.description,
            "replace": self.replace,
            "check": self.check if sources else "",
            "headers": dict(headers) if sources else {},
            "auth": auth if sources else "",
            "source_type": self.source_type.strip() if sources else "",
            "keep": self.keep_policy,
        }
        return {name: value for name, value in arguments.items() if value or name == "outputs"}
