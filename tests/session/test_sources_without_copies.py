"""Sources without copies: the dataset is created once, also on a server that others share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from aero_jupyter.core import wire
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data
from aero_jupyter.session.sources import find_or_add_uncopied

URL = "https://h/b/a.csv"


class Rows(list[Data]):
    """All pages of a list."""

    def all(self) -> list[Data]:
        return self


@dataclass
class FakeClient:
    """As much of a client as the creation of a source needs."""

    rows: Rows
    dialect: wire.Dialect = wire.NEWEST
    types: dict[str, Any] = field(default_factory=dict)

    def list(self, kind: str, **filters: Any) -> Rows:
        assert not filters or self.dialect.filters
        return self.rows

    def add_source(self, name: str, url: str, type_name: str | None, *, no_copy: bool) -> Data:
        self.rows.append(Data(f"new-{len(self.rows)}", name, url, no_copy=no_copy))
        return self.rows[-1]

    def source_type(self, name: str) -> Any:
        return self.types.get(name)


@dataclass
class FakeSession:
    """A session with that client."""

    client: FakeClient
    endpoint: str | None = None


def session_of(*rows: Data, endpoint: str | None = None, **types: Any) -> Any:
    dialect = wire.LOCAL if endpoint else wire.NEWEST
    return FakeSession(FakeClient(Rows(rows), dialect, types), endpoint)


@pytest.mark.parametrize("endpoint", [None, "local"])
def test_the_same_source_is_created_once(endpoint: str | None) -> None:
    session = session_of(endpoint=endpoint)
    first = find_or_add_uncopied(session, "live", URL)
    assert find_or_add_uncopied(session, "live", URL) == first
    assert len(session.client.rows) == 1


def test_a_name_that_another_dataset_has_is_refused_on_this_machine() -> None:
    session = session_of(Data("1", "live", "https://h/other.csv"), endpoint="local")
    with pytest.raises(InvalidArgument, match="There is a dataset live already, with another source"):
        find_or_add_uncopied(session, "live", URL)


def test_a_name_that_another_user_has_is_no_obstacle_on_a_shared_server() -> None:
    session = session_of(Data("1", "live", "https://h/other.csv"))
    assert find_or_add_uncopied(session, "live", URL).url == URL


def test_a_type_that_stores_copies_is_refused() -> None:
    session = session_of(copied={"name": "copied", "data_id": "1", "no_copy": False, "urls": []})
    with pytest.raises(InvalidArgument, match="Type copied stores copies"):
        find_or_add_uncopied(session, "live", URL, "copied")
