"""S3's additional checksums: CRC32 (what boto3 sends by default), CRC32C, CRC64NVME and the SHAs.

The CRCs that the standard library lacks are computed by awscrt where it is installed, else bytewise in Python
(some 5 MB/s): right, but slow, and only for clients that ask for them.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.s3.errors import s3_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from airflow_hpt_provider.local.s3.blobs import Digest

PREFIX = "Checksum"
HEADER_PREFIX = "x-amz-checksum-"
_CRC_BYTES = {"CRC32": 4, "CRC32C": 4, "CRC64NVME": 8}
_POLYNOMIALS = {"CRC32C": 0x82F63B78, "CRC64NVME": 0x9A6C9329AC4BC9B5}
_HASHES = {"SHA1": "sha1", "SHA256": "sha256", "SHA512": "sha512", "MD5": "md5"}

ALGORITHMS = frozenset({*_CRC_BYTES, *_HASHES})
_NOT_COMPUTED = frozenset({"XXHASH64", "XXHASH3", "XXHASH128"})


def make_digest(algorithm: str) -> Digest:
    """Return a running checksum by S3's name of the algorithm.

    Raises:
        ServiceError: NotImplemented for one that needs a library of its own (the XXHASH family);
            InvalidRequest for one that S3 does not have.
    """
    if algorithm in _CRC_BYTES:
        return _CrcDigest(algorithm)
    if algorithm in _HASHES:
        return _HashDigest(algorithm)
    if algorithm not in _NOT_COMPUTED:
        raise s3_error("InvalidRequest", "Value for x-amz-checksum-algorithm header is invalid.")
    raise s3_error(
        "NotImplemented",
        f"The local service does not compute {algorithm} checksums: use one of {', '.join(sorted(ALGORITHMS))}.",
    )


def claimed_checksums(headers: Mapping[str, str]) -> dict[str, str]:
    """Checksums that the client sends, as S3 member name (``ChecksumCRC32``) -> base64."""
    return {
        member_name(name.removeprefix(HEADER_PREFIX).upper()): value
        for name, value in headers.items()
        if name.startswith(HEADER_PREFIX)
        and name.removeprefix(HEADER_PREFIX) not in {"algorithm", "mode", "type"}
    }


def member_name(algorithm: str) -> str:
    """``CRC32`` -> ``ChecksumCRC32``."""
    return PREFIX + algorithm


def verify_checksums(claimed: Mapping[str, str], computed: Mapping[str, str]) -> None:
    """Raise BadDigest naming the algorithm whose checksum differs."""
    for member, value in claimed.items():
        if computed.get(member) != value:
            raise s3_error(
                "BadDigest",
                f"The {member.removeprefix(PREFIX)} you specified did not match the calculated checksum.",
            )


def composite(algorithm: str, parts: Iterable[str]) -> str:
    """Return the checksum of the parts' checksums, ``<base64>-<number of parts>``."""
    digest = make_digest(algorithm)
    values = [base64.b64decode(part) for part in parts]
    digest.update(b"".join(values))
    return f"{digest.base64()}-{len(values)}"


class _HashDigest:
    """A checksum that is a hash of the standard library."""

    def __init__(self, algorithm: str) -> None:
        self.member = member_name(algorithm)
        self._hash = hashlib.new(_HASHES[algorithm], usedforsecurity=False)

    def update(self, data: bytes, /) -> None:
        """Continue the checksum with these bytes."""
        self._hash.update(data)

    def base64(self) -> str:
        """Return the checksum so far."""
        return base64.b64encode(self._hash.digest()).decode()


class _CrcDigest:
    """A checksum that is a CRC."""

    def __init__(self, algorithm: str) -> None:
        self.member = member_name(algorithm)
        self._size = _CRC_BYTES[algorithm]
        self._function = _crc_function(algorithm)
        self._value = 0

    def update(self, data: bytes, /) -> None:
        """Continue the checksum with these bytes."""
        self._value = self._function(data, self._value)

    def base64(self) -> str:
        """Return the checksum so far."""
        return base64.b64encode(self._value.to_bytes(self._size, "big")).decode()


@cache
def _crc_function(algorithm: str) -> Callable[[bytes, int], int]:
    if algorithm == "CRC32":
        return zlib.crc32
    try:
        checksums = import_module("awscrt.checksums")
    except ImportError:
        return _bytewise_crc(_POLYNOMIALS[algorithm], _CRC_BYTES[algorithm] * 8)
    function: Callable[[bytes, int], int] = getattr(checksums, algorithm.lower())
    return function


def _bytewise_crc(polynomial: int, bits: int) -> Callable[[bytes, int], int]:
    """Return a reflected CRC with all ones before and after."""
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (polynomial if value & 1 else 0)
        table.append(value)
    ones = (1 << bits) - 1

    def crc(data: bytes, previous: int) -> int:
        value = previous ^ ones
        for byte in data:
            value = (value >> 8) ^ table[(value ^ byte) & 0xFF]
        return value ^ ones

    return crc
