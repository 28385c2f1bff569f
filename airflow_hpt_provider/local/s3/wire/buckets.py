"""Operations on buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.s3.errors import s3_error
from airflow_hpt_provider.local.s3.wire.call import OWNER, S3Response
from airflow_hpt_provider.local.s3.wire.routing import s3_operation

if TYPE_CHECKING:
    from collections.abc import Collection

    from airflow_hpt_provider.local.s3.wire.call import Operation, S3Request

DEFAULT_REGION = "us-east-1"
"""Where S3 has no location constraint, and where making one's own bucket again is no error."""


def list_buckets(call: S3Request) -> S3Response:
    """All buckets, or a page of them."""
    prefix, after = call.get("Prefix", ""), call.get("ContinuationToken", "")
    limit = min(call.get("MaxBuckets", 10_000), 10_000)
    found = [b for b in call.store.buckets() if b.name.startswith(prefix) and b.name > after]
    page = found[:limit]
    result = {
        "Buckets": [{"Name": b.name, "CreationDate": b.created, "BucketRegion": b.region} for b in page],
        "Owner": OWNER,
    }
    if len(found) > limit and page:
        result["ContinuationToken"] = page[-1].name
    return S3Response(result)


def create_bucket(call: S3Request) -> S3Response:
    """Make a bucket in the region of its LocationConstraint, else of the request."""
    constraint = call.get("CreateBucketConfiguration", {}).get("LocationConstraint")
    _check_constraint(constraint, call.region)
    region = constraint or call.region
    call.store.create_bucket(call.bucket, exist_ok=call.region == DEFAULT_REGION, region=region)
    return S3Response({"Location": f"/{call.bucket}"})


def _check_constraint(constraint: str | None, region: str) -> None:
    """Refuse a LocationConstraint as the region's own endpoint does.

    Raises:
        ServiceError: InvalidLocationConstraint, IllegalLocationConstraintException.
    """
    if region == DEFAULT_REGION:
        if constraint is not None and constraint not in _constraints():
            raise s3_error("InvalidLocationConstraint")
    elif constraint not in {region, "EU" if region == "eu-west-1" else region}:
        raise s3_error(
            "IllegalLocationConstraintException",
            f"The {constraint or 'unspecified'} location constraint is incompatible for the region specific endpoint "
            "this request was sent to.",
        )


def _constraints() -> Collection[str]:
    shape: Any = s3_operation("CreateBucket").input_shape
    found: Collection[str] = shape.members["CreateBucketConfiguration"].members["LocationConstraint"].enum
    return found


def head_bucket(call: S3Request) -> S3Response:
    """Check that the bucket exists."""
    return S3Response({"BucketRegion": call.store.bucket(call.bucket).region})


def delete_bucket(call: S3Request) -> S3Response:
    """Delete an empty bucket."""
    call.store.delete_bucket(call.bucket)
    return S3Response()


def get_bucket_location(call: S3Request) -> S3Response:
    """Its region; nothing for us-east-1, as S3 has it."""
    region = call.store.bucket(call.bucket).region
    return S3Response({"LocationConstraint": None if region == DEFAULT_REGION else region})


def get_bucket_versioning(call: S3Request) -> S3Response:
    """Never enabled: the local service keeps no versions."""
    call.store.bucket(call.bucket)
    return S3Response()


OPERATIONS: dict[str, Operation] = {
    "ListBuckets": list_buckets,
    "CreateBucket": create_bucket,
    "HeadBucket": head_bucket,
    "DeleteBucket": delete_bucket,
    "GetBucketLocation": get_bucket_location,
    "GetBucketVersioning": get_bucket_versioning,
}
