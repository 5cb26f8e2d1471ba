"""Tokens that open the service for one run or task, as long as it runs."""

from __future__ import annotations

import secrets


class RunTokens:
    """Who holds which token; nothing of it is kept anywhere else."""

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}

    def of(self, id: str) -> str:
        """Give the token of a run or task; made when it is first asked for."""
        return self._tokens.setdefault(id, secrets.token_urlsafe(32))

    def end(self, id: str) -> None:
        """Let a token open nothing any more."""
        self._tokens.pop(id, None)

    def holder(self, token: str) -> str | None:
        """Give the run or task that a token was made for, or None."""
        for id, known in list(self._tokens.items()):
            if secrets.compare_digest(known.encode(), token.encode()):
                return id
        return None
