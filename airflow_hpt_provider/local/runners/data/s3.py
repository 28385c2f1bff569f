"""S3 URIs, and the files that their keys stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.models.s3_uris import bucket_and_key

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class S3Uri:
    """A bucket and a key, or the beginning of one."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> S3Uri:
        """Read ``s3://bucket/key``, or its address on the web, which AWS's pattern allows too.

        Raises:
            ServiceError: a ValidationException: it isn't one.
        """
        found = bucket_and_key(text)
        if found is None:
            raise ServiceError("ValidationException", f"'{text}' is not an S3 URI: write s3://bucket/key.")
        return cls(*found)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def __truediv__(self, name: str) -> S3Uri:
        """Return the key one level below; with ``""``, the prefix of all keys below."""
        prefix = self.key.rstrip("/")
        return S3Uri(self.bucket, f"{prefix}/{name}" if prefix else name)


def below(directory: Path, name: str) -> Path | None:
    """Return the path of a key below a directory; None for a key that would lead out of it."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if not parts or ".." in parts or "\0" in name:
        return None
    return directory.joinpath(*parts)
