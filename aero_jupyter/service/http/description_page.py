"""The page at ``/docs``: every route of the service, without a script and without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "code{font:14px ui-monospace,monospace}dt{margin-top:1rem}dd{margin-left:1.5rem}"
)


def description_page(description: Mapping[str, Any]) -> str:
    """Render an OpenAPI description as a static HTML page.

    Parameters
    ----------
    description : mapping
        The description that ``/openapi.json`` returns.
    """
    title = escape(f"{description['info']['title']} {description['info']['version']}")
    rows = "".join(
        f"<dt><code><b>{escape(method.upper())}</b> {escape(path)}</code></dt><dd>{'<br>'.join(_about(operation))}</dd>"
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
    )
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
    return (
        f'{head}<h1>{title}</h1><p>The whole description: <a href="/openapi.json">openapi.json</a></p><dl>{rows}</dl>'
    )


def _about(operation: Mapping[str, Any]) -> Iterator[str]:
    yield escape(operation.get("description") or operation.get("summary") or "")
    if names := [f"{each['name']}{'' if each.get('required') else '?'}" for each in operation.get("parameters", ())]:
        yield f"Parameters: <code>{escape(', '.join(names))}</code>"
    for content in operation.get("requestBody", {}).get("content", {}).values():
        if name := content.get("schema", {}).get("$ref", "").rpartition("/")[2]:
            yield f"Body: <code>{escape(name)}</code>"
