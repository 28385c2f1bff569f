"""Conditional requests and ranges, by S3's rules."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow_hpt_provider.local.s3.errors import s3_error

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from airflow_hpt_provider.local.s3.model import ObjectInfo

_RANGE = re.compile(r"bytes\s*=\s*(\d{0,19})-(\d{0,19})")


class ByteRange(NamedTuple):
    """Bytes ``start`` to ``start + length``."""

    start: int
    length: int

    def content_range(self, size: int) -> str:
        """Return the Content-Range header for an object of that size."""
        return f"bytes {self.start}-{self.start + self.length - 1}/{size}"


def check_read(info: ObjectInfo, parameters: Mapping[str, Any], prefix: str = "") -> None:
    """IfMatch, IfNoneMatch, IfModifiedSince and IfUnmodifiedSince of a read, in S3's order of precedence.

    Args:
        info: the object.
        parameters: the request's, in S3's names.
        prefix: ``CopySource`` for the conditions on a copy's source.

    Raises:
        ServiceError: PreconditionFailed, or NotModified (a copy has only the former).
    """

    def given(name: str) -> Any:
        return parameters.get(prefix + name)

    unchanged = s3_error("PreconditionFailed" if prefix else "NotModified")
    unchanged.headers["etag"] = f'"{info.etag}"'
    if (etag := given("IfMatch")) is not None:
        if not _matches(etag, info.etag):
            raise s3_error("PreconditionFailed")
    elif (since := given("IfUnmodifiedSince")) and info.modified > _utc(since):
        raise s3_error("PreconditionFailed")
    if (etag := given("IfNoneMatch")) is not None:
        if _matches(etag, info.etag):
            raise unchanged
    elif (since := given("IfModifiedSince")) and info.modified <= _utc(since):
        raise unchanged


def check_write(old: ObjectInfo | None, parameters: Mapping[str, Any]) -> None:
    """IfNoneMatch (only ``*``) and IfMatch of a write.

    Raises:
        ServiceError: PreconditionFailed; NoSuchKey for IfMatch where nothing is; NotImplemented for another
            IfNoneMatch.
    """
    if (etag := parameters.get("IfNoneMatch")) is not None:
        if etag.strip() != "*":
            raise s3_error("NotImplemented", "A write's If-None-Match can only be '*'.")
        if old is not None:
            raise s3_error("PreconditionFailed")
    if (etag := parameters.get("IfMatch")) is not None:
        if old is None:
            raise s3_error("NoSuchKey")
        if not _matches(etag, old.etag):
            raise s3_error("PreconditionFailed")


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """Return the range of a Range header; None for the whole object. S3 ignores unreadable and multiple ranges.

    Raises:
        ServiceError: InvalidRange if no byte of the object is in it.
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if not match or not (match[1] or match[2]):
        return None
    if match[1]:
        start = int(match[1])
        end = min(int(match[2]), size - 1) if match[2] else size - 1
        if match[2] and int(match[2]) < start:
            return None
    else:
        start, end = max(0, size - int(match[2])), size - 1
    if start >= size or end < start:
        error = s3_error("InvalidRange")
        error.details.update(RangeRequested=header or "", ActualObjectSize=str(size))
        raise error
    return ByteRange(start, end - start + 1)


def _matches(header: str, etag: str) -> bool:
    return any(
        candidate.strip().removeprefix("W/").strip('"') in {"*", etag} for candidate in header.split(",")
    )


def _utc(value: datetime) -> datetime:
    """Return the time with its zone: moto's parser gives times in UTC without it."""
    return value if value.tzinfo else value.replace(tzinfo=UTC)
