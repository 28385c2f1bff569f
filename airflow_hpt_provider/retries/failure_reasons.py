"""The table from a tuning job's FailureReason to a retry."""

from __future__ import annotations

_CAPACITY_TEXTS = (
    "capacityerror",
    "insufficient capacity",
    "unable to provision requested ml compute capacity",
)


def is_retryable_failure(failure_reason: str | None) -> bool:
    """Return whether a tuning job that Failed for this reason may succeed when it is submitted again.

    True for the service's own failures and for missing capacity; never for ClientError or AlgorithmError.
    """
    reason = (failure_reason or "").lower()
    if "clienterror" in reason or "algorithmerror" in reason:
        return False
    return is_capacity_failure(reason) or "internalservererror" in reason or "internal server error" in reason


def is_capacity_failure(failure_reason: str | None) -> bool:
    """Return whether a tuning job Failed because there were no machines for it: a retry is better made later."""
    reason = (failure_reason or "").lower()
    return any(text in reason for text in _CAPACITY_TEXTS)
