"""The service's own errors: it does not start, or it refuses a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class StartError(Exception):
    """The service cannot start; the message says why and what to do."""


class ServiceError(Exception):
    """An AWS error answer: code, message and HTTP status.

    Args:
        code: AWS's error code, e.g. ``ValidationException`` or ``ResourceInUse``.
        message: AWS's text where it is known.
        status: HTTP status; SageMaker answers 400 to nearly all client errors, ResourceNotFound included.
        details: more elements of S3's error, such as ``BucketName``.
        headers: more headers of S3's response, such as ``etag``.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        *,
        details: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code, message, status)
        self.code = code
        self.message = message
        self.status = status
        self.details = dict(details or {})
        self.headers = dict(headers or {})

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
