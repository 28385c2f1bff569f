"""Checksums, conditions, ranges and routes, by S3's rules."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.s3.checksums import make_digest
from airflow_hpt_provider.local.s3.conditions import ByteRange, check_read, check_write, parse_range
from airflow_hpt_provider.local.s3.model import ObjectInfo
from airflow_hpt_provider.local.s3.wire.app import OPERATIONS
from airflow_hpt_provider.local.s3.wire.routing import route, s3_model

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
INFO = ObjectInfo("b", "k", 10, "e", NOON)
BEFORE, AFTER = NOON - timedelta(hours=1), NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("algorithm", "value"),
    [
        # the check values of the CRC catalogue, and of sha1sum and sha256sum
        ("CRC32", "cbf43926"),
        ("CRC32C", "e3069283"),
        ("CRC64NVME", "ae8b14860a799888"),
        ("SHA1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
        ("SHA256", "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
    ],
)
def test_checksums_of_the_digits(algorithm: str, value: str) -> None:
    digest = make_digest(algorithm)
    digest.update(b"12345")
    digest.update(b"6789")
    assert base64.b64decode(digest.base64()).hex() == value
    assert digest.member == f"Checksum{algorithm}"


def test_a_checksum_we_cannot_compute() -> None:
    with pytest.raises(ServiceError, match="does not compute XXHASH64"):
        make_digest("XXHASH64")


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({}, None),
        ({"IfMatch": '"e"'}, None),
        ({"IfMatch": '"x", "e"'}, None),
        ({"IfMatch": "x"}, "PreconditionFailed"),
        ({"IfNoneMatch": '"x"'}, None),
        ({"IfNoneMatch": '"e"'}, "NotModified"),
        ({"IfNoneMatch": "*"}, "NotModified"),
        ({"IfModifiedSince": AFTER}, "NotModified"),
        ({"IfModifiedSince": BEFORE}, None),
        ({"IfModifiedSince": NOON.replace(tzinfo=None)}, "NotModified"),
        ({"IfModifiedSince": NOON.astimezone(timezone(timedelta(hours=-5)))}, "NotModified"),
        ({"IfUnmodifiedSince": BEFORE}, "PreconditionFailed"),
        ({"IfUnmodifiedSince": NOON}, None),
        ({"IfUnmodifiedSince": AFTER}, None),
        ({"IfMatch": "*"}, None),
        ({"IfMatch": 'W/"e"'}, None),
        ({"IfMatch": "e", "IfNoneMatch": "e"}, "NotModified"),
        ({"IfUnmodifiedSince": AFTER, "IfModifiedSince": AFTER}, "NotModified"),
        ({"CopySourceIfMatch": "x"}, None),
        ({"IfUnmodifiedSince": BEFORE, "IfMatch": "e"}, None),
        ({"IfModifiedSince": AFTER, "IfNoneMatch": "x"}, None),
    ],
)
def test_conditional_reads(parameters: dict[str, Any], code: str | None) -> None:
    if code is None:
        check_read(INFO, parameters)
        return
    with pytest.raises(ServiceError) as caught:
        check_read(INFO, parameters)
    assert caught.value.code == code
    assert caught.value.headers.get("etag") == ('"e"' if code == "NotModified" else None)


@pytest.mark.parametrize(
    ("parameters", "fails"),
    [
        ({}, False),
        ({"IfMatch": "x"}, False),
        ({"CopySourceIfMatch": "x"}, True),
        ({"CopySourceIfMatch": "e"}, False),
        ({"CopySourceIfNoneMatch": "e"}, True),
        ({"CopySourceIfModifiedSince": NOON}, True),
        ({"CopySourceIfModifiedSince": BEFORE}, False),
        ({"CopySourceIfUnmodifiedSince": BEFORE}, True),
    ],
)
def test_conditions_on_the_source_of_a_copy(parameters: dict[str, Any], fails: bool) -> None:
    if not fails:
        check_read(INFO, parameters, "CopySource")
        return
    with pytest.raises(ServiceError, match="PreconditionFailed"):
        check_read(INFO, parameters, "CopySource")


def test_conditional_writes() -> None:
    check_write(None, {"IfNoneMatch": "*"})
    check_write(None, {"IfNoneMatch": " * "})
    check_write(INFO, {"IfMatch": '"e"'})
    check_write(INFO, {"IfMatch": "*"})
    check_write(None, {})
    check_write(INFO, {})
    for old, parameters, code in (
        (INFO, {"IfNoneMatch": "*"}, "PreconditionFailed"),
        (INFO, {"IfMatch": "x"}, "PreconditionFailed"),
        (None, {"IfMatch": "x"}, "NoSuchKey"),
        (None, {"IfNoneMatch": "x"}, "NotImplemented"),
        (None, {"IfNoneMatch": "*", "IfMatch": "x"}, "NoSuchKey"),
    ):
        with pytest.raises(ServiceError) as caught:
            check_write(old, parameters)
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-3", (0, 4)),
        ("bytes=4-", (4, 6)),
        ("bytes=-3", (7, 3)),
        ("bytes=-99", (0, 10)),
        ("bytes=8-99", (8, 2)),
        ("bytes=3-3", (3, 1)),
        ("bytes=9-9", (9, 1)),
        ("bytes=9-", (9, 1)),
        ("bytes=-1", (9, 1)),
        ("bytes=-10", (0, 10)),
        (" bytes = 0-9 ", (0, 10)),
        ("bytes=0-10", (0, 10)),
        ("", None),
        ("bytes=5-2", None),
        ("bytes=0-1,3-4", None),
        ("items=0-1", None),
        ("bytes=-", None),
    ],
)
def test_ranges(header: str | None, expected: tuple[int, int] | None) -> None:
    assert parse_range(header, 10) == expected


@pytest.mark.parametrize(("header", "size"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-", 0)])
def test_ranges_without_bytes(header: str, size: int) -> None:
    with pytest.raises(ServiceError, match="InvalidRange") as refused:
        parse_range(header, size)
    assert refused.value.details["RangeRequested"] == header
    assert refused.value.details["ActualObjectSize"] == str(size)


def test_the_content_range_of_a_response() -> None:
    assert ByteRange(2, 3).content_range(10) == "bytes 2-4/10"


@pytest.mark.parametrize(
    ("method", "bucket", "key", "query", "headers", "operation"),
    [
        ("GET", "", "", "", "", "ListBuckets"),
        ("GET", "b", "", "", "", "ListObjects"),
        ("GET", "b", "", "list-type prefix", "", "ListObjectsV2"),
        ("GET", "b", "", "location", "", "GetBucketLocation"),
        ("HEAD", "b", "", "", "", "HeadBucket"),
        ("POST", "b", "", "delete", "", "DeleteObjects"),
        ("GET", "b", "", "uploads", "", "ListMultipartUploads"),
        ("GET", "b", "k", "", "", "GetObject"),
        ("GET", "b", "k", "partNumber", "", "GetObject"),
        ("GET", "b", "k", "uploadId", "", "ListParts"),
        ("GET", "b", "k", "tagging", "", "GetObjectTagging"),
        ("GET", "b", "k", "attributes", "x-amz-object-attributes", "GetObjectAttributes"),
        ("PUT", "b", "k", "", "", "PutObject"),
        ("PUT", "b", "k", "x-id", "", "PutObject"),
        ("PUT", "b", "k", "", "x-amz-copy-source", "CopyObject"),
        ("PUT", "b", "k", "partNumber uploadId", "", "UploadPart"),
        ("PUT", "b", "k", "partNumber uploadId", "x-amz-copy-source", "UploadPartCopy"),
        ("POST", "b", "k", "uploads", "", "CreateMultipartUpload"),
        ("POST", "b", "k", "uploadId", "", "CompleteMultipartUpload"),
        ("DELETE", "b", "k", "uploadId", "", "AbortMultipartUpload"),
        ("DELETE", "b", "k", "", "", "DeleteObject"),
        ("PUT", "b", "k", "acl", "", "PutObjectAcl"),
        ("PUT", "b", "", "versioning", "", "PutBucketVersioning"),
    ],
)
def test_routes(method: str, bucket: str, key: str, query: str, headers: str, operation: str) -> None:
    given_query = dict.fromkeys(query.split(), "2")
    assert route(method, bucket, key, given_query, dict.fromkeys(headers.split(), "x")) == operation


@pytest.mark.parametrize(
    ("method", "key", "query"),
    [("DELETE", "", "acl"), ("DELETE", "k", "uploads"), ("POST", "k", ""), ("PATCH", "k", "")],
)
def test_a_subresource_is_never_overlooked(method: str, key: str, query: str) -> None:
    with pytest.raises(ServiceError, match="MethodNotAllowed"):
        route(method, "b", key, dict.fromkeys(query.split(), ""), {})


def test_our_operations_are_s3s() -> None:
    assert set(s3_model().operation_names) >= OPERATIONS.keys()
    assert len(OPERATIONS) == 29
