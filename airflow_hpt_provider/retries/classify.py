"""The only table from errors to retries."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from airflow_hpt_provider.exceptions import TuningConnectionError, TuningError
from airflow_hpt_provider.retries.errors import THROTTLING_CODES, error_code

if TYPE_CHECKING:
    from botocore.exceptions import ClientError


class ErrorClass(StrEnum):
    """What an error means for the next try."""

    TRANSIENT = "transient"
    """The service or the way to it has trouble: try again later."""
    CREDENTIALS = "credentials"
    """The credentials have expired or were rotated: build a new client from the connection and try again."""
    NOT_FOUND = "not found"
    """What was asked for does not exist."""
    FATAL = "fatal"
    """The same call would fail the same way: access denied, validation, a name in use."""


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
"""Invalid keys: fatal at the first call, but a sign of rotation in the middle of a wait."""

_WRONG_TIME_TEXTS = ("expired", "not yet current")
"""A signature with the wrong time has the error code of an invalid key, but clocks are corrected: it is transient."""

_NOT_FOUND_TEXTS = ("can't find", "could not find", "does not exist", "cannot find", "not found")


def classify(error: BaseException, *, connection_worked: bool = False) -> ErrorClass:
    """Classify an error raised by a boto3 call.

    Args:
        error: as raised by boto3, or by building its client.
        connection_worked: an earlier call with the same connection succeeded. Then missing or refused credentials
            are taken for rotated ones, and an error that is on no list is transient. At the first call both are a
            mistake of the user's.
    """
    from botocore import exceptions as boto
    from botocore.parsers import ResponseParserError

    if isinstance(error, boto.ClientError):
        return _classify_answer(error, connection_worked=connection_worked)
    if isinstance(error, boto.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return ErrorClass.FATAL
    if isinstance(
        error,
        (
            boto.CredentialRetrievalError,
            boto.TokenRetrievalError,
            boto.MetadataRetrievalError,
            boto.UnauthorizedSSOTokenError,
        ),
    ):
        return ErrorClass.CREDENTIALS
    if isinstance(
        error,
        (boto.NoCredentialsError, boto.PartialCredentialsError, boto.NoAuthTokenError, TuningConnectionError),
    ):
        return ErrorClass.CREDENTIALS if connection_worked else ErrorClass.FATAL
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
        return ErrorClass.TRANSIENT
    if isinstance(error, (boto.ParamValidationError, boto.ValidationError, TuningError)):
        return ErrorClass.FATAL  # the caller's own mistake, whenever it is made
    # On no list: at the first call the user's mistake; later the call itself is known to be right.
    return ErrorClass.TRANSIENT if connection_worked else ErrorClass.FATAL


def _classify_answer(error: ClientError, *, connection_worked: bool) -> ErrorClass:
    code = error_code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    message = str(error.response.get("Error", {}).get("Message", "")).lower()
    if code in CREDENTIAL_CODES or (
        code in ROTATED_CODES and (connection_worked or any(text in message for text in _WRONG_TIME_TEXTS))
    ):
        return ErrorClass.CREDENTIALS
    if code in {"ResourceNotFound", "ResourceNotFoundException"} or (
        code == "ValidationException" and any(text in message for text in _NOT_FOUND_TEXTS)
    ):
        return ErrorClass.NOT_FOUND
    if code.isdigit() and (status == 400 or connection_worked):
        return ErrorClass.TRANSIENT  # no error of AWS's could be read: half a body, or a page of some proxy
    if code in TRANSIENT_CODES or status >= 500 or status == 429:
        return ErrorClass.TRANSIENT
    return ErrorClass.FATAL
