"""A version taken from its page: as a file in the working folder, or as a citation."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from aero_jupyter.core.models import Data, Version
from aero_jupyter.notebook.formatting import size_of
from aero_jupyter.provenance import Citation
from aero_jupyter.session.ancestors import ancestry_of

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.session.session import Session


def citation_of(session: Session, data: Data, version: Version) -> str:
    """Return the citation of a version, with every version and function that led to it.

    Raises
    ------
    ClientError
        If the server refuses or does not answer.
    """
    return str(Citation(ancestry_of(session, data, version), (), "text"))


def save_version(client: AeroClient, data: Data, version: int | None, folder: Path) -> str:
    """Save the file of a version in a folder under a new name; return a sentence about it.

    Raises
    ------
    Unreadable
        If the server does not list where the bytes are.
    ClientError
        If the server refuses or does not answer.
    """
    found = client.place(data.id, version)
    # The name comes from the server: no part of it may lead to another folder.
    stem = re.sub(r"[^\w-]", "_", data.name)[:80] or "data"
    suffix = "".join(re.findall(r"\.\w{1,8}", found.file_name)[-2:])
    base = f"{stem}_v{found.version.version}"
    number = 1
    while True:
        path = folder / (f"{base}{suffix}" if number == 1 else f"{base}_{number}{suffix}")
        try:
            file = path.open("xb")
        except FileExistsError:
            number += 1
            continue
        break
    try:
        with file, client.open_content(found) as content:
            shutil.copyfileobj(content, file)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return f"Saved as {path.name} ({size_of(path.stat().st_size)}) in {folder}."
