"""The service's own errors: it does not start, or it refuses a call."""

from __future__ import annotations


class StartError(Exception):
    """The service cannot start; the message says why and what to do."""


class ServiceError(Exception):
    """An AWS error answer: code, message and HTTP status.

    Args:
        code: AWS's error code, e.g. ``ValidationException`` or ``ResourceInUse``.
        message: AWS's text where it is known.
        status: HTTP status; SageMaker answers 400 to nearly all client errors, ResourceNotFound included.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code, message, status)
        self.code = code
        self.message = message
        self.status = status

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
