"""Tokens that authorize one run or task at the service while it runs."""

from __future__ import annotations

import secrets


class RunTokens:
    """The tokens of runs and tasks; they are held in memory only."""

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}

    def token_for(self, id: str) -> str:
        """Return the token of a run or task; the token is created at the first request."""
        return self._tokens.setdefault(id, secrets.token_urlsafe(32))

    def revoke(self, id: str) -> None:
        """Revoke the token of a run or task."""
        self._tokens.pop(id, None)

    def holder(self, token: str) -> str | None:
        """Return the run or task that holds a token, or None."""
        for id, known in list(self._tokens.items()):
            if secrets.compare_digest(known.encode(), token.encode()):
                return id
        return None
