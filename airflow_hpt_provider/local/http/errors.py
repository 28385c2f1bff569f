"""Errors in the shape that the client's protocol has.

=============  ====================================  =======================================
protocol       who speaks it                         an error is
=============  ====================================  =======================================
JSON           SageMaker, Logs, SQS, EventBridge     ``{"__type": code, "message": text}``
QUERY          IAM, STS                              XML, ``ErrorResponse``
S3             S3                                    XML, ``Error``
=============  ====================================  =======================================
"""

from __future__ import annotations

import json
from enum import Enum
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from starlette.responses import Response

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.http.auth.errors import AuthenticationError, AuthFailure
from airflow_hpt_provider.local.http.request import CONTENT_TYPE

if TYPE_CHECKING:
    from airflow_hpt_provider.local.http.request import WireRequest


class WireProtocol(Enum):
    """How a client expects its errors."""

    JSON = "json"
    QUERY = "query"
    S3 = "s3"


def protocol_of(request: WireRequest, service: str | None) -> WireProtocol:
    """Return the client's protocol, as far as the request shows it.

    Args:
        request: the request.
        service: of its credential scope, if it is signed at all.
    """
    content_type = request.headers.get("content-type", "")
    if request.target or "json" in content_type or service == "sagemaker":
        return WireProtocol.JSON
    if content_type.startswith("application/x-www-form-urlencoded") and service != "s3":
        return WireProtocol.QUERY
    return WireProtocol.S3 if service in {None, "s3"} else WireProtocol.JSON


_R, _P = AuthFailure, WireProtocol
_REFUSED: dict[AuthFailure, dict[WireProtocol, tuple[str, int]]] = {
    _R.MISSING: {
        _P.JSON: ("MissingAuthenticationTokenException", 400),
        _P.QUERY: ("MissingAuthenticationToken", 403),
        _P.S3: ("AccessDenied", 403),
    },
    _R.MALFORMED: {
        _P.JSON: ("IncompleteSignatureException", 400),
        _P.QUERY: ("IncompleteSignature", 400),
        _P.S3: ("AuthorizationHeaderMalformed", 400),
    },
    _R.UNKNOWN_KEY: {
        _P.JSON: ("UnrecognizedClientException", 400),
        _P.QUERY: ("InvalidClientTokenId", 403),
        _P.S3: ("InvalidAccessKeyId", 403),
    },
    _R.BAD_TOKEN: {
        _P.JSON: ("UnrecognizedClientException", 400),
        _P.QUERY: ("InvalidClientTokenId", 403),
        _P.S3: ("InvalidToken", 400),
    },
    _R.MISMATCH: {
        _P.JSON: ("InvalidSignatureException", 400),
        _P.QUERY: ("SignatureDoesNotMatch", 403),
        _P.S3: ("SignatureDoesNotMatch", 403),
    },
    _R.SKEWED: {
        _P.JSON: ("InvalidSignatureException", 400),
        _P.QUERY: ("SignatureDoesNotMatch", 403),
        _P.S3: ("RequestTimeTooSkewed", 403),
    },
    _R.EXPIRED: {
        _P.JSON: ("InvalidSignatureException", 400),
        _P.QUERY: ("RequestExpired", 400),
        _P.S3: ("AccessDenied", 403),
    },
    _R.UNSIGNED_HEADERS: {
        _P.JSON: ("IncompleteSignatureException", 400),
        _P.QUERY: ("IncompleteSignature", 400),
        _P.S3: ("AccessDenied", 403),
    },
}
_S3_TEXTS = {
    AuthFailure.MISSING: "Access Denied",
    AuthFailure.UNKNOWN_KEY: "The AWS Access Key Id you provided does not exist in our records.",
    AuthFailure.SKEWED: "The difference between the request time and the current time is too large.",
}


def refused(error: AuthenticationError, protocol: WireProtocol) -> ServiceError:
    """AWS's error for a signature that is not accepted."""
    code, status = _REFUSED[error.failure][protocol]
    text = _S3_TEXTS.get(error.failure, error.message) if protocol is WireProtocol.S3 else error.message
    return ServiceError(code, text, status)


def error_response(error: ServiceError, request: WireRequest, protocol: WireProtocol) -> Response:
    """Return the error as a client of that protocol expects it; for a HEAD request, without a body."""
    if protocol is WireProtocol.JSON:
        body = json.dumps({"__type": error.code, "message": error.message, "Message": error.message})
        headers = {
            "content-type": CONTENT_TYPE,
            "x-amzn-requestid": request.id,
            "x-amzn-errortype": error.code,
        }
    elif protocol is WireProtocol.QUERY:
        kind = "Sender" if error.status < 500 else "Receiver"
        body = (
            f"<ErrorResponse><Error><Type>{kind}</Type>{_code_and_message(error)}</Error>"
            f"<RequestId>{request.id}</RequestId></ErrorResponse>"
        )
        headers = {"content-type": "text/xml", "x-amzn-requestid": request.id}
    else:
        details = "".join(f"<{name}>{_xml(text)}</{name}>" for name, text in error.details.items())
        body = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{_code_and_message(error)}{details}'
            f"<Resource>{_xml(request.path)}</Resource><RequestId>{request.id}</RequestId></Error>"
        )
        headers = {"content-type": "application/xml", "x-amz-request-id": request.id, **error.headers}
    without_body = request.method == "HEAD" or error.status == 304
    return Response(None if without_body else body, error.status, headers)


def _code_and_message(error: ServiceError) -> str:
    return f"<Code>{_xml(error.code)}</Code><Message>{_xml(error.message)}</Message>"


def _xml(text: str) -> str:
    allowed = "".join(c if c >= " " or c in "\t\n\r" else "?" for c in text)
    return escape(allowed.encode("utf-8", "replace").decode())
