"""OpenLineage's names for objects in S3, whichever of the forms that AWS takes the URI has."""

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


def dataset_name(uri: str) -> tuple[str, str]:
    """Namespace and name of a dataset in S3, as OpenLineage names them.

    Args:
        uri: ``s3://BUCKET/KEY``, ``https://BUCKET.s3.REGION.amazonaws.com/KEY`` or
            ``https://s3.REGION.amazonaws.com/BUCKET/KEY``.

    Returns:
        ``s3://BUCKET`` and the key without its last slash, ``/`` for the whole bucket. Of a host that is none of S3's
        nobody knows where its bucket is: then the host with its scheme, and the path.
    """
    scheme, _, rest = uri.partition("://")
    if scheme == "s3":
        bucket, _, key = rest.partition("/")
        return _name(f"s3://{bucket}", key)
    parts = urlsplit(uri)
    path = unquote(parts.path).removeprefix("/")
    found = (pattern.fullmatch(parts.hostname or "") for pattern in _HOSTS)
    host = next(filter(None, found), None)
    if host is None:
        return _name(f"{scheme}://{parts.netloc}", path)
    bucket, key = host["bucket"], path
    if not bucket:
        bucket, _, key = path.partition("/")
    return _name(f"s3://{bucket}", key)


def _name(namespace: str, key: str) -> tuple[str, str]:
    return namespace, key.rstrip("/") or "/"
