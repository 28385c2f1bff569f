"""Clients that are slow, silent or too many are let go."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any

import pytest
import uvicorn

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.http import body, connections
from airflow_hpt_provider.local.http.body import ClientGone, chunks

pytestmark = pytest.mark.integration


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


class Running:
    """uvicorn with our protocol, in this event loop."""

    async def __aenter__(self) -> tuple[str, int]:
        self.socket = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            hello, http=connections.LimitedProtocol, lifespan="off", log_config=None, ws="none"
        )
        self.server = uvicorn.Server(config)
        config.load()
        self.server.lifespan = config.lifespan_class(config)
        await self.server.startup(sockets=[self.socket])
        return self.socket.getsockname()

    async def __aexit__(self, *_: object) -> None:
        await self.server.shutdown(sockets=[self.socket])


async def test_silence_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.2)
    async with Running() as address:
        for opening in (b"", b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "):
            reader, writer = await asyncio.open_connection(*address)
            writer.write(opening)
            assert await asyncio.wait_for(reader.read(), 30) == b""
            await close(writer)


async def test_a_second_request_must_come_whole_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.2)
    async with Running() as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await asyncio.wait_for(reader.readuntil(b"hello"), 30)).startswith(b"HTTP/1.1 200")
        writer.write(b"GET / HT")
        assert await asyncio.wait_for(reader.read(), 30) == b""
        await close(writer)


async def test_a_request_with_two_lengths_is_the_connections_last() -> None:
    """Otherwise what one program takes for the body would be another client's request (smuggling)."""
    request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n%b\r\n0\r\n\r\n"
    follows = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    async with Running() as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(request % b"Transfer-Encoding: chunked\r\n" + follows)
        answer = await asyncio.wait_for(reader.read(), 30)
        assert answer.count(b"HTTP/1.1 ") == 1
        assert b"connection: close" in answer.lower()
        await close(writer)


async def test_one_connection_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 2)
    async with Running() as address:
        opened = [await asyncio.open_connection(*address) for _ in range(2)]
        for reader, writer in opened:
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await asyncio.wait_for(reader.readuntil(b"hello"), 30)
        reader, writer = await asyncio.open_connection(*address)
        answer = await asyncio.wait_for(reader.read(), 30)
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503")
        assert f"Content-Length: {len(body)}".encode() in head
        for _, each in [*opened, (reader, writer)]:
            await close(each)


async def test_a_body_that_does_not_continue() -> None:
    messages = [{"type": "http.request", "body": b"half", "more_body": True}]

    async def receive() -> Any:
        if messages:
            return messages.pop()
        await asyncio.Event().wait()
        return None

    with pytest.raises(ServiceError) as caught:
        [piece async for piece in chunks(receive, 100, idle_seconds=0.1)]
    assert (caught.value.code, caught.value.status) == ("RequestTimeout", 408)


async def test_a_client_that_hangs_up() -> None:
    async def receive() -> Any:
        return {"type": "http.disconnect"}

    with pytest.raises(ClientGone):
        [piece async for piece in chunks(receive, 100)]


async def test_a_body_that_trickles(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then keeps no connection: after a while, a body must come at some rate."""
    monkeypatch.setattr(body, "PATIENCE_SECONDS", 0.1)

    async def receive() -> Any:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    with pytest.raises(ServiceError) as caught:
        async with asyncio.timeout(30):
            [piece async for piece in chunks(receive, 10**6)]
    assert (caught.value.code, caught.value.status) == ("RequestTimeout", 408)


async def test_a_slow_body_that_continues_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(body, "MIN_RATE", 100)
    left = 20

    async def receive() -> Any:
        nonlocal left
        left -= 1
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x" * 10_000, "more_body": left > 0}

    assert sum([len(piece) async for piece in chunks(receive, 10**6)]) == 200_000
