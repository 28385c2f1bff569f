"""The endpoint, with faults in front of it."""

from __future__ import annotations

import contextlib
import json
import logging
import uuid
from typing import TYPE_CHECKING

import anyio
from starlette.responses import HTMLResponse, Response

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.fault_injection.calls import CallFaults, call_name, service_of
from airflow_hpt_provider.local.fault_injection.rules import CallFault, FaultKind
from airflow_hpt_provider.local.http.body import IDLE_SECONDS, ClientGone, chunks
from airflow_hpt_provider.local.http.connections import HANG_UP
from airflow_hpt_provider.local.http.errors import WireProtocol, error_response, protocol_of
from airflow_hpt_provider.local.http.request import WireRequest

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

# What a load balancer of AWS's says; botocore takes it for an error of the service, as it does with AWS.
_HTML = "<html><body><b>Http/1.1 Service Unavailable</b></body> </html>"
_TAGGED_CALL = "CreateHyperParameterTuningJob"
_MAX_BODY_BYTES = 2_000_000
"""Bytes of a body that are searched for tags."""
_MAX_DRAINED_BYTES = 6 << 30
"""Bytes of a body that are read before a fault's response; more than S3 takes."""
_P = WireProtocol
_ERRORS: dict[FaultKind, tuple[dict[WireProtocol, tuple[str, int]], str]] = {
    FaultKind.THROTTLE: (
        {_P.JSON: ("ThrottlingException", 400), _P.QUERY: ("Throttling", 400), _P.S3: ("SlowDown", 503)},
        "Rate exceeded",
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


class FaultyEndpoint:
    """An ASGI application: another one, some of whose calls meet faults.

    Args:
        app: what answers the calls.
        faults: what is to go wrong.
        account_id: the one that a message about denied access names.
    """

    def __init__(self, app: ASGIApp, faults: CallFaults, account_id: str) -> None:
        self._app = app
        self._faults = faults
        self._account_id = account_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or don't."""
        request = WireRequest.from_scope(scope, str(uuid.uuid4()))
        name = call_name(request)
        fault = self._faults.next_fault(name) if name else None
        if fault is None and name == _TAGGED_CALL and self._faults.deny_tags:
            body = _Body(receive)
            receive = body
            if await body.has_tags():
                name, fault = "AddTags", self._faults.next_fault("AddTags")
        if fault is None:
            await self._app(scope, receive, send)
            return
        log.info("%s meets the fault %s", name, fault.kind)
        match fault.kind:
            case FaultKind.SLOW:
                await self._app(scope, receive, _held_back(send, fault.seconds or 0.0))
            case FaultKind.TRUNCATE:
                await self._app(scope, receive, _TruncatedSend(scope, receive, send))
            case FaultKind.RESET:
                await _drain(receive)
                await _hang_up(scope, receive, reset=True)
            case _:
                await _drain(receive)
                await self._error_response(fault, request, name or "")(scope, receive, send)

    def _error_response(self, fault: CallFault, request: WireRequest, name: str) -> Response:
        if fault.kind is FaultKind.SERVICE_UNAVAILABLE_HTML:
            return HTMLResponse(_HTML, 503)
        protocol = protocol_of(request, service_of(request))
        codes, text = _ERRORS[fault.kind]
        code, status = codes[protocol]
        action = name if ":" in name else f"sagemaker:{name}"
        message = text.format(account=self._account_id, action=action)
        return error_response(ServiceError(code, message, status), request, protocol)


class _Body:
    """A ``receive`` whose beginning has been read already, and is handed out again."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._read: list[Message] = []

    async def __call__(self) -> Message:
        return self._read.pop(0) if self._read else await self._receive()

    async def has_tags(self) -> bool:
        """Return whether the body is a JSON structure with Tags. A body that is too large is not searched."""
        size = 0
        while size <= _MAX_BODY_BYTES:
            with anyio.move_on_after(IDLE_SECONDS) as idle:
                message = await self._receive()
            if idle.cancelled_caught:
                return False
            self._read.append(message)
            size += len(message.get("body", b""))
            if message["type"] == "http.disconnect" or not message.get("more_body", False):
                break
        try:
            content = json.loads(b"".join(message.get("body", b"") for message in self._read))
        except (ValueError, RecursionError):  # no JSON, or too deep: not for us to say
            return False
        return isinstance(content, dict) and bool(content.get("Tags"))


async def _drain(receive: Receive) -> None:
    """Read the whole request, as long as it arrives: a client that still writes would not see the response."""
    with contextlib.suppress(ServiceError, ClientGone):
        async for _ in chunks(receive, _MAX_DRAINED_BYTES):
            pass


async def _hang_up(scope: Scope, receive: Receive, *, reset: bool) -> None:
    """End the connection, and wait until it has ended."""
    scope["extensions"][HANG_UP](reset)
    with anyio.move_on_after(
        IDLE_SECONDS
    ):  # a client that reads nothing keeps what was written in the socket
        while (await receive())["type"] != "http.disconnect":
            pass


def _held_back(send: Send, seconds: float) -> Send:
    """Return a ``send`` that waits before the answer begins."""

    async def slow(message: Message) -> None:
        if message["type"] == "http.response.start":
            await anyio.sleep(seconds)
        await send(message)

    return slow


class _TruncatedSend:
    """A ``send`` that lets half of the answer's first piece through, then ends the connection."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._start: Message | None = None
        self._ended = False

    async def __call__(self, message: Message) -> None:
        if self._ended:
            return
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._ended = True
        body = message.get("body", b"")
        # Of an answer without a body nothing gets through: with its headers it would be whole.
        if body and self._start is not None:
            await self._send(self._start)
            await self._send({**message, "body": body[: len(body) // 2], "more_body": True})
        await _hang_up(self._scope, self._receive, reset=False)
