"""The bearer token of a request."""

from __future__ import annotations

from fastapi import Request


def bearer(request: Request) -> str:
    """Return the bearer token of a request; empty if the request has none or uses another scheme."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
