"""What an operation gets and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.s3.errors import s3_error

if TYPE_CHECKING:
    import io

    from airflow_hpt_provider.local.s3.blobs import BlobWriter
    from airflow_hpt_provider.local.s3.conditions import ByteRange
    from airflow_hpt_provider.local.s3.multipart import MultipartUploads
    from airflow_hpt_provider.local.s3.objects import ObjectStore

OWNER = {"ID": "local-tuning-service", "DisplayName": "local"}
"""The owner of every bucket and upload."""


@dataclass(frozen=True)
class Upload:
    """A body that has been received whole and checked, not yet an object."""

    writer: BlobWriter
    checksums: Mapping[str, str]


@dataclass(frozen=True)
class S3Request:
    """One request.

    Attributes:
        store, uploads: what it works on.
        region: of the signature.
        headers: the request's, names in lower case.
        parameters: in S3's names; Bucket and Key among them.
        upload: the body, for PutObject and UploadPart.
    """

    store: ObjectStore
    uploads: MultipartUploads
    region: str
    headers: Mapping[str, str]
    parameters: Mapping[str, Any]
    upload: Upload | None = None

    @property
    def bucket(self) -> str:
        """The Bucket parameter."""
        return str(self.parameters["Bucket"])

    @property
    def key(self) -> str:
        """The Key parameter."""
        return str(self.parameters["Key"])

    def get(self, name: str, default: Any = None) -> Any:
        """Return a parameter."""
        return self.parameters.get(name, default)


@dataclass(frozen=True)
class Content:
    """Bytes to send: close ``reader`` afterwards."""

    reader: io.RawIOBase
    byte_range: ByteRange


@dataclass(frozen=True)
class S3Response:
    """An operation's answer.

    Attributes:
        result: in S3's names.
        content: the body of a GetObject.
        status: if it is not the operation's usual one.
    """

    result: Mapping[str, Any] = field(default_factory=dict)
    content: Content | None = None
    status: int | None = None


Operation = Callable[[S3Request], S3Response]


NULL_VERSION = "null"
"""The version id of every object in a bucket without versions."""


def check_version(version: str | None) -> None:
    """Refuse a version id other than ``null``. Raises InvalidArgument."""
    if version not in {None, NULL_VERSION}:
        raise s3_error(
            "InvalidArgument", "Invalid version id specified: the local service keeps no versions."
        )
