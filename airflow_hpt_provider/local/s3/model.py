"""What the store knows of buckets, objects, uploads and parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True)
class Bucket:
    """A bucket."""

    name: str
    created: datetime
    region: str


@dataclass(frozen=True)
class Properties:
    """What a client says about an object when it writes it.

    Attributes:
        headers: ContentType, ContentEncoding, CacheControl ... in S3's member names.
        metadata: the user's own (``x-amz-meta-``), names in lower case.
        tags: the object's tags.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def storage_class(self) -> str:
        """Only remembered: all classes are stored alike."""
        return self.headers.get("StorageClass", "STANDARD")


@dataclass(frozen=True)
class ObjectPart:
    """One part of an object that was uploaded in parts. ``checksums`` in S3's member names, base64."""

    number: int
    size: int
    checksums: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ObjectInfo:
    """An object without its bytes.

    Attributes:
        bucket, key: where it is.
        size: in bytes.
        etag: without quotes; the MD5 in hex, or ``<md5 of md5s>-<parts>`` after an upload in parts.
        modified: when it was written; whole seconds, as S3 has it.
        properties: content type, metadata, tags.
        checksums: S3 member name (``ChecksumCRC32`` ...) -> base64; and ``ChecksumType``.
        parts: empty unless it was uploaded in parts.
    """

    bucket: str
    key: str
    size: int
    etag: str
    modified: datetime
    properties: Properties = field(default_factory=Properties)
    checksums: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[ObjectPart, ...] = ()


@dataclass(frozen=True)
class Blob:
    """An immutable file and what was computed while it was written."""

    name: str
    size: int
    md5: str
    checksums: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Segment:
    """A stretch of a blob: an object's bytes are its segments, one after the other."""

    blob: str
    offset: int
    length: int


@dataclass(frozen=True)
class Upload:
    """A multipart upload under way."""

    id: str
    bucket: str
    key: str
    started: datetime
    properties: Properties = field(default_factory=Properties)
    checksum_algorithm: str | None = None
    checksum_type: str | None = None


@dataclass(frozen=True)
class Part:
    """A part of an upload under way."""

    number: int
    size: int
    etag: str
    modified: datetime
    checksums: Mapping[str, str]
    segment: Segment
