"""Bytes that are hardly HTTP, or that two servers would read in two ways."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.fuzz.case import Case, Kind, Refused

if TYPE_CHECKING:
    from tests.fuzz.service import Resources

HOST = b"Host: 127.0.0.1\r\n"
TARGET = (
    b"X-Amz-Target: SageMaker.ListHyperParameterTuningJobs\r\nContent-Type: application/x-amz-json-1.1\r\n"
)


def http(rng: random.Random, resources: Resources) -> Case:
    raw = rng.choice(
        (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(200),
            b"SSH-2.0-OpenSSH_9.0\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\n" + HOST + b"\r\n",
            b"POST / HTTP/1.1\r\n\r\n",
            b"POST / HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
            b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
            b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 2, 3\r\n\r\n{}",
            b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
            b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 0x10\r\n\r\n",
            b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: rot13\r\n\r\n",
            b"POST / HTTP/1.1\r\n"
            + HOST
            + TARGET
            + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"POST / HTTP/1.1\r\n" + HOST + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
            b"POST / HTTP/1.1\r\n" + HOST + b"A b: c\r\n\r\n",
            b"POST / HTTP/1.1\r\n" + HOST + b" folded\r\n\r\n",
            b"POST / HTTP/1.1\r\n" + HOST + b"X: \x00\r\n\r\n",
            b"POST http://evil.example/ HTTP/1.1\r\n" + HOST + TARGET + b"Content-Length: 2\r\n\r\n{}",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            rng.randbytes(300) + b"\r\n\r\n",
        )
    )
    return Case(raw=raw, refused=Refused.HTTP)


def cut_off(rng: random.Random, resources: Resources) -> Case:
    """A body shorter than announced, and nothing more to come."""
    length = rng.choice((10, 1000, 100_000))
    head = b"POST / HTTP/1.1\r\n" + HOST + TARGET + b"Content-Length: %d\r\n\r\n" % length
    return Case(raw=head + b"{" + b" " * rng.randrange(min(length, 500) - 5), refused=Refused.HTTP)


KINDS: dict[str, Kind] = {"hardly HTTP": http, "body cut off": cut_off}
