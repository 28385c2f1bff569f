"""One malformed request, and how it must be refused."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fuzz.service import Resources


class Refused(Enum):
    """In which shape the refusal must come."""

    JSON = "JSON 1.1: __type, message, X-Amzn-ErrorType"
    S3 = "S3: <Error><Code>"
    QUERY = "Query: <ErrorResponse>"
    ANY = "any of these, whichever protocol the request seems to speak"
    HTTP = "not HTTP: 4xx, or the connection is closed"


class Signature(Enum):
    """How the request is signed."""

    GOOD = "as it should be"
    NONE = "not at all"
    SECRET = "with another secret"
    KEY = "with an unknown key"
    OLD = "20 minutes ago"
    FUTURE = "in 20 minutes"
    OTHER_SERVICE = "for another service"
    NOT_WHOLE = "without the host"


@dataclass(frozen=True)
class Case:
    """A request that the service must not carry out.

    Attributes:
        method, path, headers, body: as they are signed.
        service: whose the signature is; ``s3`` or anything else.
        signature: how it is signed.
        sent_headers: put in place after signing.
        sent_body: sent in place of the body that was signed.
        raw: the bytes to send, in place of all of the above.
        refused: how the refusal must look.
    """

    method: str = "POST"
    path: str = "/"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    service: str = "sagemaker"
    signature: Signature = Signature.GOOD
    sent_headers: dict[str, str] = field(default_factory=dict)
    sent_body: bytes | None = None
    raw: bytes | None = None
    refused: Refused = Refused.JSON

    def __repr__(self) -> str:
        if self.raw is not None:
            return f"raw {self.raw[:300]!r}"
        return (
            f"{self.method} {self.path[:200]} {self.headers} {self.sent_headers} {self.service} "
            f"signed {self.signature.value}, body of {len(self.body)}: {self.body[:600]!r}"
        )


Kind = Callable[[random.Random, "Resources"], Case]
"""Makes a malformed request; the same one for the same state of the generator."""

CONTENT_TYPE = "application/x-amz-json-1.1"


def call(operation: str, body: bytes) -> Case:
    """A SageMaker call with this body."""
    return Case(headers={"X-Amz-Target": f"SageMaker.{operation}", "Content-Type": CONTENT_TYPE}, body=body)
