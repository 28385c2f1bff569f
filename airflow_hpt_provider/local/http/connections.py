"""Limits on connections: how many, and how long one may take to say what it wants."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_CONNECTIONS = 512
HEADER_SECONDS = 20.0
"""From the connection, or the first byte of a further request, to the end of the request's headers."""

HANG_UP = "airflow_hpt_provider.hang_up"
"""The name, among a scope's extensions, of a function that ends the connection: given False, after what has been
written; given True, immediately and with a reset."""

_FULL_BODY = b'{"__type": "ServiceUnavailableException", "message": "Too many connections."}'
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/x-amz-json-1.1\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%b"
) % (len(_FULL_BODY), _FULL_BODY)


_TWO_LENGTHS = frozenset({b"content-length", b"transfer-encoding"})
"""A proxy before the service may take the other one of the two, and what follows for another client's request."""


def _closing(send: Send, wanted: Callable[[], bool]) -> Send:
    """Return a ``send`` that ends the connection after the response, if that is wanted when the response begins."""

    async def closing(message: Message) -> None:
        if message["type"] == "http.response.start" and wanted():
            message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
        await send(message)

    return closing


def server_config(app: ASGIApp, response_seconds: int, **more: Any) -> uvicorn.Config:
    """Return uvicorn's configuration of a server with limits, which writes no log of its own.

    Args:
        app: what responds.
        response_seconds: how long a server that is asked to stop waits for running responses.
        more: of uvicorn's options.
    """
    return uvicorn.Config(
        app,
        http=LimitedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=response_seconds,
        **more,
    )


class LimitedProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 with limits: by itself, it takes any number of connections and waits for headers for ever."""

    _deadline: asyncio.TimerHandle | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        app = self.app

        async def with_hang_up(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[HANG_UP] = self._hang_up
            two_lengths = {name for name, _ in scope.get("headers", ())} >= _TWO_LENGTHS
            await app(scope, receive, _closing(send, lambda: two_lengths or self._is_body_left))

        self.app = with_hang_up

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Refuse one connection too many."""
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.write(_FULL)
            transport.close()
            return
        self._arm()

    def data_received(self, data: bytes) -> None:
        """Limit the time until a request arrives."""
        super().data_received(data)
        if self._answering:
            self._disarm()
        elif self._deadline is None:
            self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more to watch."""
        self._disarm()
        super().connection_lost(exc)

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def _is_body_left(self) -> bool:
        """Whether a part of the request's body has not arrived: what comes next may be that, or another request.

        A client that has sent ``Expect: 100-continue`` sends no body after a final response.
        """
        return self.cycle is not None and self.cycle.more_body

    def _hang_up(self, reset: bool) -> None:
        if not reset:
            self.transport.close()  # after what has been written
            return
        connection = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _arm(self) -> None:
        self._deadline = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self._answering and not self.transport.is_closing():
            self.transport.close()
