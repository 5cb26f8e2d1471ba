"""The proof that a service knows a token, without the token being sent."""

from __future__ import annotations

import hashlib
import hmac

#: The path at which the service answers a challenge; the query's ``nonce`` is random.
CHALLENGE_PATH = "challenge"
#: Maximum number of characters in a nonce.
NONCE_CHARS = 64


def proof_of(token: str, nonce: str, port: int) -> str:
    """Return the proof for a nonce; the port in it keeps another process from passing a challenge on."""
    return hmac.new(token.encode(), f"aero_jupyter challenge {port} {nonce}".encode(), hashlib.sha256).hexdigest()
