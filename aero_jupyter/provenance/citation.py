"""The citation of a version."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.suggestions import suggest
from aero_jupyter.core.terminal_text import escape_controls
from aero_jupyter.provenance.ancestry import Ancestry
from aero_jupyter.provenance.citation_formats import bibtex_entry, cff_document, datacite_document
from aero_jupyter.provenance.citation_text import authors_of, citation_text

_FORMS: dict[str, Callable[[Ancestry, Sequence[str]], str]] = {
    "text": citation_text,
    "bibtex": bibtex_entry,
    "cff": cff_document,
    "datacite": datacite_document,
}
#: The forms of a citation.
CITATION_FORMS = tuple(_FORMS)


@dataclass(frozen=True, repr=False)
class Citation:
    """The citation of a version; `print` and the notebook show it in its `form`.

    Attributes
    ----------
    ancestry : Ancestry
        The version, and what it was made from.
    authors : tuple of str
        If empty, the hosts of the source, or the owners of the flows that derived the version, are the authors.
    form : {"text", "bibtex", "cff", "datacite"}
    """

    ancestry: Ancestry
    authors: tuple[str, ...] = ()
    form: str = "text"

    def __post_init__(self) -> None:
        if self.form not in _FORMS:
            cure = suggest(self.form, CITATION_FORMS)
            raise InvalidArgument(f"There is no citation in the form {self.form!r}.", cure)

    def __str__(self) -> str:
        return self._in(self.form)

    def __repr__(self) -> str:
        return escape_controls(str(self))

    @property
    def text(self) -> str:
        """The citation as a sentence, followed by what the version was made from."""
        return self._in("text")

    @property
    def bibtex(self) -> str:
        """An entry ``@dataset`` of biblatex."""
        return self._in("bibtex")

    @property
    def cff(self) -> str:
        """A file ``CITATION.cff``, as YAML."""
        return self._in("cff")

    @property
    def datacite(self) -> str:
        """The metadata of DataCite, as JSON."""
        return self._in("datacite")

    def _in(self, form: str) -> str:
        return _FORMS[form](self.ancestry, self.authors or authors_of(self.ancestry))
