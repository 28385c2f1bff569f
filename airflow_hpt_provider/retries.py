"""Which errors are worth another try, and when: the only table from errors to retries.

Three levels (see ``docs/``): this module is the first, a single call to the API. The second, a training job,
is ``RetryStrategy.MaximumRetryAttempts`` in the request. The third, a whole tuning job, is the operator's.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_delay,
)

from airflow_hpt_provider.exceptions import TuningConnectionError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError


class Verdict(StrEnum):
    """What an error means for the next try."""

    TRANSIENT = "transient"
    """The service or the way to it has trouble: try again later."""
    CREDENTIALS = "credentials"
    """The credentials have expired or were rotated: build a new client from the connection and try again."""
    NOT_FOUND = "not found"
    """What was asked for does not exist."""
    FATAL = "fatal"
    """The same call would fail the same way: access denied, validation, a name in use."""


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
    }
)
TRANSIENT_CODES = THROTTLING_CODES | frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "TransactionInProgressException",
    }
)
CREDENTIAL_CODES = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "TokenRefreshRequired",
    }
)
ROTATED_CODES = frozenset(
    {
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""Wrong keys: fatal at the first call, but in the middle of a wait a sign that they were rotated."""

_WRONG_TIME_TEXTS = ("expired", "not yet current")
"""A signature of the wrong time has the code of a wrong key. Clocks are set right again, so it is no mistake."""

_NOT_FOUND_TEXTS = ("can't find", "could not find", "does not exist", "cannot find", "not found")


_CAPACITY_TEXTS = (
    "capacityerror",
    "insufficient capacity",
    "unable to provision requested ml compute capacity",
)


def classify(error: BaseException, *, worked_before: bool = False) -> Verdict:
    """What an error raised by a boto3 call means.

    Args:
        error: as raised by boto3, or by building its client.
        worked_before: an earlier call with the same connection succeeded. Then missing or refused credentials
            are taken for rotated ones; at the first call they are a mistake that should be told at once.
    """
    from botocore import exceptions as boto
    from botocore.parsers import ResponseParserError

    if isinstance(error, boto.ClientError):
        return _classify_answer(error, worked_before=worked_before)
    if isinstance(error, boto.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return Verdict.FATAL
    if isinstance(
        error,
        (
            boto.CredentialRetrievalError,
            boto.TokenRetrievalError,
            boto.MetadataRetrievalError,
            boto.UnauthorizedSSOTokenError,
        ),
    ):
        return Verdict.CREDENTIALS
    if isinstance(
        error,
        (boto.NoCredentialsError, boto.PartialCredentialsError, boto.NoAuthTokenError, TuningConnectionError),
    ):
        return Verdict.CREDENTIALS if worked_before else Verdict.FATAL
    if isinstance(
        error,
        (
            boto.ConnectionError,  # refused and reset connections, time-outs, DNS
            boto.HTTPClientError,  # proxies, broken streams
            boto.IncompleteReadError,
            ResponseParserError,  # an HTML page from a load balancer where JSON should be
            ConnectionError,
            TimeoutError,
        ),
    ):
        return Verdict.TRANSIENT
    return Verdict.FATAL


def _classify_answer(error: ClientError, *, worked_before: bool) -> Verdict:
    code = error_code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    message = error.response.get("Error", {}).get("Message", "").lower()
    if code in CREDENTIAL_CODES or (
        code in ROTATED_CODES and (worked_before or any(text in message for text in _WRONG_TIME_TEXTS))
    ):
        return Verdict.CREDENTIALS
    if code in {"ResourceNotFound", "ResourceNotFoundException"} or (
        code == "ValidationException" and any(text in message for text in _NOT_FOUND_TEXTS)
    ):
        return Verdict.NOT_FOUND
    if code.isdigit() and (status == 400 or worked_before):
        return Verdict.TRANSIENT  # no error of AWS's could be read: half a body, or a page of some proxy
    if code in TRANSIENT_CODES or status >= 500 or status == 429:
        return Verdict.TRANSIENT
    return Verdict.FATAL


def error_code(error: BaseException) -> str:
    """AWS's error code of a ClientError, or an empty string."""
    return str(_answer(error).get("Error", {}).get("Code", ""))


def _answer(error: BaseException | None) -> dict[str, Any]:
    """The answer that a ClientError carries; other errors of botocore have a ``response`` too, but None."""
    return getattr(error, "response", None) or {}


def _metadata(error: BaseException | None) -> dict[str, Any]:
    metadata: dict[str, Any] = _answer(error).get("ResponseMetadata", {})
    return metadata


def is_throttled(error: BaseException) -> bool:
    """Whether the service refused the call as one too many."""
    return error_code(error) in THROTTLING_CODES or _metadata(error).get("HTTPStatusCode") == 429


def is_denied(error: BaseException) -> bool:
    """Whether the caller may not make this call."""
    return error_code(error) in {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


def is_retryable_failure(failure_reason: str | None) -> bool:
    """Whether a tuning job that Failed for this reason may succeed when it is submitted again.

    True for the service's own failures and for missing capacity; never for ClientError or AlgorithmError.
    """
    reason = (failure_reason or "").lower()
    if "clienterror" in reason or "algorithmerror" in reason:
        return False
    return is_capacity_failure(reason) or "internalservererror" in reason or "internal server error" in reason


def is_capacity_failure(failure_reason: str | None) -> bool:
    """Whether a tuning job Failed because there were no machines for it: a retry is better made later."""
    reason = (failure_reason or "").lower()
    return any(text in reason for text in _CAPACITY_TEXTS)


class FullJitter:
    """tenacity wait: a random time up to an exponentially growing bound, and never before Retry-After.

    Full jitter spreads the retries of many callers best; see the AWS Architecture Blog, "Exponential Backoff
    And Jitter". Seconds.
    """

    def __init__(self, base: float = 1.0, cap: float = 60.0) -> None:
        self.base, self.cap = base, cap

    def __call__(self, state: RetryCallState) -> float:
        """Seconds to wait after this failed attempt."""
        return max(
            self.after(state.attempt_number),
            retry_after(state.outcome.exception() if state.outcome else None),
        )

    def after(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row."""
        bound = min(self.cap, self.base * 2 ** min(failures - 1, 30))
        return random.uniform(0.0, bound)  # noqa: S311 - not cryptography


def retry_after(error: BaseException | None) -> float:
    """The answer's Retry-After header in seconds (at most 300), or 0."""
    headers = _metadata(error).get("HTTPHeaders", {})
    try:
        return min(float(headers.get("retry-after", 0)), 300.0)
    except ValueError:  # the header may hold a date instead
        return 0.0


def retrying(
    *,
    max_delay: timedelta = timedelta(minutes=5),
    rebuild: Callable[[], Any] | None = None,
    worked_before: Callable[[], bool] = lambda: False,
    log: Callable[..., Any] | None = None,
) -> Retrying:
    """A blocking retry loop: transient trouble is retried, all else raised at once.

    Args:
        max_delay: total time after which the last error is raised.
        rebuild: called before the next try when the credentials were refused.
        worked_before: see :func:`classify`.
        log: called with a format string and its arguments before each new try.
    """

    def again(error: BaseException) -> bool:
        return classify(error, worked_before=worked_before()) in {Verdict.TRANSIENT, Verdict.CREDENTIALS}

    def before_sleep(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if error is None:
            return
        if rebuild and classify(error, worked_before=worked_before()) is Verdict.CREDENTIALS:
            rebuild()
        if log:
            delay = state.next_action.sleep if state.next_action else 0.0
            log("%s; trying again in %.1f s (try %d).", brief(error), delay, state.attempt_number + 1)

    return Retrying(
        retry=retry_if_exception(again),
        wait=FullJitter(),
        stop=stop_after_delay(max_delay.total_seconds()),
        before_sleep=before_sleep,
        reraise=True,
    )


def brief(error: BaseException) -> str:
    """An error in one line, at most 300 characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else text[:297] + "..."
