"""Why a request's signature is not accepted."""

from __future__ import annotations

from enum import Enum


class Refusal(Enum):
    """Why a request's signature is not accepted; each protocol has its own codes for it."""

    MISSING = "missing"
    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown key"
    BAD_TOKEN = "bad session token"  # noqa: S105 - not a password
    MISMATCH = "signature mismatch"
    SKEWED = "clock skew"
    EXPIRED = "expired"
    UNSIGNED_HEADERS = "unsigned headers"


class NotAuthenticated(Exception):  # noqa: N818 - it says what is the case
    """A request whose signature is not accepted."""

    def __init__(self, refusal: Refusal, message: str) -> None:
        super().__init__(refusal, message)
        self.refusal = refusal
        self.message = message
