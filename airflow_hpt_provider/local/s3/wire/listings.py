"""ListObjects, both versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow_hpt_provider.local.page_tokens import from_token, to_token
from airflow_hpt_provider.local.s3.checksums import PREFIX
from airflow_hpt_provider.local.s3.errors import s3_error
from airflow_hpt_provider.local.s3.index import find_bucket
from airflow_hpt_provider.local.s3.listing import list_objects
from airflow_hpt_provider.local.s3.wire.call import NULL_VERSION, OWNER, S3Response

if TYPE_CHECKING:
    from airflow_hpt_provider.local.s3.listing import ObjectPage
    from airflow_hpt_provider.local.s3.model import ObjectInfo
    from airflow_hpt_provider.local.s3.wire.call import Operation, S3Request

MAX_KEYS = 1000


def list_objects_v1(call: S3Request) -> S3Response:
    """Return a page, continued by Marker."""
    marker = call.get("Marker", "")
    page, result = _page(call, marker)
    result["Marker"] = _encoder(call)(marker)
    _add_owner(result)
    if page.next is not None and call.get("Delimiter"):
        result["NextMarker"] = _encoder(call)(page.next)
    return S3Response(result)


def list_objects_v2(call: S3Request) -> S3Response:
    """Return a page, continued by ContinuationToken."""
    token, start = call.get("ContinuationToken"), call.get("StartAfter", "")
    page, result = _page(call, _from_token(token) if token is not None else start)
    result["KeyCount"] = len(page.objects) + len(page.prefixes)
    result["ContinuationToken"] = token
    if call.get("FetchOwner"):
        _add_owner(result)
    if start:
        result["StartAfter"] = _encoder(call)(start)
    if page.next is not None:
        result["NextContinuationToken"] = to_token(page.next)
    return S3Response(result)


def list_object_versions(call: S3Request) -> S3Response:
    """Return a page of versions: each object has one, as in every bucket without versioning."""
    marker, version = call.get("KeyMarker", ""), call.get("VersionIdMarker")
    if version and not marker:
        raise s3_error("InvalidArgument", "A version-id marker cannot be specified without a key marker.")
    page, result = _page(call, marker)
    _add_owner(result)
    versions = result.pop("Contents")
    encode = _encoder(call)
    result["Versions"] = [{**entry, "VersionId": NULL_VERSION, "IsLatest": True} for entry in versions]
    result["KeyMarker"], result["VersionIdMarker"] = encode(marker), version or ""
    if page.next is not None:
        result["NextKeyMarker"] = encode(page.next)
        result["NextVersionIdMarker"] = NULL_VERSION
    return S3Response(result)


def _add_owner(result: dict[str, Any]) -> None:
    result["Contents"] = [{**entry, "Owner": OWNER} for entry in result["Contents"]]


def url_encoder(encoding_type: str | None) -> Any:
    """How keys are written: percent-encoded if the client asks for it (XML cannot hold all characters)."""
    if encoding_type == "url":
        return lambda text: quote(text, safe="/")
    return lambda text: text


def _page(call: S3Request, after: str) -> tuple[ObjectPage, dict[str, Any]]:
    encode = _encoder(call)
    prefix, delimiter = call.get("Prefix", ""), call.get("Delimiter", "")
    limit = min(call.get("MaxKeys", MAX_KEYS), MAX_KEYS)
    with call.store.database.snapshot() as connection:
        find_bucket(connection, call.bucket)
        page = list_objects(
            connection, call.bucket, prefix=prefix, delimiter=delimiter, after=after, limit=limit
        )
    return page, {
        "Name": call.bucket,
        "Prefix": encode(prefix),
        "Delimiter": encode(delimiter) or None,
        "MaxKeys": limit,
        "EncodingType": call.get("EncodingType"),
        "IsTruncated": page.next is not None,
        "Contents": [_entry(info, encode) for info in page.objects],
        "CommonPrefixes": [{"Prefix": encode(p)} for p in page.prefixes],
    }


def _entry(info: ObjectInfo, encode: Any) -> dict[str, Any]:
    algorithms = [m.removeprefix(PREFIX) for m in info.checksums if m != "ChecksumType"]
    return {
        "Key": encode(info.key),
        "Size": info.size,
        "ETag": f'"{info.etag}"',
        "LastModified": info.modified,
        "StorageClass": info.properties.storage_class,
        "ChecksumAlgorithm": algorithms or None,
        "ChecksumType": info.checksums.get("ChecksumType"),
    }


def _encoder(call: S3Request) -> Any:
    return url_encoder(call.get("EncodingType"))


def _from_token(token: str) -> str:
    try:
        return from_token(token)
    except ValueError:
        raise s3_error("InvalidArgument", "The continuation token provided is incorrect") from None


OPERATIONS: dict[str, Operation] = {
    "ListObjects": list_objects_v1,
    "ListObjectsV2": list_objects_v2,
    "ListObjectVersions": list_object_versions,
}
