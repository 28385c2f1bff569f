"""A signed request's body: its hash checked, ``aws-chunked`` framing taken off."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Protocol

from airflow_hpt_provider.local.http.auth.parse import UNSIGNED_PAYLOAD
from airflow_hpt_provider.local.s3.errors import s3_error

if TYPE_CHECKING:
    from airflow_hpt_provider.local.http.auth.sigv4 import Verified

_CHUNK_HEADER = re.compile(rb"([0-9a-fA-F]{1,16})(?:;chunk-signature=([0-9a-f]{64}))?")
_MAX_LINE = 16 * 1024
_EMPTY_HASH = hashlib.sha256().hexdigest()


class PayloadDecoder(Protocol):
    """Takes a body in pieces and gives its content. Feed all of it, then :meth:`finish`."""

    trailers: dict[str, str]
    """Headers that came after the body, names in lower case; complete after :meth:`finish`."""

    def feed(self, data: bytes) -> bytes:
        """Return the content that these bytes complete."""
        ...

    def finish(self) -> None:
        """Check that the body is whole and is the one that was signed."""
        ...


def payload_decoder(verified: Verified, decoded_length: str | None) -> PayloadDecoder:
    """Return the decoder for the body that the signature describes.

    Args:
        verified: the request's signature.
        decoded_length: the X-Amz-Decoded-Content-Length header of a chunked body.
    """
    claimed = verified.payload_hash
    if claimed == UNSIGNED_PAYLOAD:
        return PlainPayload(None)
    if claimed == "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
        return ChunkedPayload(decoded_length, None)
    if claimed in {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"}:
        signer = _ChunkSigner(verified, signs_trailers=claimed.endswith("-TRAILER"))
        return ChunkedPayload(decoded_length, signer)
    if claimed.startswith("STREAMING-"):
        raise s3_error("NotImplemented", f"The local service does not verify {claimed}; use SigV4.")
    return PlainPayload(claimed)


class PlainPayload:
    """A body as it stands.

    Args:
        sha256: the hash that was signed, in hex; None for a body that was not.
    """

    def __init__(self, sha256: str | None) -> None:
        self.trailers: dict[str, str] = {}
        self._expected = sha256
        self._hash = hashlib.sha256()

    def feed(self, data: bytes) -> bytes:
        """Return the same bytes."""
        if self._expected is not None:
            self._hash.update(data)
        return data

    def finish(self) -> None:
        """Check the hash of the whole body. Raises XAmzContentSHA256Mismatch."""
        if self._expected is not None and not hmac.compare_digest(
            self._hash.hexdigest().encode(), self._expected.lower().encode()
        ):
            raise s3_error("XAmzContentSHA256Mismatch")


class ChunkedPayload:
    """``aws-chunked``: chunks with their sizes, perhaps signed one by one, perhaps with trailing headers.

    Args:
        decoded_length: the X-Amz-Decoded-Content-Length header.
        signer: checks the chunks' signatures; None if they have none.
    """

    def __init__(self, decoded_length: str | None, signer: _ChunkSigner | None) -> None:
        if decoded_length is None or not (decoded_length.isascii() and decoded_length.isdigit()):
            raise s3_error(
                "MissingContentLength", "You must provide the X-Amz-Decoded-Content-Length header."
            )
        self.trailers: dict[str, str] = {}
        self._expected = int(decoded_length[:20])
        self._signer = signer
        self._buffer = bytearray()
        self._seen = 0
        self._left = 0  # of the current chunk
        self._state = "header"

    def feed(self, data: bytes) -> bytes:
        """Decode more of the body. Raises IncompleteBody or SignatureDoesNotMatch on a broken chunk."""
        self._buffer += data
        content = bytearray()
        while self._step(content):
            pass
        self._seen += len(content)
        if self._seen > self._expected:
            raise s3_error("IncompleteBody", "The body is longer than X-Amz-Decoded-Content-Length says.")
        return bytes(content)

    def finish(self) -> None:
        """Check the end. Raises IncompleteBody if the last chunk is missing or the length is not the announced one."""
        if self._state == "trailers" and not self._buffer:
            self._state = "end"  # some clients leave the last empty line out
        if self._state != "end" or self._seen != self._expected:
            raise s3_error("IncompleteBody")
        if self._signer:
            self._signer.check_trailers(self.trailers)

    def _step(self, content: bytearray) -> bool:
        if self._state == "data":
            piece = self._buffer[: self._left]
            if not piece:
                return False
            del self._buffer[: len(piece)]
            self._left -= len(piece)
            content += piece
            if self._signer:
                self._signer.update(piece)
            if not self._left:
                self._state = "data end"
            return True
        if self._state == "end":
            if self._buffer:
                raise s3_error("IncompleteBody", "There are bytes behind the last chunk.")
            return False
        line = self._line()
        if line is None:
            return False
        if self._state == "header":
            self._begin_chunk(line)
        elif self._state == "data end":
            if line:
                raise s3_error("IncompleteBody", "A chunk is longer than its header says.")
            self._end_chunk()
            self._state = "header"
        elif line:  # trailers
            name, _, value = line.partition(b":")
            self.trailers[name.decode("latin-1").strip().lower()] = value.decode("latin-1").strip()
        else:
            self._state = "end"
        return True

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\r\n")
        if end < 0:
            if len(self._buffer) > _MAX_LINE:
                raise s3_error("IncompleteBody", "A chunk header or trailer is too long.")
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _begin_chunk(self, line: bytes) -> None:
        match = _CHUNK_HEADER.fullmatch(line)
        if not match or (self._signer and not match[2]):
            raise s3_error("IncompleteBody", "A chunk's header is malformed.")
        self._left = int(match[1], 16)
        if self._signer:
            self._signer.begin(match[2].decode())
        if self._left:
            self._state = "data"
        else:
            self._end_chunk()
            self._state = "trailers"

    def _end_chunk(self) -> None:
        if self._signer:
            self._signer.end()


class _ChunkSigner:
    """The chain of chunk signatures: each signs its own chunk and the signature before it.

    Args:
        verified: the request's signature.
        signs_trailers: the trailers must be signed, too.
    """

    def __init__(self, verified: Verified, *, signs_trailers: bool) -> None:
        self._verified = verified
        self._signs_trailers = signs_trailers
        self._previous = verified.signature
        self._claimed = ""
        self._hash = hashlib.sha256()

    def begin(self, claimed: str) -> None:
        self._claimed = claimed
        self._hash = hashlib.sha256()

    def update(self, data: bytes | bytearray) -> None:
        self._hash.update(data)

    def end(self) -> None:
        self._check("AWS4-HMAC-SHA256-PAYLOAD", self._claimed, _EMPTY_HASH, self._hash.hexdigest())

    def check_trailers(self, trailers: dict[str, str]) -> None:
        if "x-amz-trailer-signature" not in trailers:
            if trailers or self._signs_trailers:
                raise s3_error("MalformedTrailerError", "The trailers have no x-amz-trailer-signature.")
            return
        lines = "".join(f"{n}:{v}\n" for n, v in sorted(trailers.items()) if n != "x-amz-trailer-signature")
        digest = hashlib.sha256(lines.encode()).hexdigest()
        self._check("AWS4-HMAC-SHA256-TRAILER", trailers["x-amz-trailer-signature"], digest)

    def _check(self, algorithm: str, claimed: str, *hashes: str) -> None:
        lines = (algorithm, self._verified.timestamp, self._verified.scope, self._previous, *hashes)
        expected = hmac.digest(self._verified.signing_key, "\n".join(lines).encode(), "sha256").hex()
        if not hmac.compare_digest(expected.encode(), claimed.encode()):
            raise s3_error("SignatureDoesNotMatch")
        self._previous = expected
