"""S3 URIs in all the forms that AWS takes."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

# Before the host, the bucket, unless that is in the path. The hosts are those of a VPC's endpoints, and
# s3.amazonaws.com, s3.eu-west-1.amazonaws.com, s3-us-west-2.amazonaws.com, s3.dualstack.…, s3-fips.…, s3-accelerate.…
_HOSTS: Final = tuple(
    re.compile(rf"(?:(?P<bucket>.+)\.)?{host}\.amazonaws\.com(?:\.cn)?")
    for host in (r"bucket\.vpce-[a-z0-9-]+\.s3\.[a-z0-9-]+\.vpce", r"s3(?:[.-][a-z0-9-]+){0,3}")
)


def bucket_and_key(uri: str) -> tuple[str, str] | None:
    """Return the bucket and the key, or key prefix, of a URI.

    Args:
        uri: ``s3://BUCKET/KEY``, ``https://BUCKET.s3.REGION.amazonaws.com/KEY`` or
            ``https://s3.REGION.amazonaws.com/BUCKET/KEY``.

    Returns:
        None if there is no bucket in it, or its host is none of S3's, so that the bucket's place is unknown.
    """
    scheme, _, rest = uri.partition("://")
    if scheme == "s3":
        bucket, _, key = rest.partition("/")
    elif scheme == "https":
        try:
            parts = urlsplit(uri)
        except ValueError:  # brackets that hold no IPv6 address
            return None
        found = (pattern.fullmatch(parts.hostname or "") for pattern in _HOSTS)
        host = next(filter(None, found), None)
        if host is None:
            return None
        bucket, key = host["bucket"] or "", unquote(parts.path).removeprefix("/")
        if not bucket:
            bucket, _, key = key.partition("/")
    else:
        return None
    return (bucket, key) if bucket else None
