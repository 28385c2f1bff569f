"""Requests that two programs could read in two ways: a connection never has a hidden second request (smuggling)."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.integration

HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
HOST = b"Host: 127.0.0.1\r\n"
POST = b"POST / HTTP/1.1\r\n" + HOST
CHUNKED = b"Transfer-Encoding: chunked\r\n"
AMBIGUOUS = {
    "length and chunked": POST + b"Content-Length: 4\r\n" + CHUNKED + b"\r\n0\r\n\r\n",
    "chunked and length": POST + CHUNKED + b"Content-Length: 4\r\n\r\n0\r\n\r\n",
    "length and odd case": POST + b"Content-Length: 5\r\ntransfer-encoding: Chunked\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 40\r\n\r\n",
    "two lengths in one": POST + b"Content-Length: 0, 40\r\n\r\n",
    "negative length": POST + b"Content-Length: -1\r\n\r\n",
    "signed length": POST + b"Content-Length: +0\r\n\r\n",
    "hexadecimal length": POST + b"Content-Length: 0x0\r\n\r\n",
    "length with blanks": POST + b"Content-Length: 1 0\r\n\r\n",
    "empty length": POST + b"Content-Length:\r\n\r\n",
    "enormous length": POST + b"Content-Length: 99999999999999999999999\r\n\r\n",
    "length in other digits": POST + "Content-Length: ٣\r\n\r\n".encode(),
    "blank before the colon": POST + b"Content-Length : 40\r\n\r\n",
    "tab before the colon": POST + b"Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n",
    "folded length": POST + b"Content-Length: 4\r\n 0\r\n\r\n",
    "folded first": b"POST / HTTP/1.1\r\n Content-Length: 40\r\n" + HOST + b"\r\n",
    "vertical tab": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "null byte": POST + b"Transfer-Encoding: chunked\x00\r\n\r\n0\r\n\r\n",
    "another coding": POST + b"Transfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n",
    "unknown coding": POST + b"Transfer-Encoding: rot13\r\n\r\n",
    "chunked twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked, then another": POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "two encodings": POST + CHUNKED + b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "chunk size is no number": POST + CHUNKED + b"\r\nzz\r\n\r\n",
    "chunk size is negative": POST + CHUNKED + b"\r\n-1\r\n\r\n",
    "chunk size is signed": POST + CHUNKED + b"\r\n+0\r\n\r\n",
    "chunk size is large": POST + CHUNKED + b"\r\nffffffffffffffffff\r\n\r\n",
    "chunk size with prefix": POST + CHUNKED + b"\r\n0x0\r\n\r\n",
    "chunk is longer": POST + CHUNKED + b"\r\n2\r\nabcd\r\n0\r\n\r\n",
    "chunk ends in LF": POST + CHUNKED + b"\r\n1\na\n0\n\n",
    "header without a name": POST + b": 40\r\n\r\n",
    "header without a colon": POST + b"Content-Length 40\r\n\r\n",
    "blank in a name": POST + b"Content Length: 40\r\n\r\n",
    "null byte in a name": POST + b"Content-\x00Length: 40\r\n\r\n",
    "two hosts": POST + HOST + b"Content-Length: 0\r\n\r\n",
    "no host": b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    "no protocol": b"POST /\r\n" + HOST + b"\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "CR alone": b"POST / HTTP/1.1\rHost: 127.0.0.1\rContent-Length: 0\r\r",
}


def exchange(service: Any, request: bytes) -> bytes:
    """Send bytes, and return all that comes until the service closes the connection, or waits for more."""
    address = urlsplit(service.endpoint)
    received = b""
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(request)
        try:
            while b"<Resource>/hidden</Resource>" not in received and (piece := connection.recv(65536)):
                received += piece
        except (TimeoutError, ConnectionResetError):
            pass
    return received


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_what_follows_an_ambiguous_request_is_no_request(service: Any, name: str) -> None:
    received = exchange(service, AMBIGUOUS[name] + HIDDEN)
    assert b"/hidden" not in received
    assert not received or received.split(b" ", 2)[1].startswith(b"4"), received
    assert service.process.poll() is None


@pytest.mark.parametrize(
    "first",
    [
        POST + b"Content-Length: 0\r\n\r\n",
        POST + CHUNKED + b"\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",  # RFC 9112 allows to read it as one line
    ],
)
def test_a_request_that_follows_a_clear_one_has_a_response(service: Any, first: bytes) -> None:
    """The tests above would see one."""
    assert b"<Resource>/hidden</Resource>" in exchange(service, first + HIDDEN)
