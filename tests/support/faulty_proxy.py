"""A loopback proxy between a client and SageMaker's API that injects the faults that a test decides.

It stands in the way of one endpoint and passes requests on as they are, so that signatures stay valid. What goes
wrong is decided by a function that the test hands in; the proxy knows only how each :class:`ProxyFault` looks on
the wire. (toxiproxy and its like work on bytes and need a separate binary; here a fault is about a call.)
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Self

MEMBERS = ("HyperParameterTuningJobName", "TrainingJobName", "ResourceArn")
HTML = "<html><head><title>{status}</title></head><body><h1>{status}</h1><p>No healthy upstream.</p></body></html>"


class ProxyFault(Enum):
    """What a client meets. ``AFTER``: the call has been carried out all the same."""

    THROTTLE = "throttled: 400 ThrottlingException"
    TOO_MANY = "throttled: 429 with Retry-After"
    HTML_500 = "500 with an HTML page"
    HTML_503 = "503 with an HTML page"
    RESET = "reset before an answer"
    RESET_AFTER = "reset in the middle of the answer's body"
    TRUNCATE_AFTER = "half of the JSON, as if it were all"
    HANG = "no answer: the request is lost"
    HANG_AFTER = "no answer: the answer is lost"
    DRIP_AFTER = "the answer in drops, over seconds"
    EXPIRED = "400 ExpiredTokenException"
    DENIED = "400 AccessDeniedException"


@dataclass(frozen=True)
class Call:
    """One request as the proxy saw it.

    Attributes:
        number: 1 for the first that came.
        operation: SageMaker's name for it, e.g. ``DescribeHyperParameterTuningJob``.
        about: what it names first: a tuning job, a training job or an ARN; may be empty.
        access_key: who signed it.
        at: time.time() of its arrival.
        service: the one that it is signed for, as AWS names it in ARNs: ``sagemaker``, ``sqs``, ``logs``, ``iam``.
        has_tags: its body is a JSON structure with Tags.
    """

    number: int
    operation: str
    about: str
    access_key: str
    at: float
    service: str = "sagemaker"
    has_tags: bool = False


Decide = Callable[[Call], ProxyFault | None]


class FaultyProxy:
    """A proxy on a free loopback port, in a thread of its own. Use as a context manager.

    Args:
        upstream: host and port of the service.
        decide: asked for each call; runs in the proxy's thread. None: the call passes.
        drip_seconds: how long an answer in drops takes.
    """

    def __init__(self, upstream: tuple[str, int], decide: Decide, *, drip_seconds: float = 3.0) -> None:
        self.upstream = upstream
        self.decide = decide
        self.drip_seconds = drip_seconds
        self.calls: list[tuple[Call, ProxyFault | None]] = []
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(30):
            raise RuntimeError("the proxy does not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(30)

    @property
    def faulted(self) -> list[tuple[Call, ProxyFault]]:
        """The calls that met trouble."""
        return [(call, trouble) for call, trouble in self.calls if trouble is not None]

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        except asyncio.CancelledError:
            pass  # the proxy ends, and with it the calls that hang
        finally:
            self._open.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(int(_header(head, "content-length") or 0))
        credential = _header(head, "authorization").partition("Credential=")[2].split("/")
        call = Call(
            len(self.calls) + 1,
            _header(head, "x-amz-target").rpartition(".")[2] or _action(body),
            _about(body),
            credential[0],
            time.time(),
            credential[3] if len(credential) > 3 else "",
            b'"Tags":' in body,
        )
        trouble = self.decide(call)
        self.calls.append((call, trouble))
        if (refusal := _REFUSALS.get(trouble)) is not None:  # type: ignore[arg-type]
            writer.write(refusal)
        elif trouble is ProxyFault.RESET:
            _reset(writer)
            return
        elif trouble is ProxyFault.HANG:
            await self._until_gone(reader)
            return
        else:
            await self._pass(trouble, head, body, reader, writer)
        await writer.drain()

    async def _pass(
        self,
        trouble: ProxyFault | None,
        head: bytes,
        body: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        try:
            answer = await self._ask(head, body)
        except OSError:
            _reset(writer)  # the service is down: the client is to see what it would see without us
            return
        start, _, content = answer.partition(b"\r\n\r\n")
        match trouble:
            case ProxyFault.RESET_AFTER:
                writer.write(start + b"\r\n\r\n" + content[: len(content) // 2])
                await writer.drain()
                await asyncio.sleep(0.05)  # a reset overtakes what has not been read yet
                _reset(writer)
            case ProxyFault.TRUNCATE_AFTER:
                half = content[: len(content) // 2]
                length = b"\r\ncontent-length: %d" % len(half)
                writer.write(re.sub(rb"(?i)\r\ncontent-length: *\d+", length, start) + b"\r\n\r\n" + half)
            case ProxyFault.HANG_AFTER:
                await self._until_gone(reader)
            case ProxyFault.DRIP_AFTER:
                step = max(1, len(answer) // 20)
                for at in range(0, len(answer), step):
                    writer.write(answer[at : at + step])
                    await writer.drain()
                    await asyncio.sleep(self.drip_seconds / 20)
            case _:
                writer.write(answer)

    async def _ask(self, head: bytes, body: bytes) -> bytes:
        """The service's whole answer. The connection is ours, so that no request meets a stale one."""
        reader, writer = await asyncio.open_connection(*self.upstream)
        try:
            writer.write(re.sub(rb"(?i)\r\nconnection:[^\r]*", b"", head[:-4]))
            writer.write(b"\r\nConnection: close\r\n\r\n" + body)
            await writer.drain()
            return await reader.read()
        finally:
            writer.close()

    @staticmethod
    async def _until_gone(reader: asyncio.StreamReader) -> None:
        """Hold the connection until the client gives up."""
        while await reader.read(1024):
            pass


def _header(head: bytes, name: str) -> str:
    match = re.search(rf"(?im)^{name}: *([^\r]*)", head.decode("latin-1"))
    return match[1] if match else ""


def _action(body: bytes) -> str:
    """Return the operation of a request whose body is a form, as IAM's."""
    found = re.search(rb"(?:^|&)Action=(\w+)", body)
    return found[1].decode() if found else ""


def _about(body: bytes) -> str:
    try:
        members = json.loads(body or b"{}")
    except ValueError:
        return ""
    return next((str(members[name]) for name in MEMBERS if name in members), "")


def _reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with RST."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _refusal(status: str, kind: str, text: str, **headers: str) -> bytes:
    lines = [
        f"HTTP/1.1 {status}",
        f"content-type: {kind}",
        f"content-length: {len(text)}",
        "connection: close",
    ]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n" + text).encode()


def _error(status: str, code: str, message: str, **headers: str) -> bytes:
    text = json.dumps({"__type": code, "message": message})
    return _refusal(status, "application/x-amz-json-1.1", text, x_amzn_errortype=code, **headers)


_REFUSALS: dict[ProxyFault, bytes] = {
    ProxyFault.THROTTLE: _error("400 Bad Request", "ThrottlingException", "Rate exceeded"),
    ProxyFault.TOO_MANY: _error(
        "429 Too Many Requests", "TooManyRequestsException", "Too many requests", retry_after="2"
    ),
    ProxyFault.HTML_500: _refusal("500 Internal Server Error", "text/html", HTML.format(status=500)),
    ProxyFault.HTML_503: _refusal("503 Service Unavailable", "text/html", HTML.format(status=503)),
    ProxyFault.EXPIRED: _error(
        "400 Bad Request", "ExpiredTokenException", "The security token included in the request is expired"
    ),
    ProxyFault.DENIED: _error(
        "400 Bad Request", "AccessDeniedException", "You are not authorized to do this"
    ),
}
