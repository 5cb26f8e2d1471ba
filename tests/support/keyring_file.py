"""A keyring in a file: a real backend of the package keyring, chosen by the environment as a user chooses one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keyring
import pytest
from keyrings.alt.file import PlaintextKeyring


@contextmanager
def keyring_file(path: Path) -> Iterator[PlaintextKeyring]:
    """Use a file as the keyring of this process, and of the processes that it starts.

    Parameters
    ----------
    path : Path
        The file; it is created when the first entry is set.

    Yields
    ------
    PlaintextKeyring
        The backend; ``set_password(service, user, password)`` writes an entry.
    """
    before = keyring.get_keyring()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyrings.alt.file.PlaintextKeyring")
        patch.setenv("KEYRING_PROPERTY_FILE_PATH", str(path))
        backend = PlaintextKeyring()
        keyring.set_keyring(backend)
        try:
            yield backend
        finally:
            keyring.set_keyring(before)
