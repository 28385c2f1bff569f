"""Names in S3: of buckets, and keys."""

from __future__ import annotations

import re

from airflow_hpt_provider.local.s3.errors import s3_error

MAX_KEY_BYTES = 1024

_BUCKET = re.compile(r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]")
_RESERVED_ENDINGS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_IP_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")


def check_bucket_name(name: str) -> None:
    """Refuse a bucket name that S3 would refuse.

    Raises:
        ServiceError: InvalidBucketName.
    """
    if (
        not _BUCKET.fullmatch(name)
        or ".." in name
        or _IP_ADDRESS.fullmatch(name)
        or name.endswith(_RESERVED_ENDINGS)
    ):
        raise s3_error("InvalidBucketName")


def check_key(key: str) -> None:
    """Refuse a key that S3 would refuse: empty, or over 1,024 bytes of UTF-8.

    Raises:
        ServiceError: KeyTooLongError or InvalidArgument.
    """
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        raise s3_error("InvalidArgument", "The key is not valid UTF-8.") from None
    if size > MAX_KEY_BYTES:
        raise s3_error("KeyTooLongError")
    if not size:
        raise s3_error("InvalidArgument", "The key must have at least one character.")
