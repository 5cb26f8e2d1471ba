"""Options of an endpoint's configuration template, checked against the schema that the endpoint publishes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any  # JSON values; jsonschema has no types

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.suggestions import suggest


def require_endpoint_config(endpoint: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    """Raise if an endpoint would refuse the options.

    Parameters
    ----------
    endpoint : mapping
        The endpoint, as `Registrar.endpoint` returns it.
    config : mapping of str to JSON value
        The options, such as ``{"account": "phy123"}``.

    Raises
    ------
    InvalidArgument
        If a required option is missing, or an option is unknown or has a value that the schema does not allow.
    """
    schema = endpoint.get("config_schema")
    if not isinstance(schema, Mapping):
        return
    name, errors = endpoint.get("name") or endpoint.get("id"), list(_errors(schema, config))
    missing = missing_options(endpoint, config)
    if missing:
        given = ",".join(f"{each}=VALUE" for each in missing)
        raise InvalidArgument(
            f"Endpoint {name} requires the option{'s' * (len(missing) > 1)} {', '.join(missing)}.",
            f"Add --endpoint-config {given}",
        )
    for error in errors:
        known = [str(each) for each in schema.get("properties", ())]
        unknown = [each for each in config if each not in known]
        if error.validator in ("additionalProperties", "unevaluatedProperties") and unknown:
            raise InvalidArgument(f"Endpoint {name} has no option {unknown[0]!r}.", suggest(unknown[0], known))
        option = ".".join(map(str, error.absolute_path))
        refused = f"the option {option}" if option else "these options"
        text = f"Endpoint {name} does not accept {refused}: {error.message}."
        raise InvalidArgument(text, "Correct --endpoint-config.")


def missing_options(endpoint: Mapping[str, Any], config: Mapping[str, Any]) -> list[str]:
    """Return the options that an endpoint requires and that are not given.

    Parameters
    ----------
    endpoint : mapping
        The endpoint, as `Registrar.endpoint` returns it.
    config : mapping of str to JSON value
        The options.
    """
    schema = endpoint.get("config_schema")
    errors = _errors(schema, config) if isinstance(schema, Mapping) else ()
    names = [str(name) for error in errors if error.validator == "required" and not error.absolute_path
             for name in error.validator_value if name not in config]  # fmt: skip
    return list(dict.fromkeys(names))


# jsonschema has no types.
def _errors(schema: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the violations of a schema; none for an invalid schema, which the endpoint reports by itself."""
    from jsonschema import SchemaError
    from jsonschema.validators import validator_for
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    try:
        validator = validator_for(schema)
        validator.check_schema(schema)
        # An empty registry fetches nothing: a schema comes from a stranger, and its references may name any host.
        yield from validator(schema, registry=Registry()).iter_errors(dict(config))
    except (SchemaError, Unresolvable, RecursionError):
        return
