"""The opaque tokens that continue a list: any text, in characters that JSON, XML and URLs hold unchanged."""

from __future__ import annotations

import base64


def to_token(text: str) -> str:
    """Return the token that holds this text."""
    return base64.urlsafe_b64encode(text.encode()).decode()


def from_token(token: str) -> str:
    """Return the text in a token.

    Raises:
        ValueError: it is no such token.
    """
    return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
