"""The name of a source type works everywhere, or is refused when the type is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.service.catalogue.source_types import add_type_url, delete_type_url, type_out, types_out
from aero_jupyter.service.catalogue.sources import add_source
from aero_jupyter.service.request_models import SourceIn
from aero_jupyter.service.storage.database import Store


def made(store: Store, name: str, url: str = "https://example.org/*.csv") -> str:
    return add_source(store, SourceIn(name="reports", url=url, type=name))


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("weekly/north", "weekly_north"),
        ("", "Choose another name"),
        ("-north", "north"),
        ("north@2", "north_2"),
        ("north\n", "north"),
        (" north", "north"),
    ],
)
def test_a_name_that_cannot_be_used_everywhere_is_refused_with_another(tmp_path: Path, name: str, cure: str) -> None:
    store = Store(tmp_path / "aero.db")
    with pytest.raises(InvalidArgument, match="cannot be the name of a source type") as caught:
        made(store, name)
    assert cure in caught.value.cure
    assert types_out(store) == []
    assert store.db.rows("SELECT * FROM data") == []


def test_both_forms_of_an_accent_name_one_type(tmp_path: Path) -> None:
    store = Store(tmp_path / "aero.db")
    assert made(store, "cafe\u0301") == made(store, "caf\u00e9", "https://example.org/other/*.csv")
    add_type_url(store, "cafe\u0301", "https://example.org/more.csv")
    assert len(type_out(store, "caf\u00e9")["urls"]) == 3
    assert len(delete_type_url(store, "cafe\u0301", "https://example.org/more.csv")["urls"]) == 2
