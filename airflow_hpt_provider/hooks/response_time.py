"""Limits on a whole response, of time and size: one that drips, byte by byte, meets no read timeout.

A read timeout counts from byte to byte. A response of which a byte comes every few seconds holds a thread for days,
whether its headers drip or its body. botocore reads a body into memory, however large it is; it does not decompress it.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)

RESPONSE_SECONDS = 60.0
"""For a whole response. A read timeout that is longer counts in its place."""
RESPONSE_BYTES = 64 * 2**20
"""For the bytes read from one connection's response, headers included. SageMaker's responses have less than 1 MiB."""


def limit_response_time(client: Any) -> None:
    """Make a boto3 client raise its ReadTimeoutError for responses that take longer than RESPONSE_SECONDS."""
    session = client._endpoint.http_session
    session._pool_classes_by_scheme = _POOLS
    session._manager.pool_classes_by_scheme = _POOLS


class _TimedSocketFile(io.RawIOBase):
    """Reads a socket until a time."""

    def __init__(self, sock: socket.socket, limit: float) -> None:
        self._sock, self._raw = sock, sock.makefile("rb", buffering=0)
        self._until = time.monotonic() + limit
        self._left = RESPONSE_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the response took too long")
        usual = self._sock.gettimeout()
        self._sock.settimeout(left if usual is None else min(left, usual))
        try:
            read = self._raw.readinto(buffer)
            self._left -= read or 0
            if self._left < 0:
                raise TimeoutError(f"the response is larger than {RESPONSE_BYTES} bytes")
            return read
        finally:
            self._sock.settimeout(usual)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        read_timeout = sock.gettimeout()
        if read_timeout is not None:  # None: the user wants no limit
            self.fp.close()
            self.fp = io.BufferedReader(_TimedSocketFile(sock, max(RESPONSE_SECONDS, read_timeout)))


class _Connection(AWSHTTPConnection):
    response_class = _TimedResponse  # type: ignore[assignment]


class _SecureConnection(AWSHTTPSConnection):
    response_class = _TimedResponse  # type: ignore[assignment]


class _Pool(AWSHTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(AWSHTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}
