"""Bodies are the ones that were signed, whatever framing they come in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.http.auth.sigv4 import Verified
from airflow_hpt_provider.local.s3.wire.aws_chunked import ChunkedPayload, payload_decoder

KEY = b"k" * 32
SEED = "5" * 64
STAMP = "20261123T101500Z"
SCOPE = "20261123/us-east-1/s3/aws4_request"


def verified(payload_hash: str) -> Verified:
    return Verified("us-east-1", "s3", STAMP, payload_hash, SEED, KEY)


def sign(previous: str, kind: str, *hashes: str) -> str:
    text = "\n".join((kind, STAMP, SCOPE, previous, *hashes))
    return hmac.new(KEY, text.encode(), "sha256").hexdigest()


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def signed_body(chunks: list[bytes], trailers: dict[str, str]) -> bytes:
    previous, out = SEED, b""
    for chunk in [*chunks, b""]:
        previous = sign(previous, "AWS4-HMAC-SHA256-PAYLOAD", sha(b""), sha(chunk))
        out += f"{len(chunk):x};chunk-signature={previous}\r\n".encode() + chunk + (b"\r\n" if chunk else b"")
    for name, value in trailers.items():
        out += f"{name}:{value}\r\n".encode()
    if trailers:
        lines = "".join(f"{n}:{v}\n" for n, v in sorted(trailers.items()))
        signature = sign(previous, "AWS4-HMAC-SHA256-TRAILER", sha(lines.encode()))
        out += f"x-amz-trailer-signature:{signature}\r\n".encode()
    return out + b"\r\n"


def plain_chunks(chunks: list[bytes], trailers: str = "") -> bytes:
    framed = b"".join(f"{len(c):x}\r\n".encode() + c + b"\r\n" for c in chunks if c)
    return framed + b"0\r\n" + trailers.encode() + b"\r\n"


def decode(claimed: str, body: bytes, length: int, step: int) -> tuple[bytes, dict[str, str]]:
    decoder = payload_decoder(verified(claimed), str(length))
    content = b"".join(decoder.feed(body[i : i + step]) for i in range(0, len(body), step))
    decoder.finish()
    return content, decoder.trailers


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=5), st.integers(1, 97))
def test_chunks_come_apart_wherever_the_network_cuts(chunks: list[bytes], step: int) -> None:
    content = b"".join(chunks)
    unsigned = plain_chunks(chunks, "x-amz-checksum-crc32:AAAA\r\n")
    got = decode("STREAMING-UNSIGNED-PAYLOAD-TRAILER", unsigned, len(content), step)
    assert got == (content, {"x-amz-checksum-crc32": "AAAA"})
    signed = signed_body(chunks, {"x-amz-checksum-crc32": "AAAA"})
    got = decode("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", signed, len(content), step)
    assert got[0] == content


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda body: body.replace(b"hello", b"jello"), "SignatureDoesNotMatch"),
        (lambda body: body.replace(b"chunk-signature=", b"chunk-signature=0", 1), "IncompleteBody"),
        (lambda body: body.replace(b":AAAA", b":AAAB"), "SignatureDoesNotMatch"),
        (lambda body: body[:40], "IncompleteBody"),
        (lambda body: body + b"more", "IncompleteBody"),
        (lambda body: b"zz\r\n" + body, "IncompleteBody"),
        (lambda body: body.replace(b"5;", b"4;", 1), "IncompleteBody"),
        (lambda body: b"f" * 20_000, "IncompleteBody"),
    ],
)
def test_broken_chunks(change: Any, code: str) -> None:
    body = change(signed_body([b"hello", b"world"], {"x-amz-checksum-crc32": "AAAA"}))
    with pytest.raises(ServiceError) as caught:
        decode("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", body, 10, 7)
    assert caught.value.code == code


@pytest.mark.parametrize("trailers", [{}, {"x-amz-checksum-crc32": "AAAA"}])
def test_trailers_that_were_to_be_signed_need_their_signature(trailers: dict[str, str]) -> None:
    lines = "".join(f"{name}:{value}\r\n" for name, value in trailers.items())
    body = signed_body([b"hello"], {})[:-2] + lines.encode() + b"\r\n"
    with pytest.raises(ServiceError) as caught:
        decode("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", body, 5, 7)
    assert caught.value.code == "MalformedTrailerError"
    if trailers:
        with pytest.raises(ServiceError, match="x-amz-trailer-signature"):
            decode("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", body, 5, 7)
    else:
        assert decode("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", body, 5, 7) == (b"hello", {})


@pytest.mark.parametrize("length", [4, 6])
def test_the_announced_length_counts(length: int) -> None:
    with pytest.raises(ServiceError, match="IncompleteBody"):
        decode("STREAMING-UNSIGNED-PAYLOAD-TRAILER", plain_chunks([b"hello"]), length, 100)


def test_a_body_that_is_too_long_is_not_read_to_its_end() -> None:
    decoder = ChunkedPayload("3", None)
    with pytest.raises(ServiceError, match="longer than X-Amz-Decoded-Content-Length"):
        decoder.feed(b"ffffff\r\nfour")


def test_chunked_needs_the_length() -> None:
    with pytest.raises(ServiceError, match="MissingContentLength"):
        ChunkedPayload(None, None)


async def test_trailing_checksum_through_the_endpoint(client: Any, store: Any) -> None:
    store.create_bucket("bucket")
    content = b"x" * 5000
    checksum = base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()

    async def put(value: str | None) -> Any:
        from botocore.auth import S3SigV4Auth

        trailer = "" if value is None else f"x-amz-checksum-crc32:{value}\r\n"
        body = plain_chunks([content[:3000], content[3000:]], trailer)
        original = S3SigV4Auth.payload
        S3SigV4Auth.payload = lambda *_: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        try:
            return await client.send(
                "PUT",
                "/bucket/key",
                body,
                {
                    "Content-Encoding": "aws-chunked",
                    "X-Amz-Trailer": "x-amz-checksum-crc32",
                    "X-Amz-Decoded-Content-Length": str(len(content)),
                },
                service="s3",
            )
        finally:
            S3SigV4Auth.payload = original

    missing = await put(None)
    assert missing.status == 400
    assert b"<Code>MalformedTrailerError</Code>" in missing.body
    refused = await put("AAAAAA==")
    assert refused.status == 400
    assert b"<Code>BadDigest</Code>" in refused.body
    assert not store.exists("bucket", "key")
    assert (await put(checksum)).headers["x-amz-checksum-crc32"] == checksum
    assert store.get("bucket", "key") == content
    assert "ContentEncoding" not in store.head("bucket", "key").properties.headers
