"""The methods of the service's paths, read from its routers: the OpenAPI description takes long to build."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fastapi import APIRouter
from fastapi.routing import APIRoute

_PLACE = re.compile(r"\{\w+\}")


class PathMethods:
    """The methods of each published path.

    Parameters
    ----------
    routers : iterable of APIRouter
    """

    def __init__(self, routers: Iterable[APIRouter]) -> None:
        self._methods: dict[str, set[str]] = {}
        for router in routers:
            for route in router.routes:
                if isinstance(route, APIRoute) and route.include_in_schema:
                    self._methods.setdefault(route.path, set()).update(route.methods or ())

    def of_literal(self, path: str) -> set[str]:
        """Return the methods of a path without an id parameter; empty for every other path."""
        return self._methods.get(path, set())

    def allowed(self, path: str) -> set[str]:
        """Return the methods of a path; a literal path takes precedence over one with an id parameter."""
        if path in self._methods:
            return self._methods[path]
        fitting = [each for each in self._methods if re.fullmatch(_PLACE.sub("[^/]+", each), path)]
        return {method for each in fitting for method in self._methods[each]}
