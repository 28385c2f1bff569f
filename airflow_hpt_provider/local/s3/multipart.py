"""Uploads in parts.

A part is a blob of its own. Completing an upload copies nothing: one transaction makes the parts' blobs the
object's segments. So a crash leaves either the upload or the object, never half of either.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.s3.checksums import composite, make_digest, member_name, verify_checksums
from airflow_hpt_provider.local.s3.errors import s3_error
from airflow_hpt_provider.local.s3.index import Content, find_bucket, replace_object
from airflow_hpt_provider.local.s3.model import (
    Blob,
    ObjectInfo,
    ObjectPart,
    Part,
    Properties,
    Segment,
    Upload,
)
from airflow_hpt_provider.local.s3.names import check_key
from airflow_hpt_provider.local.s3.uploads_index import (
    drop_upload,
    find_upload,
    insert_upload,
    parts_of,
    replace_part,
    uploads_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from airflow_hpt_provider.local.s3.blobs import BlobWriter
    from airflow_hpt_provider.local.s3.conditions import ByteRange
    from airflow_hpt_provider.local.s3.index import Precondition
    from airflow_hpt_provider.local.s3.objects import ObjectStore

MIN_PART_SIZE = 5 << 20
"""Bytes; the last part may be smaller."""
MAX_PARTS = 10_000

_COPY_CHUNK = 1 << 20


@dataclass(frozen=True)
class CompletedPart:
    """A part as the client names it when it completes an upload."""

    number: int
    etag: str
    checksums: Mapping[str, str] = field(default_factory=dict)


class MultipartUploads:
    """The uploads of a store; thread-safe."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._database = store.database

    def create(
        self,
        bucket: str,
        key: str,
        properties: Properties,
        *,
        checksum_algorithm: str | None = None,
        checksum_type: str | None = None,
    ) -> Upload:
        """Begin an upload.

        Args:
            checksum_algorithm: of the checksums that the client asks for, in S3's name; None: none.
            checksum_type: COMPOSITE (of the parts' checksums) or FULL_OBJECT (of the object's bytes). Default:
                FULL_OBJECT for CRC64NVME, COMPOSITE for the others.

        Raises:
            ServiceError: NoSuchBucket, KeyTooLongError; InvalidRequest or NotImplemented for a checksum.
        """
        check_key(key)
        if checksum_algorithm:
            make_digest(checksum_algorithm)
        if checksum_type and not checksum_algorithm:
            raise s3_error("InvalidRequest", "The x-amz-checksum-type header needs x-amz-checksum-algorithm.")
        if checksum_type == "FULL_OBJECT" and checksum_algorithm and not checksum_algorithm.startswith("CRC"):
            raise s3_error(
                "InvalidRequest", f"FULL_OBJECT cannot be used with the {checksum_algorithm} algorithm."
            )
        if checksum_algorithm and not checksum_type:
            checksum_type = "FULL_OBJECT" if checksum_algorithm == "CRC64NVME" else "COMPOSITE"
        upload = Upload(
            id=uuid.uuid4().hex,
            bucket=bucket,
            key=key,
            started=datetime.now(UTC),
            properties=properties,
            checksum_algorithm=checksum_algorithm,
            checksum_type=checksum_type,
        )
        with self._database.transaction() as connection:
            find_bucket(connection, bucket)
            insert_upload(connection, upload)
        return upload

    def get(self, bucket: str, key: str, identity: str) -> Upload:
        """Return an upload. Raises NoSuchBucket, NoSuchUpload."""
        with self._database.snapshot() as connection:
            return find_upload(connection, bucket, key, identity)

    def list(self, bucket: str) -> list[Upload]:
        """Return a bucket's uploads in progress, by key and start time."""
        with self._database.snapshot() as connection:
            find_bucket(connection, bucket)
            return uploads_of(connection, bucket)

    def parts(self, upload: Upload) -> Sequence[Part]:
        """Return the parts so far, by number."""
        with self._database.snapshot() as connection:
            return parts_of(connection, upload)

    def put_part(self, upload: Upload, number: int, writer: BlobWriter) -> Part:
        """Make what was written the part of that number, in the place of an earlier one."""
        blob = writer.commit()
        try:
            return self._put(upload, number, blob)
        except BaseException:
            self._store.blobs.remove([blob.name])
            raise

    def copy_part(
        self,
        upload: Upload,
        number: int,
        source: tuple[str, str],
        byte_range: Callable[[ObjectInfo], ByteRange | None],
    ) -> Part:
        """Make a range of an object the part of that number.

        ``byte_range`` reads the source and returns the range; it may raise.
        """
        info, reader = self._store.open_raw(*source)
        digests = [make_digest(upload.checksum_algorithm)] if upload.checksum_algorithm else []
        with reader:
            wanted = byte_range(info)
            start, left = wanted or (0, info.size)
            reader.seek(start)
            writer = self._store.start_blob(digests)
            try:
                while left and (chunk := reader.read(min(left, _COPY_CHUNK))):
                    writer.write(chunk)
                    left -= len(chunk)
            except BaseException:
                writer.abort()
                raise
        return self.put_part(upload, number, writer)

    def complete(
        self,
        upload: Upload,
        parts: Sequence[CompletedPart],
        *,
        checksums: Mapping[str, str] | None = None,
        precondition: Precondition | None = None,
    ) -> ObjectInfo:
        """Make the named parts the object; the upload, and parts not named, are gone.

        Args:
            upload: as :meth:`get` gives it.
            parts: in ascending order.
            checksums: of the whole object, if the client gives any.
            precondition: checks the object that is replaced.

        Raises:
            ServiceError: NoSuchUpload, InvalidPart, InvalidPartOrder, EntityTooSmall, MalformedXML (no part is
                named), BadDigest; what ``precondition`` raises.
        """
        chosen = _chosen(self.parts(upload), parts)
        computed = self._checksums(upload, chosen)
        expected = {m: v for m, v in (checksums or {}).items() if m in computed and "-" not in v}
        verify_checksums(expected, {m: v.partition("-")[0] for m, v in computed.items()})
        md5s = b"".join(bytes.fromhex(part.etag) for part in chosen)
        content = Content(
            segments=[part.segment for part in chosen],
            etag=f"{hashlib.md5(md5s, usedforsecurity=False).hexdigest()}-{len(chosen)}",
            properties=upload.properties,
            checksums=computed,
            parts=[ObjectPart(n, part.size, part.checksums) for n, part in enumerate(chosen, 1)],
        )
        with self._database.transaction() as connection:
            find_upload(connection, upload.bucket, upload.key, upload.id)
            if _chosen(parts_of(connection, upload), parts) != chosen:
                raise s3_error("InvalidPart")  # replaced during the check
            info, garbage = replace_object(connection, upload.bucket, upload.key, content, precondition)
            garbage += drop_upload(connection, upload)
        self._store.blobs.remove(garbage)
        return info

    def abort(self, upload: Upload) -> None:
        """Forget the upload and its parts."""
        with self._database.transaction() as connection:
            find_upload(connection, upload.bucket, upload.key, upload.id)
            garbage = drop_upload(connection, upload)
        self._store.blobs.remove(garbage)

    def _put(self, upload: Upload, number: int, blob: Blob) -> Part:
        if not 1 <= number <= MAX_PARTS:
            raise s3_error(
                "InvalidArgument", f"Part number must be an integer between 1 and {MAX_PARTS}, inclusive"
            )
        part = Part(
            number=number,
            size=blob.size,
            etag=blob.md5,
            modified=datetime.now(UTC).replace(microsecond=0),
            checksums=blob.checksums,
            segment=Segment(blob.name, 0, blob.size),
        )
        with self._database.transaction() as connection:
            find_upload(connection, upload.bucket, upload.key, upload.id)
            garbage = replace_part(connection, upload, part)
        self._store.blobs.remove(garbage)
        return part

    def _checksums(self, upload: Upload, parts: Sequence[Part]) -> dict[str, str]:
        """Return the object's checksum by the upload's algorithm and type."""
        algorithm = upload.checksum_algorithm
        if not algorithm:
            return {}
        member = member_name(algorithm)
        if upload.checksum_type == "COMPOSITE":
            if not all(member in part.checksums for part in parts):
                return {}
            value = composite(algorithm, [part.checksums[member] for part in parts])
            return {member: value, "ChecksumType": "COMPOSITE"}
        digest = make_digest(algorithm)
        with self._store.blobs.open([part.segment for part in parts]) as reader:
            if reader.missing is not None:
                raise s3_error("NoSuchUpload")  # aborted during the check
            while chunk := reader.read(_COPY_CHUNK):
                digest.update(chunk)
        return {member: digest.base64(), "ChecksumType": "FULL_OBJECT"}


def _chosen(uploaded: Sequence[Part], named: Sequence[CompletedPart]) -> list[Part]:
    """Return the parts that the client names, checked as S3 checks them."""
    by_number = {part.number: part for part in uploaded}
    if not named:
        raise s3_error("MalformedXML")
    if [part.number for part in named] != sorted({part.number for part in named}):
        raise s3_error("InvalidPartOrder")
    chosen = []
    for part in named:
        found = by_number.get(part.number)
        if found is None or found.etag != part.etag.strip('"'):
            raise s3_error("InvalidPart")
        if any(found.checksums.get(member, value) != value for member, value in part.checksums.items()):
            raise s3_error("InvalidPart")
        chosen.append(found)
    if any(part.size < MIN_PART_SIZE for part in chosen[:-1]):
        raise s3_error("EntityTooSmall")
    return chosen
