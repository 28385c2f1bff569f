"""OpenLineage's names for objects in S3, whichever of the forms that AWS takes the URI has."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from airflow_hpt_provider.models.s3_uris import bucket_and_key


def dataset_name(uri: str) -> tuple[str, str]:
    """Namespace and name of a dataset in S3, as OpenLineage names them.

    Args:
        uri: of an object, a prefix or a bucket; see :func:`~airflow_hpt_provider.models.s3_uris.bucket_and_key`.

    Returns:
        ``s3://BUCKET`` and the key without its last slash, ``/`` for the whole bucket. Where the bucket is not known,
        the host with its scheme, and the path.
    """
    found = bucket_and_key(uri)
    if found is None:
        parts = urlsplit(uri)
        namespace, name = f"{parts.scheme}://{parts.netloc}", unquote(parts.path).removeprefix("/")
    else:
        namespace, name = f"s3://{found[0]}", found[1]
    return namespace, name.rstrip("/") or "/"
