"""Operations on objects."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from airflow_hpt_provider.local.s3.conditions import ByteRange, check_read, check_write, parse_range
from airflow_hpt_provider.local.s3.errors import s3_error
from airflow_hpt_provider.local.s3.model import Properties
from airflow_hpt_provider.local.s3.wire.call import Content, S3Response, check_version
from airflow_hpt_provider.local.s3.wire.tagging import tags_from_header

if TYPE_CHECKING:
    from airflow_hpt_provider.local.s3.model import ObjectInfo
    from airflow_hpt_provider.local.s3.wire.call import Operation, S3Request

_KEPT = (
    "ContentType",
    "ContentEncoding",
    "ContentDisposition",
    "ContentLanguage",
    "CacheControl",
    "StorageClass",
    "ServerSideEncryption",
    "SSEKMSKeyId",
    "WebsiteRedirectLocation",
)
"""What is kept with an object and given back; encryption and storage class have no effect."""
_MAX_METADATA = 2048
"""Bytes of names and values in UTF-8, as in S3."""
_REFUSED = {
    "SSECustomerAlgorithm": "encryption with keys of your own (SSE-C)",
    "ObjectLockMode": "object lock",
    "ObjectLockRetainUntilDate": "object lock",
    "ObjectLockLegalHoldStatus": "object lock",
}


def properties_of(call: S3Request) -> Properties:
    """Return the properties that a request gives to the object that it writes."""
    for name, what in _REFUSED.items():
        if call.get(name) is not None:
            raise s3_error("NotImplemented", f"The local service does not offer {what}: leave {name} out.")
    headers = {name: str(call.get(name)) for name in _KEPT if call.get(name) is not None}
    encodings = [e.strip() for e in headers.pop("ContentEncoding", "").split(",")]
    kept = ",".join(e for e in encodings if e not in {"", "aws-chunked"})
    if kept:
        headers["ContentEncoding"] = kept
    if "expires" in call.headers:
        headers["Expires"] = call.headers["expires"]
    headers.setdefault("ContentType", "binary/octet-stream")
    metadata = {name.lower(): value for name, value in (call.get("Metadata") or {}).items()}
    if sum(len(text.encode()) for item in metadata.items() for text in item) > _MAX_METADATA:
        raise s3_error("MetadataTooLarge")
    return Properties(headers, metadata, tags_from_header(call.get("Tagging")))


def copy_source(call: S3Request) -> tuple[str, str]:
    """Bucket and key of the CopySource."""
    source, _, version = str(call.get("CopySource")).partition("?versionId=")
    bucket, _, key = unquote(source).removeprefix("/").partition("/")
    if not bucket or not key:
        raise s3_error(
            "InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
        )
    check_version(version or None)
    return bucket, key


def put_object(call: S3Request) -> S3Response:
    """Make the received body an object."""
    upload = call.upload
    if upload is None:
        raise TypeError("PutObject without a body")
    info = call.store.commit(
        call.bucket,
        call.key,
        upload.writer,
        properties_of(call),
        checksums={**upload.checksums, "ChecksumType": "FULL_OBJECT"} if upload.checksums else {},
        precondition=lambda old: check_write(old, call.parameters),
    )
    return S3Response({"ETag": f'"{info.etag}"', **info.checksums, **_encryption(info)})


def get_object(call: S3Request) -> S3Response:
    """Return an object, whole or in part."""
    info, reader = call.store.open_raw(call.bucket, call.key)
    try:
        result, byte_range, status = _described(call, info)
    except BaseException:
        reader.close()
        raise
    return S3Response(result, Content(reader, byte_range), status)


def head_object(call: S3Request) -> S3Response:
    """Return the response of a GetObject without the bytes."""
    result, _, status = _described(call, call.store.head(call.bucket, call.key))
    return S3Response(result, status=status)


def get_object_attributes(call: S3Request) -> S3Response:
    """Size, checksums and parts."""
    info = call.store.head(call.bucket, call.key)
    wanted = set(call.get("ObjectAttributes") or [])
    result: dict[str, Any] = {"LastModified": info.modified}
    if "ETag" in wanted:
        result["ETag"] = info.etag
    if "ObjectSize" in wanted:
        result["ObjectSize"] = info.size
    if "StorageClass" in wanted:
        result["StorageClass"] = info.properties.storage_class
    if "Checksum" in wanted and info.checksums:
        result["Checksum"] = dict(info.checksums)
    if "ObjectParts" in wanted and info.parts:
        after, limit = int(call.get("PartNumberMarker") or 0), call.get("MaxParts", 1000)
        found = [p for p in info.parts if p.number > after]
        page = found[:limit]
        result["ObjectParts"] = {
            "TotalPartsCount": len(info.parts),
            "PartNumberMarker": after,
            "NextPartNumberMarker": page[-1].number if page else after,
            "MaxParts": limit,
            "IsTruncated": len(found) > len(page),
            "Parts": [{"PartNumber": p.number, "Size": p.size, **p.checksums} for p in page],
        }
    return S3Response(result)


def copy_object(call: S3Request) -> S3Response:
    """Copy an object; metadata and tags come along unless replaced."""
    source, target = copy_source(call), (call.bucket, call.key)
    replace = call.get("MetadataDirective") == "REPLACE"
    replace_tags = call.get("TaggingDirective") == "REPLACE"
    if source == target and not replace and not replace_tags and call.get("StorageClass") is None:
        raise s3_error(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the "
            "object's metadata, storage class, website redirect location or encryption attributes.",
        )
    given = properties_of(call)

    def properties(old: ObjectInfo) -> Properties:
        kept = old.properties
        return Properties(
            given.headers if replace else kept.headers,
            given.metadata if replace else kept.metadata,
            given.tags if replace_tags else kept.tags,
        )

    info = call.store.copy(
        source,
        target,
        properties=properties,
        source_condition=lambda found: check_read(found, call.parameters, "CopySource"),
        precondition=lambda old: check_write(old, call.parameters),
    )
    result = {"ETag": f'"{info.etag}"', "LastModified": info.modified, **info.checksums}
    return S3Response({"CopyObjectResult": result, **_encryption(info)})


def _described(call: S3Request, info: ObjectInfo) -> tuple[dict[str, Any], ByteRange, int]:
    """Return the headers of a GetObject or HeadObject, the range of bytes, and the status."""
    check_version(call.get("VersionId"))
    check_read(info, call.parameters)
    partial = _wanted_range(call, info)
    byte_range = partial or ByteRange(0, info.size)
    properties = info.properties
    result: dict[str, Any] = {
        **properties.headers,
        "ETag": f'"{info.etag}"',
        "LastModified": info.modified,
        "AcceptRanges": "bytes",
        "ContentLength": byte_range.length,
        "Metadata": dict(properties.metadata),
        "TagCount": len(properties.tags) or None,
    }
    if "PartNumber" in call.parameters:
        result["PartsCount"] = len(info.parts) or None
    if partial:
        result["ContentRange"] = partial.content_range(info.size)
    elif str(call.get("ChecksumMode", "")).upper() == "ENABLED":
        result.update(info.checksums)
    for name, value in call.parameters.items():
        if name.startswith("Response") and value is not None:
            text = value.strftime("%a, %d %b %Y %H:%M:%S GMT") if isinstance(value, datetime) else value
            if any(character < " " or character == "\x7f" for character in text):
                raise s3_error("InvalidArgument", "Response headers must not contain control characters.")
            result[name.removeprefix("Response")] = text
    return result, byte_range, 206 if partial else 200


def _wanted_range(call: S3Request, info: ObjectInfo) -> ByteRange | None:
    number = call.get("PartNumber")
    if number is None:
        return parse_range(call.get("Range"), info.size)
    if call.get("Range"):
        raise s3_error("InvalidRequest", "Cannot specify both Range header and partNumber query parameter")
    if not info.parts:
        if number != 1:
            raise s3_error("InvalidPartNumber")
        return None
    if not 1 <= number <= len(info.parts):
        raise s3_error("InvalidPartNumber")
    start = sum(part.size for part in info.parts[: number - 1])
    return ByteRange(start, info.parts[number - 1].size)


def _encryption(info: ObjectInfo) -> dict[str, str]:
    names = ("ServerSideEncryption", "SSEKMSKeyId")
    return {name: info.properties.headers[name] for name in names if name in info.properties.headers}


OPERATIONS: dict[str, Operation] = {
    "PutObject": put_object,
    "GetObject": get_object,
    "HeadObject": head_object,
    "GetObjectAttributes": get_object_attributes,
    "CopyObject": copy_object,
}
