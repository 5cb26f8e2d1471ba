"""The README and the pages beside it: links that lead somewhere, facts that agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import aero_jupyter

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
_LINK = re.compile(r"\]\(([^)#:]+)(?:#[\w-]+)?\)")
_VARIABLE = re.compile(r"\bAERO_[A-Z]+(?:_[A-Z]+)*\b")
#: Not a variable: each is the beginning of several.
_PREFIXES = {"AERO_LOCAL", "AERO_LOCAL_PULL", "AERO_READ"}


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_repository_lead_somewhere(page):
    assert [link for link in _LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists()] == []


def test_the_settings_page_lists_every_variable():
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    package = Path(aero_jupyter.__file__).parent
    read = {name for path in package.rglob("*.py") for name in _VARIABLE.findall(path.read_text("utf-8"))}
    assert read - _PREFIXES - set(_VARIABLE.findall(page)) == set()


def test_changelog_and_citation_name_the_version():
    newest = re.search(r"^## \[([\d.]+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    cited = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == aero_jupyter.__version__
    assert cited is not None
    assert cited[1] == aero_jupyter.__version__


def test_every_decision_is_in_the_index():
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text("utf-8")
    assert [
        page.name for page in folder.glob("*.md") if page.name != "README.md" and f"({page.name})" not in index
    ] == []
