"""The error responses that faults make: AWS's own, and those of a load balancer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.fault_injection.calls import service_of
from airflow_hpt_provider.local.fault_injection.rules import FaultKind
from airflow_hpt_provider.local.http.errors import WireProtocol, protocol_of
from airflow_hpt_provider.local.http.errors import error_response as aws_error

if TYPE_CHECKING:
    from airflow_hpt_provider.local.http.request import WireRequest

_HTML = {
    FaultKind.INTERNAL_ERROR_HTML: (500, "Internal Server Error"),
    FaultKind.SERVICE_UNAVAILABLE_HTML: (503, "Service Unavailable"),
}
"""What a load balancer of AWS's says; botocore takes it for an error of the service, as it does with AWS."""
_RETRY_AFTER = "2"
"""Seconds, in the header of ``too_many_requests``."""
_P = WireProtocol
_ERRORS: dict[FaultKind, tuple[dict[WireProtocol, tuple[str, int]], str]] = {
    FaultKind.THROTTLE: (
        {_P.JSON: ("ThrottlingException", 400), _P.QUERY: ("Throttling", 400), _P.S3: ("SlowDown", 503)},
        "Rate exceeded",
    ),
    FaultKind.TOO_MANY_REQUESTS: (
        dict.fromkeys(_P, ("TooManyRequestsException", 429)),
        "Too many requests",
    ),
    FaultKind.INTERNAL_ERROR: (
        {
            _P.JSON: ("InternalFailure", 500),
            _P.QUERY: ("InternalFailure", 500),
            _P.S3: ("InternalError", 500),
        },
        "We encountered an internal error. Please try again.",
    ),
    FaultKind.EXPIRED_TOKEN: (
        {
            _P.JSON: ("ExpiredTokenException", 400),
            _P.QUERY: ("ExpiredToken", 403),
            _P.S3: ("ExpiredToken", 400),
        },
        "The security token included in the request is expired",
    ),
    FaultKind.ACCESS_DENIED: (
        {
            _P.JSON: ("AccessDeniedException", 400),
            _P.QUERY: ("AccessDenied", 403),
            _P.S3: ("AccessDenied", 403),
        },
        "User: arn:aws:sts::{account}:assumed-role/local/local is not authorized to perform: {action} because no "
        "identity-based policy allows the {action} action",
    ),
}


def error_response(kind: FaultKind, request: WireRequest, name: str, account_id: str) -> Response:
    """Return the response of a call that is not carried out.

    Args:
        kind: the fault's.
        request: the call, whose protocol the error is written in.
        name: the call's, for a message about denied access.
        account_id: the one that this message names.
    """
    if page := _HTML.get(kind):
        return HTMLResponse(f"<html><body><b>Http/1.1 {page[1]}</b></body> </html>", page[0])
    protocol = protocol_of(request, service_of(request))
    codes, text = _ERRORS[kind]
    code, status = codes[protocol]
    action = name if ":" in name else f"sagemaker:{name}"
    response = aws_error(
        ServiceError(code, text.format(account=account_id, action=action), status), request, protocol
    )
    if kind is FaultKind.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = _RETRY_AFTER
    return response
