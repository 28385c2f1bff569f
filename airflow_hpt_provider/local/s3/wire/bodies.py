"""Uploads: from the socket to a blob, hashed and checked on the way, never whole in memory."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING

import anyio.to_thread

from airflow_hpt_provider.local.s3.checksums import (
    ALGORITHMS,
    HEADER_PREFIX,
    claimed_checksums,
    make_digest,
    verify_checksums,
)
from airflow_hpt_provider.local.s3.errors import s3_error
from airflow_hpt_provider.local.s3.wire.call import Upload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from airflow_hpt_provider.local.s3.blobs import BlobWriter
    from airflow_hpt_provider.local.s3.objects import ObjectStore
    from airflow_hpt_provider.local.s3.wire.aws_chunked import PayloadDecoder

MAX_PUT_SIZE = 5 << 30
"""S3's limit for an object in one request, and for a part."""
_BATCH = 1 << 20


async def receive_upload(
    store: ObjectStore,
    headers: Mapping[str, str],
    pieces: AsyncIterator[bytes],
    decoder: PayloadDecoder,
    limiter: anyio.CapacityLimiter,
) -> Upload:
    """Write a body to a blob; the blob is not committed, and gone if this raises.

    Raises:
        ServiceError: the body is not whole, not the one that was signed, or has another checksum.
    """
    digests = [make_digest(algorithm) for algorithm in _algorithms(headers)]
    writer = await anyio.to_thread.run_sync(store.start_blob, digests, limiter=limiter)
    try:
        batch = bytearray()
        async for piece in pieces:
            batch += piece
            if len(batch) >= _BATCH:
                full, batch = bytes(batch), bytearray()
                await anyio.to_thread.run_sync(_write, writer, decoder, full, limiter=limiter)
        await anyio.to_thread.run_sync(_write, writer, decoder, bytes(batch), limiter=limiter)
        decoder.finish()
        _check_promised(headers, decoder.trailers)
        computed = {digest.member: digest.base64() for digest in digests}
        verify_checksums(claimed_checksums(headers) | claimed_checksums(decoder.trailers), computed)
        _check_md5(headers, writer.md5)
    except BaseException:
        writer.abort()
        raise
    return Upload(writer, computed)


def check_body(headers: Mapping[str, str], body: bytes) -> None:
    """Content-MD5 and checksums of a small body. Raises BadDigest, InvalidDigest."""
    computed = {}
    for algorithm in _algorithms(headers):
        digest = make_digest(algorithm)
        digest.update(body)
        computed[digest.member] = digest.base64()
    verify_checksums({m: v for m, v in claimed_checksums(headers).items() if m in computed}, computed)
    _check_md5(headers, hashlib.md5(body, usedforsecurity=False).digest())


def _write(writer: BlobWriter, decoder: PayloadDecoder, data: bytes) -> None:
    writer.write(decoder.feed(data))
    if writer.size > MAX_PUT_SIZE:
        raise s3_error("EntityTooLarge")


def _algorithms(headers: Mapping[str, str]) -> list[str]:
    """Those that the client sends a checksum of, before or behind the body, or asks for."""
    names = [n.removeprefix(HEADER_PREFIX) for n in headers if n.startswith(HEADER_PREFIX)]
    names += [n.removeprefix(HEADER_PREFIX) for n in _promised(headers) if n.startswith(HEADER_PREFIX)]
    algorithms = {n.upper() for n in names if n not in {"algorithm", "mode", "type"}}
    if "x-amz-sdk-checksum-algorithm" in headers:
        algorithms.add(headers["x-amz-sdk-checksum-algorithm"].upper())
    unknown = algorithms - ALGORITHMS
    if unknown:
        make_digest(unknown.pop())  # says so
    return sorted(algorithms)


def _promised(headers: Mapping[str, str]) -> list[str]:
    """Return the names of the trailers that the client announces."""
    names = (name.strip().lower() for name in headers.get("x-amz-trailer", "").split(","))
    return [name for name in names if name]


def _check_promised(headers: Mapping[str, str], trailers: Mapping[str, str]) -> None:
    missing = [name for name in _promised(headers) if name not in trailers]
    if missing:
        raise s3_error("MalformedTrailerError", f"The trailer {missing[0]} is announced and missing.")


def _check_md5(headers: Mapping[str, str], computed: bytes) -> None:
    claimed = headers.get("content-md5")
    if claimed is None:
        return
    try:
        given = base64.b64decode(claimed, validate=True)
    except binascii.Error:
        raise s3_error("InvalidDigest") from None
    if len(given) != hashlib.md5(usedforsecurity=False).digest_size:
        raise s3_error("InvalidDigest")
    if given != computed:
        raise s3_error("BadDigest")
