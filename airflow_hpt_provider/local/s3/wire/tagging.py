"""Tags of objects and buckets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from airflow_hpt_provider.local.s3.errors import s3_error
from airflow_hpt_provider.local.s3.index import find_bucket
from airflow_hpt_provider.local.s3.rows import to_json
from airflow_hpt_provider.local.s3.wire.call import S3Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airflow_hpt_provider.local.s3.wire.call import Operation, S3Request

MAX_OBJECT_TAGS, MAX_BUCKET_TAGS = 10, 50
MAX_TAG_KEY, MAX_TAG_VALUE = 128, 256


def tags_from_header(header: str | None) -> dict[str, str]:
    """Return the x-amz-tagging header: ``key=value&key=value``."""
    return _checked(parse_qsl(header or "", keep_blank_values=True), MAX_OBJECT_TAGS)


def _checked(pairs: Iterable[tuple[str, str]], most: int) -> dict[str, str]:
    tags: dict[str, str] = {}
    for key, value in pairs:
        if key in tags:
            raise s3_error("InvalidTag", "Cannot provide multiple Tags with the same key")
        if not 1 <= len(key) <= MAX_TAG_KEY:
            raise s3_error("InvalidTag", "The TagKey you have provided is invalid")
        if len(value) > MAX_TAG_VALUE:
            raise s3_error("InvalidTag", "The TagValue you have provided is invalid")
        tags[key] = value
    if len(tags) > most:
        raise s3_error("InvalidTag", f"Tags cannot be greater than {most}")
    return tags


def _from_set(call: S3Request, most: int) -> dict[str, str]:
    tag_set = call.get("Tagging", {}).get("TagSet", [])
    return _checked([(tag.get("Key", ""), tag.get("Value", "")) for tag in tag_set], most)


def _to_set(tags: Mapping[str, str]) -> dict[str, Any]:
    return {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}


def get_object_tagging(call: S3Request) -> S3Response:
    """Return an object's tags."""
    return S3Response(_to_set(call.store.head(call.bucket, call.key).properties.tags))


def put_object_tagging(call: S3Request) -> S3Response:
    """Replace an object's tags."""
    call.store.set_tags(call.bucket, call.key, _from_set(call, MAX_OBJECT_TAGS))
    return S3Response()


def delete_object_tagging(call: S3Request) -> S3Response:
    """Remove an object's tags."""
    call.store.set_tags(call.bucket, call.key, {})
    return S3Response()


def get_bucket_tagging(call: S3Request) -> S3Response:
    """Return a bucket's tags. Raises NoSuchTagSet if it has none."""
    with call.store.database.snapshot() as connection:
        find_bucket(connection, call.bucket)
        row = connection.execute("select tags from bucket where name = ?", (call.bucket,)).fetchone()
    tags = json.loads(row["tags"])
    if not tags:
        raise s3_error("NoSuchTagSet")
    return S3Response(_to_set(tags))


def put_bucket_tagging(call: S3Request) -> S3Response:
    """Replace a bucket's tags."""
    _set_bucket_tags(call, _from_set(call, MAX_BUCKET_TAGS))
    return S3Response(status=204)


def delete_bucket_tagging(call: S3Request) -> S3Response:
    """Remove a bucket's tags."""
    _set_bucket_tags(call, {})
    return S3Response()


def _set_bucket_tags(call: S3Request, tags: Mapping[str, str]) -> None:
    with call.store.database.transaction() as connection:
        find_bucket(connection, call.bucket)
        connection.execute("update bucket set tags = ? where name = ?", (to_json(tags), call.bucket))


OPERATIONS: dict[str, Operation] = {
    "GetObjectTagging": get_object_tagging,
    "PutObjectTagging": put_object_tagging,
    "DeleteObjectTagging": delete_object_tagging,
    "GetBucketTagging": get_bucket_tagging,
    "PutBucketTagging": put_bucket_tagging,
    "DeleteBucketTagging": delete_bucket_tagging,
}
