"""A loopback proxy whose calls meet the faults of ``airflow_hpt_provider.local.fault_injection``.

It stands in front of a running service, so that only the clients that are sent to its port meet faults, and a test may
decide on each call while the service runs. It passes requests on as they are, so that signatures stay valid.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Sequence
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Self

import anyio.to_thread
import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from airflow_hpt_provider.local.fault_injection.calls import CallFaults, FaultSource, call_name
from airflow_hpt_provider.local.fault_injection.endpoint import FaultyEndpoint
from airflow_hpt_provider.local.http.connections import HANG_UP, server_config
from airflow_hpt_provider.local.http.request import WireRequest

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from airflow_hpt_provider.local.fault_injection.rules import CallFault, FaultKind

ACCOUNT = "123456789012"
BODY: ContextVar[bytes] = ContextVar("body")
"""The body of the call about which the faults are asked."""


class SeenCall(NamedTuple):
    """A call by its name in fault files (None: it was not signed), and the fault that it met, if any."""

    name: str | None
    fault: FaultKind | None


class FaultyProxy:
    """A proxy on a free loopback port, in a thread of its own. Use as a context manager.

    Args:
        upstream: host and port of the service.
        faults: rules as in a file of faults, or what decides on each call, in the proxy's thread.
    """

    def __init__(self, upstream: tuple[str, int], faults: FaultSource | Sequence[CallFault] = ()) -> None:
        self.upstream = upstream
        self.calls: list[SeenCall] = []
        self._faults = CallFaults(faults) if isinstance(faults, Sequence) else faults
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._endpoint = FaultyEndpoint(self._pass, self, ACCOUNT)
        self._server = uvicorn.Server(server_config(self._receive, 1, interface="asgi3", date_header=False))
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + 30
        while not self._server.started:
            if time.monotonic() > deadline:
                raise RuntimeError("the proxy does not start")
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        self._listener.close()

    @property
    def faulted(self) -> list[SeenCall]:
        """The calls that met a fault."""
        return [call for call in self.calls if call.fault]

    # -- the endpoint's faults ----------------------------------------------------------------------------

    @property
    def deny_tags(self) -> bool:
        """As the faults say."""
        return self._faults.deny_tags

    def next_fault(self, name: str, request: WireRequest) -> CallFault | None:
        """Note the call and what it meets."""
        fault = self._faults.next_fault(name, request)
        self.calls.append(SeenCall(name, fault.kind if fault else None))
        return fault

    # -- what is behind the faults ------------------------------------------------------------------------

    async def _receive(self, scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(ClientDisconnect):
            BODY.set(await Request(scope, receive).body())
            messages: list[Message] = [{"type": "http.request", "body": BODY.get()}]

            async def again() -> Message:
                return messages.pop() if messages else await receive()

            await self._endpoint(scope, again, send)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = WireRequest.from_scope(scope, "")
        if call_name(request) is None:
            self.calls.append(SeenCall(None, None))
        try:
            response = await anyio.to_thread.run_sync(
                partial(self._ask, request, scope["headers"], BODY.get()),
                abandon_on_cancel=True,
            )
        except OSError:  # the service is down: the client is to see what it would see without us
            scope["extensions"][HANG_UP](True)
            return
        await response(scope, receive, send)

    def _ask(self, request: WireRequest, headers: list[tuple[bytes, bytes]], body: bytes) -> Response:
        """Return the service's response. The connection is new, so that no request meets a stale one."""
        upstream = http.client.HTTPConnection(*self.upstream)
        try:
            target = f"{request.path}?{request.query}" if request.query else request.path
            upstream.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                if name != b"connection":
                    upstream.putheader(name, value)
            upstream.putheader("Connection", "close")
            upstream.endheaders(body)
            answer = upstream.getresponse()
            response = Response(answer.read(), answer.status)
            headers = {name.lower(): value for name, value in answer.getheaders()}
            if request.method != "HEAD":  # http.client has joined the chunks
                headers["content-length"] = str(len(response.body))
            response.raw_headers = [
                (name.encode("latin-1"), value.encode("latin-1"))
                for name, value in headers.items()
                if name not in ("connection", "transfer-encoding")
            ]
            return response
        finally:
            upstream.close()
