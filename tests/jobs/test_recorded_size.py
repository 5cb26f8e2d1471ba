"""An input that sends more bytes than its recorded size is stopped while it arrives."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.scripted_web import Answer, WebServer

from aero_jupyter.jobs import AeroJobError
from aero_jupyter.jobs.inputs import fetch_inputs


@pytest.mark.parametrize("size", [2, 2.0, 70_000])
def test_an_endpoint_stops_at_the_recorded_size(web_server: WebServer, tmp_path: Path, size: float) -> None:
    web_server.set_answers("/coll/x.csv", Answer(b"x" * 1_000_000))
    entry = {"collection_url": f"{web_server.url}/coll", "file_bn": "x.csv", "size": size}
    with pytest.raises(AeroJobError, match=f"sends more than {int(size):,} bytes"):
        fetch_inputs({"input_data": {"ww": entry}}, str(tmp_path), ())
