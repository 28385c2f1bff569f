"""Why a request's signature is not accepted."""

from __future__ import annotations

from enum import Enum


class AuthFailure(Enum):
    """Why a request's signature is not accepted; each protocol has its own codes for it."""

    MISSING = "missing"
    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown key"
    BAD_TOKEN = "bad session token"  # noqa: S105 - not a password
    MISMATCH = "signature mismatch"
    SKEWED = "clock skew"
    EXPIRED = "expired"
    UNSIGNED_HEADERS = "unsigned headers"


class AuthenticationError(Exception):
    """A request whose signature is not accepted."""

    def __init__(self, failure: AuthFailure, message: str) -> None:
        super().__init__(failure, message)
        self.failure = failure
        self.message = message
