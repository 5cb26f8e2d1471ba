"""The words of pages, notebooks and messages: one concept has one name, as in the README's glossary."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from support.package_messages import messages

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("notebooks/*.ipynb")])
#: The words to avoid, and what to write instead.
_WORDS = {
    r"a data|data sets?": "dataset",
    r"pull(?:s|ed|ing)?(?! request)": "download",
    r"twins?": "snapshot",
    r"remarks?": "finding",
    r"travel(?:s|led|ling)?": "is sent",
    r"sign(?:s|ed)? in|sign-ins?": "log in",
    r"somebody|nobody|anybody": "a noun",
    r"(?:begins?|made) anew": "starts again",
    r"tells?|told": "returns, reports, names",
}
_CODE = re.compile(r"```.*?```|`[^`]*`|\]\([^)]*\)", re.DOTALL)


def prose(page: Path) -> str:
    """Return the text of a page or of a notebook's Markdown cells, without code and links."""
    if page.suffix == ".md":
        return _CODE.sub("", page.read_text("utf-8"))
    cells = nbformat.read(page, as_version=4).cells
    return _CODE.sub("", "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_and_notebooks_use_the_words_of_the_glossary(page: Path) -> None:
    text = prose(page)
    found = [
        f"{text[max(0, match.start() - 40) : match.end() + 20]!r}: write {instead!r}"
        for word, instead in _WORDS.items()
        for match in re.finditer(rf"\b(?:{word})\b", text, re.IGNORECASE)
    ]
    assert not found, "\n".join(found)


#: The words that no message of the package has: each subject has a noun, each action its usual verb.
_RIDDLES = re.compile(
    r"\b(?:somebody|nobody|anybody|anew|travel(?:s|led|ling)?|twins?|remarks?|pull(?:s|ed)(?! function)|mend(?:ed)?"
    r"|sign(?:s|ed)? in|goes? on|wants?|gives?|gave|tells?|told|says?|said|by itself|any ?more)\b",
    re.IGNORECASE,
)


def test_messages_name_their_subject_and_use_the_usual_verb() -> None:
    found = [f"{place}: {text!r} has {match[0]!r}" for place, text in messages() if (match := _RIDDLES.search(text))]
    assert not found, "\n".join(found)
