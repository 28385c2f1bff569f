"""Deletion of objects. Whatever a request says about which object it means is checked before that is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.s3.conditions import check_write
from airflow_hpt_provider.local.s3.errors import s3_error
from airflow_hpt_provider.local.s3.names import check_key
from airflow_hpt_provider.local.s3.wire.call import S3Response, check_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_hpt_provider.local.s3.model import ObjectInfo
    from airflow_hpt_provider.local.s3.wire.call import Operation, S3Request

MAX_DELETES = 1000
_OF_DIRECTORY_BUCKETS = ("IfMatchLastModifiedTime", "IfMatchSize", "LastModifiedTime", "Size")


def delete_object(call: S3Request) -> S3Response:
    """Delete an object; it is no error if there is none."""
    _delete(call, call.key, {**call.parameters, "ETag": call.get("IfMatch")})
    return S3Response()


def delete_objects(call: S3Request) -> S3Response:
    """Delete up to a thousand objects. An object that cannot be deleted is an Error of the response."""
    call.store.bucket(call.bucket)
    request = call.get("Delete")
    items = request.get("Objects", [])
    if not 1 <= len(items) <= MAX_DELETES or not all(item.get("Key") for item in items):
        raise s3_error("MalformedXML")
    deleted: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for item in items:
        named = {name: item[name] for name in ("Key", "VersionId") if item.get(name) is not None}
        try:
            _delete(call, item["Key"], item)
        except ServiceError as error:
            errors.append({**named, "Code": error.code, "Message": error.message})
        else:
            deleted.append(named)
    return S3Response({"Deleted": [] if request.get("Quiet") else deleted, "Errors": errors})


def _delete(call: S3Request, key: str, asked: Mapping[str, Any]) -> None:
    for name in _OF_DIRECTORY_BUCKETS:
        if asked.get(name) is not None:
            raise s3_error(
                "NotImplemented", f"Only directory buckets have {name}: leave it out, or use the ETag."
            )
    check_key(key)
    check_version(asked.get("VersionId"))
    etag = asked.get("ETag")

    def check(old: ObjectInfo | None) -> None:
        if etag is not None:
            check_write(old, {"IfMatch": etag})

    call.store.delete(call.bucket, key, precondition=check)


OPERATIONS: dict[str, Operation] = {"DeleteObject": delete_object, "DeleteObjects": delete_objects}
