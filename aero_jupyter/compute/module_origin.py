"""Where a module comes from: Python itself, an installed package, or a folder of the user's own."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from importlib.machinery import ModuleSpec
from pathlib import Path


def is_installed(spec: ModuleSpec) -> bool:
    """Return whether a top module is part of Python or installed, an editable install included.

    An editable install is found through a ``.pth`` file or an import hook. A plain module beside the notebook travels
    also where the folder of the notebook is that of such an install.
    """
    if spec.origin in ("built-in", "frozen"):
        return True
    places = [Path(spec.origin)] if spec.has_location and spec.origin else []
    places = places or [Path(each) for each in spec.submodule_search_locations or ()]
    if not places or any(_below_install(place) for place in places):
        return True
    root = places[0].parent.parent if spec.has_location and spec.submodule_search_locations else places[0].parent
    if _same(root, Path.cwd()):
        return spec.submodule_search_locations is not None and spec.has_location and _is_editable_root(root)
    return _is_editable_root(root) or not _on_path(root)


def _below_install(place: Path) -> bool:
    if {"site-packages", "dist-packages"} & set(place.parts):
        return True
    paths = sysconfig.get_paths()
    roots = [Path(paths[key]) for key in ("stdlib", "platstdlib", "purelib", "platlib")]
    return any(place.resolve().is_relative_to(root.resolve()) for root in roots)


def _on_path(root: Path) -> bool:
    return any(_same(root, Path(entry or os.curdir)) for entry in sys.path)


def _is_editable_root(root: Path) -> bool:
    folders = [*site.getsitepackages(), site.getusersitepackages()]
    files = [file for folder in folders if os.path.isdir(folder) for file in Path(folder).glob("*.pth")]
    lines = [line for file in files for line in file.read_text("utf-8", "replace").splitlines()]
    return any(_same(root, Path(line)) for line in lines if line and not line.startswith(("#", "import ", "import\t")))


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()
