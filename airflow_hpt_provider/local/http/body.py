"""Read request bodies within limits of size and time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import anyio

from airflow_hpt_provider.local.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.types import Receive

IDLE_SECONDS = 30.0
"""A client that sends nothing for so long, in the middle of a body, is cut off."""
PATIENCE_SECONDS = 60.0
"""How long a body may take, however slowly it comes."""
MIN_RATE = 1024
"""Bytes a second that a body which takes longer must come at, on average: a client that sends a byte now and then
does not hold a connection for hours."""
MIB = 1 << 20
MAX_MOTO_BODY = 16 * MIB
"""For every operation that moto answers, before and after decompression."""


class ClientGone(Exception):  # noqa: N818 - it says what is the case
    """The client disconnected before the response."""


async def chunks(receive: Receive, limit: int, idle_seconds: float = IDLE_SECONDS) -> AsyncIterator[bytes]:
    """Yield the body piece by piece.

    Raises:
        ServiceError: RequestEntityTooLargeException (413) beyond ``limit`` bytes; RequestTimeout (408) from a
            client that stops sending, or sends too slowly.
        ClientGone: the connection is closed.
    """
    seen = 0
    more = True
    began = time.monotonic()
    while more:
        try:
            with anyio.fail_after(idle_seconds):
                message = await receive()
        except TimeoutError:
            raise ServiceError(
                "RequestTimeout", f"The request's body stopped for {idle_seconds:g} seconds.", 408
            ) from None
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece = message.get("body", b"")
        more = message.get("more_body", False)
        seen += len(piece)
        if seen > limit:
            raise too_large(limit)
        taken = time.monotonic() - began
        if more and taken > PATIENCE_SECONDS and seen < taken * MIN_RATE:
            raise ServiceError("RequestTimeout", f"The request's body comes below {MIN_RATE} bytes/s.", 408)
        if piece:
            yield piece


async def read_body(receive: Receive, headers: Mapping[str, str], limit: int) -> bytes:
    """Return the whole body; refused before it is read if its Content-Length is beyond the limit.

    Raises:
        ServiceError, ClientGone: as :func:`chunks`.
    """
    check_length(headers, limit)
    return b"".join([piece async for piece in chunks(receive, limit)])


def check_length(headers: Mapping[str, str], limit: int) -> None:
    """Refuse a Content-Length beyond the limit. Raises RequestEntityTooLargeException."""
    length = headers.get("content-length", "0")
    if length.isascii() and length.isdigit() and int(length[:20]) > limit:
        raise too_large(limit)


def too_large(limit: int) -> ServiceError:
    """Return the error for a body beyond the limit."""
    size = f"{limit // MIB} MiB" if limit >= MIB else f"{limit} bytes"
    return ServiceError("RequestEntityTooLargeException", f"The request's body is larger than {size}.", 413)
