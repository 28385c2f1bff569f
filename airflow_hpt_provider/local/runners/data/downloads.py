"""Objects that become files of a training job."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.runners.failures import ClientFailure

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_hpt_provider.local.runners.data.s3 import S3Uri
    from airflow_hpt_provider.local.s3.objects import ObjectStore

NO_FILE = {errno.ENAMETOOLONG, errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ENOTEMPTY, errno.EILSEQ}
"""Errors of a key that can be no file: it is too long, or a file and a directory have its name."""


def download(objects: ObjectStore, source: S3Uri, target: Path) -> None:
    """Write an object to a file, which the job may change: the store's own bytes are not shared.

    Raises:
        ServiceError: NoSuchBucket, NoSuchKey.
        ClientFailure: the key can be no file.
    """
    try:
        objects.download(source.bucket, source.key, target)
    except OSError as error:
        if error.errno not in NO_FILE:
            raise
        raise ClientFailure(
            f"Data download failed:{source} cannot be a file ({error.strerror}). Rename the object."
        ) from error
