"""Reads the parts of a boto3 error; :mod:`airflow_hpt_provider.retries.classify` decides on retries."""

from __future__ import annotations

import math
from typing import Any

THROTTLING_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
"""botocore's own list for its standard retries; a test compares them."""


def error_code(error: BaseException) -> str:
    """AWS's error code of a ClientError, or an empty string."""
    return str(_answer(error).get("Error", {}).get("Code", ""))


def _answer(error: BaseException | None) -> dict[str, Any]:
    """Return the response that a ClientError carries; for other botocore errors ``response`` may be None."""
    return getattr(error, "response", None) or {}


def _metadata(error: BaseException | None) -> dict[str, Any]:
    metadata: dict[str, Any] = _answer(error).get("ResponseMetadata", {})
    return metadata


def is_throttled(error: BaseException) -> bool:
    """Return whether the service refused the call as one too many."""
    return error_code(error) in THROTTLING_CODES or _metadata(error).get("HTTPStatusCode") == 429


def is_denied(error: BaseException) -> bool:
    """Return whether the caller may not make this call."""
    return error_code(error) in {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


def retry_after(error: BaseException | None) -> float:
    """Return the response's Retry-After header in seconds (at most 300); 0 if it has none that is a number."""
    headers = _metadata(error).get("HTTPHeaders", {})
    try:
        seconds = float(headers.get("retry-after", 0))
    except (ValueError, TypeError):  # the header may hold a date instead
        return 0.0
    return min(max(seconds, 0.0), 300.0) if math.isfinite(seconds) else 0.0


def one_line(error: BaseException) -> str:
    """Return an error's text in one line of at most 300 characters.

    It holds neither a URL's password nor what Airflow's masker knows, which would not find the beginning of a secret
    that the 300 characters cut in two.
    """
    from airflow_hpt_provider.compat import redact
    from airflow_hpt_provider.models.printable import printable, shortened
    from airflow_hpt_provider.models.secret_values import without_url_passwords

    text = without_url_passwords(str(redact(str(error))))
    return shortened(printable(" ".join(text.split())) or type(error).__name__, 300)
