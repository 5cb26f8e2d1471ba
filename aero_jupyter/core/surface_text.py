"""Sentences whose words differ between the magics and the registration form."""

from __future__ import annotations


class SurfaceText(str):
    """A sentence in the words of the magics, with its words in the registration form.

    Parameters
    ----------
    text : str
        The sentence as errors show it; it may name options of a magic.
    in_form : str
        The same advice for a user of the form, which has buttons and fields instead of options.

    Examples
    --------
    >>> text = SurfaceText("Choose it with --name.", "Leave one of them in the source code.")
    >>> print(text)
    Choose it with --name.
    >>> form_words(text)
    'Leave one of them in the source code.'
    """

    in_form: str

    def __new__(cls, text: str, in_form: str = "") -> SurfaceText:
        """Create the sentence with both wordings."""
        self = super().__new__(cls, text)
        self.in_form = in_form
        return self


def form_words(text: str) -> str:
    """Return a sentence in the words of the form."""
    return text.in_form if isinstance(text, SurfaceText) else text
