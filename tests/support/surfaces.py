"""The same actions over HTTP, from a script, a command line and a notebook: each surface offers what AERO can do."""

from __future__ import annotations

import contextlib
import inspect
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import yaml

from aero_jupyter import api
from aero_jupyter.cli.main import main
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.session import current
from support.rest_caller import RestCaller

Entries = Mapping[str, Mapping[str, Any]]


class Surface(Protocol):
    """The actions of a user; datasets, flows and types are named by their ids and names."""

    def create_source(self, name: str, url: str, type_name: str | None = None, *, no_copy: bool = False) -> str:
        """Register a source that waits for notifications; return the id of its dataset."""

    def register(
        self,
        function: Callable[..., Any],
        inputs: Entries,
        outputs: Entries,
        kwargs: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        policy: PolicyEnum,
    ) -> dict[str, Any]:
        """Register a flow; return its record."""

    def type_keys(self, name: str) -> list[str]:
        """Return the objects and patterns of a type."""

    def add_type_url(self, name: str, url: str) -> None:
        """Add a URL to a type."""

    def remove_type_url(self, name: str, url: str) -> None:
        """Remove a URL from a type."""

    def roles(self, data_id: str) -> list[str]:
        """Return the roles of the flows of a dataset."""

    def delete_flows(self, data_id: str) -> int:
        """Delete the flows of a dataset; return their number."""


class Service:
    """Plain HTTP, as clients of other languages use it."""

    def __init__(self, call: RestCaller) -> None:
        self._call = call

    def create_source(self, name: str, url: str, type_name: str | None = None, *, no_copy: bool = False) -> str:
        """Post the source; a source with copies is a flow whose output has a URL."""
        entry = {"url": url} | ({"type": type_name} if type_name else {})
        if no_copy:
            made = self._call("POST", "data/source", json={"name": name, "no_copy": True, **entry}).json()
            return str(made["id"])
        values = {"rule": int(PolicyEnum.INGESTION_EVENT), "flow_kwargs": {}, "input_data": {}}
        return str(self._call.flow(output_data={name: entry}, **values).json()["contributed_to"][0]["id"])

    def register(
        self,
        function: Callable[..., Any],
        inputs: Entries,
        outputs: Entries,
        kwargs: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        policy: PolicyEnum,
    ) -> dict[str, Any]:
        """Post the function's source, then the flow."""
        values = {"input_data": inputs, "output_data": outputs, "flow_kwargs": kwargs, "rule": int(policy)}
        answer = self._call.flow(function_uuid=self._call.function(inspect.getsource(function)), **values)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def type_keys(self, name: str) -> list[str]:
        """Get the type."""
        return [each["object_key"] for each in self._call("GET", f"data/types/{name}").json()["urls"]]

    def add_type_url(self, name: str, url: str) -> None:
        """Post the URL."""
        assert self._call("POST", f"data/types/{name}/urls", json={"url": url}).status_code == 200

    def remove_type_url(self, name: str, url: str) -> None:
        """Delete the URL."""
        assert self._call("DELETE", f"data/types/{name}/urls", params={"url": url}).status_code == 200

    def roles(self, data_id: str) -> list[str]:
        """Get the flows."""
        return [each["role"] for each in self._call("GET", f"data/{data_id}/flows").json()]

    def delete_flows(self, data_id: str) -> int:
        """Delete the flows."""
        return len(self._call("DELETE", f"data/{data_id}/flows").json())


class Script:
    """The functions of the API, as scripts of upstream's client call them."""

    def create_source(self, name: str, url: str, type_name: str | None = None, *, no_copy: bool = False) -> str:
        """Call ``create_source``."""
        return str(api.source_id(api.create_source(name, url, type_name=type_name, no_copy=no_copy)))

    def register(
        self,
        function: Callable[..., Any],
        inputs: Entries,
        outputs: Entries,
        kwargs: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        policy: PolicyEnum,
    ) -> dict[str, Any]:
        """Call ``register_function``, then ``register_flow``."""
        several = dict(kwargs) if isinstance(kwargs, Mapping) else [dict(each) for each in kwargs]
        function_id = api.register_function(function)
        given = {key: dict(each) for key, each in inputs.items()}, {key: dict(each) for key, each in outputs.items()}
        return api.register_flow(current().endpoint, function_id, *given, several, policy=policy)

    def type_keys(self, name: str) -> list[str]:
        """Call ``get_source_type``."""
        found = api.get_source_type(name)
        assert found is not None
        return [each["object_key"] for each in found["urls"]]

    def add_type_url(self, name: str, url: str) -> None:
        """Call ``add_type_url``."""
        api.add_type_url(name, url)

    def remove_type_url(self, name: str, url: str) -> None:
        """Call ``delete_type_url``."""
        api.delete_type_url(name, url)

    def roles(self, data_id: str) -> list[str]:
        """Call ``get_data_flows``."""
        return [each["role"] for each in api.get_data_flows(data_id)]

    def delete_flows(self, data_id: str) -> int:
        """Call ``delete_data_flows``."""
        return len(api.delete_data_flows(data_id))


class Command:
    """The command line with its YAML files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _run(self, *arguments: object) -> list[Any]:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = main([str(each) for each in (*arguments, "--json")])
        assert code == 0, arguments
        return list(json.loads(out.getvalue()))

    def create_source(self, name: str, url: str, type_name: str | None = None, *, no_copy: bool = False) -> str:
        """Run ``create``."""
        typed = ("--type", type_name) if type_name else ()
        (made,) = self._run("create", "--name", name, "--url", url, *typed, *(("--no-copy",) if no_copy else ()))
        return str(made["data_id"])

    def register(
        self,
        function: Callable[..., Any],
        inputs: Entries,
        outputs: Entries,
        kwargs: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        policy: PolicyEnum,
    ) -> dict[str, Any]:
        """Write the flow's file, and run ``register -f``."""
        values = {"function_uuid": api.register_function(function), "policy": policy.name, "kwargs": kwargs}
        file = self._folder / "flow.yaml"
        file.write_text(
            yaml.safe_dump(json.loads(json.dumps({**values, "input_data": inputs, "output_data": outputs})))
        )
        (made,) = self._run("register", "-f", file)
        return api.get_flow(made["flow_id"], inputs_only=False)

    def type_keys(self, name: str) -> list[str]:
        """Run ``types NAME``."""
        return [each["object_key"] for each in self._run("types", name)[0]["urls"]]

    def add_type_url(self, name: str, url: str) -> None:
        """Run ``types --add-url``."""
        self._run("types", name, "--add-url", url)

    def remove_type_url(self, name: str, url: str) -> None:
        """Run ``types --remove-url``."""
        self._run("types", name, "--remove-url", url)

    def roles(self, data_id: str) -> list[str]:
        """The command line has no listing of a dataset's flows; the records of all flows name their datasets."""
        return [each["role"] for each in api.get_data_flows(data_id)]

    def delete_flows(self, data_id: str) -> int:
        """Run ``delete-flows``."""
        return len(self._run("delete-flows", data_id, "--yes"))


class Notebook:
    """The magics in a shell."""

    def __init__(self, shell: Any, folder: Path) -> None:
        self._shell, self._folder = shell, folder

    def _run(self, cell: str) -> Any:
        assert self._shell.run_cell(cell).success, cell
        return self._shell.user_ns["_aero"]

    def create_source(self, name: str, url: str, type_name: str | None = None, *, no_copy: bool = False) -> str:
        """Run ``%aero_register``."""
        typed = f"--type '{type_name}'" if type_name else "--policy event"
        self._run(f"%aero_register --source '{name}={url}' {'--no-copy' if no_copy else ''} {typed}")
        return str(current().client.resolve_data(name).id)

    def register(
        self,
        function: Callable[..., Any],
        inputs: Entries,
        outputs: Entries,
        kwargs: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        policy: PolicyEnum,
    ) -> dict[str, Any]:
        """Run ``%%aero_register`` with the function in its cell."""
        words = ["--policy", "event" if policy is PolicyEnum.INGESTION_EVENT else policy.name.lower()]
        for parameter, entry in inputs.items():
            pin = f"@{entry['version']}" if entry.get("version") else ""
            words += ["--input", f"{parameter}={entry['id']}{pin}"]
            words += [] if entry.get("fetch", True) else ["--no-fetch", parameter]
        for name, entry in outputs.items():
            words += ["--source", f"'{name}={entry['url']}'"] if "url" in entry else ["--output", f"'{name}'"]
        if kwargs:
            file = self._folder / "kwargs.yaml"
            file.write_text(yaml.safe_dump(kwargs))
            words += ["--kwargs-file", str(file)]
        card = self._run(f"%%aero_register {' '.join(words)}\nfrom typing import Any\n\n{inspect.getsource(function)}")
        return api.get_flow(card.flow.id, inputs_only=False)

    def type_keys(self, name: str) -> list[str]:
        """Run ``%aero_types``."""
        return [url.split("/", 3)[3] for url in self._run(f"%aero_types '{name}'")["url"]]

    def add_type_url(self, name: str, url: str) -> None:
        """Run ``%aero_types --add-url``."""
        self._run(f"%aero_types '{name}' --add-url '{url}'")

    def remove_type_url(self, name: str, url: str) -> None:
        """Run ``%aero_types --remove-url``."""
        self._run(f"%aero_types '{name}' --remove-url '{url}'")

    def roles(self, data_id: str) -> list[str]:
        """The panel of the deletion lists the flows; their roles are in the API."""
        return [each["role"] for each in api.get_data_flows(data_id)]

    def delete_flows(self, data_id: str) -> int:
        """Run ``%aero_delete_flows``, and confirm."""
        panel = self._run(f"%aero_delete_flows {data_id}")
        before = len(api.get_data_flows(data_id))
        panel.confirm()
        return before - len(api.get_data_flows(data_id))
