"""AERO's matcher in IPython's completer; what it completes with is imported by the first Tab."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any  # IPython's objects, which have no types

from IPython.core.completer import context_matcher

if TYPE_CHECKING:
    from aero_jupyter.notebook.magics.completion.matcher import LineMatcher

#: Priority above all of IPython's own matchers.
_PRIORITY = 1_000


class RegisteredMatcher:
    """Matcher of IPython's completer for the lines of AERO's magics.

    Parameters
    ----------
    shell : InteractiveShell
        The shell that has the magics.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        decorate = context_matcher(identifier="aero_jupyter", priority=_PRIORITY)
        self._decorated = decorate(lambda context: self._line_matcher.match(context))

    @cached_property
    def _line_matcher(self) -> LineMatcher:
        from aero_jupyter.notebook.magics.completion.matcher import LineMatcher

        return LineMatcher(self._shell)

    def add(self) -> None:
        """Add the matcher to the shell."""
        self._shell.Completer.custom_matchers.append(self._decorated)

    def remove(self) -> None:
        """Remove the matcher from the shell."""
        if self._decorated in self._shell.Completer.custom_matchers:
            self._shell.Completer.custom_matchers.remove(self._decorated)
