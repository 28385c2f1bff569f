"""Operations of multipart uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.s3.checksums import PREFIX, claimed_checksums
from airflow_hpt_provider.local.s3.conditions import ByteRange, check_read, check_write, parse_range
from airflow_hpt_provider.local.s3.errors import s3_error
from airflow_hpt_provider.local.s3.listing import common_prefix
from airflow_hpt_provider.local.s3.multipart import CompletedPart
from airflow_hpt_provider.local.s3.wire.call import OWNER, S3Response
from airflow_hpt_provider.local.s3.wire.listings import url_encoder
from airflow_hpt_provider.local.s3.wire.objects import copy_source, properties_of

if TYPE_CHECKING:
    from airflow_hpt_provider.local.s3.model import ObjectInfo
    from airflow_hpt_provider.local.s3.model import Upload as MultipartUpload
    from airflow_hpt_provider.local.s3.wire.call import Operation, S3Request

MAX_PAGE = 1000


def create_multipart_upload(call: S3Request) -> S3Response:
    """Begin an upload in parts."""
    upload = call.uploads.create(
        call.bucket,
        call.key,
        properties_of(call),
        checksum_algorithm=call.get("ChecksumAlgorithm"),
        checksum_type=call.get("ChecksumType"),
    )
    return S3Response(
        {
            "Bucket": upload.bucket,
            "Key": upload.key,
            "UploadId": upload.id,
            "ChecksumAlgorithm": upload.checksum_algorithm,
            "ChecksumType": upload.checksum_type,
        }
    )


def upload_part(call: S3Request) -> S3Response:
    """Make the received body a part."""
    if call.upload is None:
        raise TypeError("UploadPart without a body")
    part = call.uploads.put_part(_upload(call), call.get("PartNumber"), call.upload.writer)
    return S3Response({"ETag": f'"{part.etag}"', **part.checksums})


def upload_part_copy(call: S3Request) -> S3Response:
    """Make a range of another object a part."""

    def byte_range(source: ObjectInfo) -> ByteRange | None:
        check_read(source, call.parameters, "CopySource")
        header = call.get("CopySourceRange")
        found = parse_range(header, source.size)
        if header and (found is None or int(header.rpartition("-")[2] or 0) >= source.size):
            raise s3_error(
                "InvalidArgument", f"Range specified is not valid for source object of size: {source.size}"
            )
        return found

    part = call.uploads.copy_part(_upload(call), call.get("PartNumber"), copy_source(call), byte_range)
    return S3Response(
        {"CopyPartResult": {"ETag": f'"{part.etag}"', "LastModified": part.modified, **part.checksums}}
    )


def complete_multipart_upload(call: S3Request) -> S3Response:
    """Make the parts an object."""
    given = (call.get("MultipartUpload") or {}).get("Parts", [])
    try:
        parts = [CompletedPart(part["PartNumber"], part["ETag"], _checksums(part)) for part in given]
    except KeyError:
        raise s3_error("MalformedXML") from None
    info = call.uploads.complete(
        _upload(call),
        parts,
        checksums=claimed_checksums(call.headers),
        precondition=lambda old: check_write(old, call.parameters),
    )
    location = f"http://{call.headers.get('host', '')}/{call.bucket}/{call.key}"
    result = {"Location": location, "Bucket": info.bucket, "Key": info.key, "ETag": f'"{info.etag}"'}
    return S3Response({**result, **info.checksums})


def abort_multipart_upload(call: S3Request) -> S3Response:
    """Abort an upload in parts."""
    call.uploads.abort(_upload(call))
    return S3Response()


def list_parts(call: S3Request) -> S3Response:
    """Return a page of an upload's parts."""
    upload = _upload(call)
    after, limit = int(call.get("PartNumberMarker") or 0), min(call.get("MaxParts", MAX_PAGE), MAX_PAGE)
    found = [part for part in call.uploads.parts(upload) if part.number > after]
    page = found[:limit]
    return S3Response(
        {
            "Bucket": upload.bucket,
            "Key": upload.key,
            "UploadId": upload.id,
            "PartNumberMarker": after,
            "NextPartNumberMarker": page[-1].number if page else after,
            "MaxParts": limit,
            "IsTruncated": len(found) > len(page),
            "Initiator": OWNER,
            "Owner": OWNER,
            "StorageClass": upload.properties.storage_class,
            "ChecksumAlgorithm": upload.checksum_algorithm,
            "ChecksumType": upload.checksum_type,
            "Parts": [
                {
                    "PartNumber": part.number,
                    "Size": part.size,
                    "ETag": f'"{part.etag}"',
                    "LastModified": part.modified,
                    **part.checksums,
                }
                for part in page
            ],
        }
    )


def list_multipart_uploads(call: S3Request) -> S3Response:
    """Return a page of a bucket's uploads in progress."""
    prefix, delimiter = call.get("Prefix", ""), call.get("Delimiter", "")
    marker, id_marker = call.get("KeyMarker", ""), call.get("UploadIdMarker", "")
    limit = min(call.get("MaxUploads", MAX_PAGE), MAX_PAGE)
    encode = url_encoder(call.get("EncodingType"))
    uploads = [u for u in call.uploads.list(call.bucket) if u.key.startswith(prefix)]
    if marker:
        uploads = _behind(uploads, marker, id_marker)
    last_group = common_prefix(marker, prefix, delimiter)  # which the page before has named
    prefixes: list[str] = []
    page: list[MultipartUpload] = []
    last = (marker, id_marker)
    truncated = False
    for upload in uploads:
        group = common_prefix(upload.key, prefix, delimiter)
        if group is not None and group == last_group:
            continue
        if len(page) + len(prefixes) >= limit:
            truncated = True
            break
        last_group = group
        if group is not None:
            prefixes.append(group)
            last = (group, "")
        else:
            page.append(upload)
            last = (upload.key, upload.id)
    return S3Response(
        {
            "Bucket": call.bucket,
            "KeyMarker": encode(marker),
            "UploadIdMarker": id_marker,
            "Prefix": encode(prefix),
            "Delimiter": encode(delimiter) or None,
            "EncodingType": call.get("EncodingType"),
            "MaxUploads": limit,
            "IsTruncated": truncated,
            "NextKeyMarker": encode(last[0]) if truncated else None,
            "NextUploadIdMarker": last[1] if truncated else None,
            "Uploads": [_entry(upload, encode) for upload in page],
            "CommonPrefixes": [{"Prefix": encode(p)} for p in prefixes],
        }
    )


def _entry(upload: MultipartUpload, encode: Any) -> dict[str, Any]:
    return {
        "Key": encode(upload.key),
        "UploadId": upload.id,
        "Initiated": upload.started,
        "Initiator": OWNER,
        "Owner": OWNER,
        "StorageClass": upload.properties.storage_class,
        "ChecksumAlgorithm": upload.checksum_algorithm,
        "ChecksumType": upload.checksum_type,
    }


def _behind(uploads: list[MultipartUpload], marker: str, id_marker: str) -> list[MultipartUpload]:
    """Those behind the marker: of the same key, those begun after the one of that id."""
    ids = [u.id for u in uploads if u.key == marker]
    same_key = ids[ids.index(id_marker) + 1 :] if id_marker in ids else []
    return [u for u in uploads if u.key > marker or u.id in same_key]


def _upload(call: S3Request) -> MultipartUpload:
    return call.uploads.get(call.bucket, call.key, str(call.get("UploadId")))


def _checksums(part: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in part.items() if name.startswith(PREFIX)}


OPERATIONS: dict[str, Operation] = {
    "CreateMultipartUpload": create_multipart_upload,
    "UploadPart": upload_part,
    "UploadPartCopy": upload_part_copy,
    "CompleteMultipartUpload": complete_multipart_upload,
    "AbortMultipartUpload": abort_multipart_upload,
    "ListParts": list_parts,
    "ListMultipartUploads": list_multipart_uploads,
}
