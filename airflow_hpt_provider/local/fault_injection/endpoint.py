"""The endpoint, with faults in front of it."""

from __future__ import annotations

import contextlib
import json
import logging
import uuid
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import anyio

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.fault_injection.calls import call_name
from airflow_hpt_provider.local.fault_injection.errors import error_response
from airflow_hpt_provider.local.fault_injection.rules import CallFault, FaultKind
from airflow_hpt_provider.local.http.body import IDLE_SECONDS, ClientGone, chunks
from airflow_hpt_provider.local.http.connections import HANG_UP
from airflow_hpt_provider.local.http.request import WireRequest

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from airflow_hpt_provider.local.fault_injection.calls import FaultSource

log = logging.getLogger(__name__)

_PIECES = 20
"""The pieces in which ``drip`` sends a response."""
_MAX_BODY_BYTES = 2_000_000
"""Bytes of a body that are searched for tags."""
_MAX_DRAINED_BYTES = 6 << 30
"""Bytes of a body that are read before a fault's response; more than S3 takes."""


class FaultyEndpoint:
    """An ASGI application: another one, some of whose calls meet faults.

    Args:
        app: what answers the calls.
        faults: what is to go wrong.
        account_id: the one that a message about denied access names.
    """

    def __init__(self, app: ASGIApp, faults: FaultSource, account_id: str) -> None:
        self._app = app
        self._faults = faults
        self._account_id = account_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or don't."""
        request = WireRequest.from_scope(scope, str(uuid.uuid4()))
        name = call_name(request)
        receive = body = _Body(receive)
        if name and name.endswith(":POST") and not name.startswith("s3:"):
            name = await body.form_operation(name)
        fault = self._faults.next_fault(name, request) if name else None
        if (
            fault is None
            and name
            and name.startswith("Create")
            and self._faults.deny_tags
            and await body.has_tags()
        ):
            name, fault = "AddTags", self._faults.next_fault("AddTags", request)
        if fault is None:
            await self._app(scope, receive, send)
            return
        log.info("%s meets the fault %s", name, fault.kind)
        match fault.kind:
            case FaultKind.SLOW:
                await self._app(scope, receive, _held_back(send, fault.seconds or 0.0))
            case FaultKind.TRUNCATE:
                await self._app(scope, receive, _TruncatedSend(scope, receive, send))
            case FaultKind.HALF | FaultKind.DRIP | FaultKind.LOST_RESPONSE:
                whole = _WholeResponse()
                await self._app(scope, receive, whole)
                await self._pass_on(whole, fault, receive, send)
            case FaultKind.LOST_REQUEST:
                await _drain(receive)
                await _until_gone(receive)
            case FaultKind.RESET:
                await _drain(receive)
                await _hang_up(scope, receive, reset=True)
            case _:
                await _drain(receive)
                await error_response(fault.kind, request, name or "", self._account_id)(scope, receive, send)

    @staticmethod
    async def _pass_on(whole: _WholeResponse, fault: CallFault, receive: Receive, send: Send) -> None:
        if fault.kind is FaultKind.LOST_RESPONSE:
            await _until_gone(receive)
            return
        body = whole.body[: len(whole.body) // 2] if fault.kind is FaultKind.HALF else whole.body
        count = _PIECES if fault.kind is FaultKind.DRIP else 1
        length = max(1, -(-len(body) // count))
        await send(whole.start_of(body))
        for at in range(0, len(body), length):
            await anyio.sleep((fault.seconds or 0.0) / count)
            await send({"type": "http.response.body", "body": body[at : at + length], "more_body": True})
        await send({"type": "http.response.body"})


class _Body:
    """A ``receive`` whose beginning may have been read already, and is handed out again."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._read: list[Message] = []

    async def __call__(self) -> Message:
        return self._read.pop(0) if self._read else await self._receive()

    async def form_operation(self, name: str) -> str:
        """Return the name of a call whose operation is in a form, ``iam:GetRole``; unchanged if there is none."""
        action = parse_qs((await self._begin()).decode("latin-1")).get("Action")
        return f"{name.partition(':')[0]}:{action[0]}" if action else name

    async def has_tags(self) -> bool:
        """Return whether the body is a JSON structure with Tags. A body that is too large is not searched."""
        try:
            content = json.loads(await self._begin())
        except (ValueError, RecursionError):  # no JSON, or too deep: not for us to say
            return False
        return isinstance(content, dict) and bool(content.get("Tags"))

    async def _begin(self) -> bytes:
        """Return the beginning of the body, all of it as a rule; empty if it does not arrive."""
        size = 0
        while size <= _MAX_BODY_BYTES:
            with anyio.move_on_after(IDLE_SECONDS) as idle:
                message = await self._receive()
            if idle.cancelled_caught:
                return b""
            self._read.append(message)
            size += len(message.get("body", b""))
            if message["type"] == "http.disconnect" or not message.get("more_body", False):
                break
        return b"".join(message.get("body", b"") for message in self._read)


class _WholeResponse:
    """A ``send`` that keeps the whole response."""

    def __init__(self) -> None:
        self._start: Message = {}
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        else:
            self.body += message.get("body", b"")

    def start_of(self, body: bytes) -> Message:
        """Return the message that begins the response with this body, which may be a part of it.

        The length stays where the body does: HEAD's response has the length of an object that it does not send.
        """
        if body == self.body:
            return self._start
        kept = [(name, value) for name, value in self._start["headers"] if name.lower() != b"content-length"]
        return {**self._start, "headers": [*kept, (b"content-length", b"%d" % len(body))]}


async def _drain(receive: Receive) -> None:
    """Read the whole request, as long as it arrives: a client that still writes would not see the response."""
    with contextlib.suppress(ServiceError, ClientGone):
        async for _ in chunks(receive, _MAX_DRAINED_BYTES):
            pass


async def _until_gone(receive: Receive) -> None:
    """Hold the connection until the client gives up."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _hang_up(scope: Scope, receive: Receive, *, reset: bool) -> None:
    """End the connection, and wait until it has ended."""
    scope["extensions"][HANG_UP](reset)
    # A client that reads nothing keeps what was written in the socket.
    with anyio.move_on_after(IDLE_SECONDS):
        await _until_gone(receive)


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
