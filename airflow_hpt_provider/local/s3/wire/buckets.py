"""Operations on buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_hpt_provider.local.s3.wire.call import OWNER, Answer

if TYPE_CHECKING:
    from airflow_hpt_provider.local.s3.wire.call import Call, Operation

DEFAULT_REGION = "us-east-1"
"""Where S3 has no location constraint, and where making one's own bucket again is no error."""


def list_buckets(call: Call) -> Answer:
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
    return Answer(result)


def create_bucket(call: Call) -> Answer:
    """Make a bucket in the region of its LocationConstraint, else of the request."""
    constraint = call.get("CreateBucketConfiguration", {}).get("LocationConstraint")
    region = constraint or call.region
    call.store.create_bucket(call.bucket, exist_ok=call.region == DEFAULT_REGION, region=region)
    return Answer({"Location": f"/{call.bucket}"})


def head_bucket(call: Call) -> Answer:
    """Whether it is there."""
    return Answer({"BucketRegion": call.store.bucket(call.bucket).region})


def delete_bucket(call: Call) -> Answer:
    """Delete an empty bucket."""
    call.store.delete_bucket(call.bucket)
    return Answer()


def get_bucket_location(call: Call) -> Answer:
    """Its region; nothing for us-east-1, as S3 has it."""
    region = call.store.bucket(call.bucket).region
    return Answer({"LocationConstraint": None if region == DEFAULT_REGION else region})


def get_bucket_versioning(call: Call) -> Answer:
    """Never enabled: the local service keeps no versions."""
    call.store.bucket(call.bucket)
    return Answer()


OPERATIONS: dict[str, Operation] = {
    "ListBuckets": list_buckets,
    "CreateBucket": create_bucket,
    "HeadBucket": head_bucket,
    "DeleteBucket": delete_bucket,
    "GetBucketLocation": get_bucket_location,
    "GetBucketVersioning": get_bucket_versioning,
}
