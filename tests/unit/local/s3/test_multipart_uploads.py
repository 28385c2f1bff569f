"""Uploads in parts: S3's checks, nothing copied, nothing left behind."""

from __future__ import annotations

import base64
import hashlib
import zlib

import pytest

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.s3.checksums import make_digest
from airflow_hpt_provider.local.s3.conditions import ByteRange
from airflow_hpt_provider.local.s3.errors import s3_error
from airflow_hpt_provider.local.s3.model import Part, Properties, Upload
from airflow_hpt_provider.local.s3.multipart import MIN_PART_SIZE, CompletedPart, MultipartUploads
from airflow_hpt_provider.local.s3.objects import ObjectStore

BIG = b"b" * MIN_PART_SIZE


@pytest.fixture
def uploads(store: ObjectStore) -> MultipartUploads:
    return MultipartUploads(store)


def put(store: ObjectStore, uploads: MultipartUploads, upload: Upload, number: int, content: bytes) -> Part:
    algorithms = [upload.checksum_algorithm] if upload.checksum_algorithm else []
    writer = store.start_blob([make_digest(a) for a in algorithms])
    writer.write(content)
    return uploads.put_part(upload, number, writer)


def named(*parts: Part) -> list[CompletedPart]:
    return [CompletedPart(part.number, f'"{part.etag}"') for part in parts]


def blobs(store: ObjectStore) -> int:
    return len(list(store.blobs.directory.iterdir()))


def test_parts_become_the_object(store: ObjectStore, uploads: MultipartUploads) -> None:
    upload = uploads.create("bucket", "key", Properties(metadata={"m": "1"}))
    second = put(store, uploads, upload, 7, b"tail")
    put(store, uploads, upload, 2, b"replaced")
    first = put(store, uploads, upload, 2, BIG)
    put(store, uploads, upload, 9, b"not named")
    assert [part.number for part in uploads.parts(upload)] == [2, 7, 9]
    info = uploads.complete(upload, named(first, second))
    md5s = bytes.fromhex(first.etag) + bytes.fromhex(second.etag)
    assert info.etag == f"{hashlib.md5(md5s).hexdigest()}-2"
    assert store.get("bucket", "key") == BIG + b"tail"
    assert info.properties.metadata == {"m": "1"}
    assert blobs(store) == 2
    with store.open("bucket", "key") as file:
        file.seek(MIN_PART_SIZE - 2)
        assert file.read(4) == b"bbta"
    assert uploads.list("bucket") == []
    with pytest.raises(ServiceError, match="NoSuchUpload"):
        uploads.get("bucket", "key", upload.id)


def test_abort_frees_the_disk(store: ObjectStore, uploads: MultipartUploads) -> None:
    upload = uploads.create("bucket", "key", Properties())
    put(store, uploads, upload, 1, b"x")
    with pytest.raises(ServiceError, match="BucketNotEmpty"):
        store.delete_bucket("bucket")
    uploads.abort(upload)
    assert blobs(store) == 0
    with pytest.raises(ServiceError, match="NoSuchUpload"):
        put(store, uploads, upload, 1, b"x")
    assert blobs(store) == 0


def test_s3s_checks(store: ObjectStore, uploads: MultipartUploads) -> None:
    upload = uploads.create("bucket", "key", Properties())
    one, two = put(store, uploads, upload, 1, b"small"), put(store, uploads, upload, 2, b"small")

    def code(parts: list[CompletedPart]) -> str:
        with pytest.raises(ServiceError) as caught:
            uploads.complete(upload, parts)
        return caught.value.code

    assert code([]) == "MalformedXML"
    assert code(named(two, one)) == "InvalidPartOrder"
    assert code(named(one, one)) == "InvalidPartOrder"
    assert code(named(one, two)) == "EntityTooSmall"
    assert code([CompletedPart(1, "0" * 32)]) == "InvalidPart"
    assert code([CompletedPart(3, one.etag)]) == "InvalidPart"
    with pytest.raises(ServiceError, match="Part number must be an integer between 1 and 10000"):
        put(store, uploads, upload, 10_001, b"")
    assert len(uploads.list("bucket")) == 1


def test_composite_and_full_checksums(store: ObjectStore, uploads: MultipartUploads) -> None:
    def b64(value: int) -> str:
        return base64.b64encode(value.to_bytes(4, "big")).decode()

    upload = uploads.create("bucket", "a", Properties(), checksum_algorithm="CRC32")
    parts = [put(store, uploads, upload, 1, BIG), put(store, uploads, upload, 2, b"tail")]
    info = uploads.complete(upload, named(*parts))
    crcs = zlib.crc32(BIG).to_bytes(4, "big") + zlib.crc32(b"tail").to_bytes(4, "big")
    assert info.checksums == {"ChecksumCRC32": b64(zlib.crc32(crcs)) + "-2", "ChecksumType": "COMPOSITE"}

    upload = uploads.create(
        "bucket", "b", Properties(), checksum_algorithm="CRC32", checksum_type="FULL_OBJECT"
    )
    parts = [put(store, uploads, upload, 1, BIG), put(store, uploads, upload, 2, b"tail")]
    with pytest.raises(ServiceError, match="BadDigest"):
        uploads.complete(upload, named(*parts), checksums={"ChecksumCRC32": "AAAAAA=="})
    whole = b64(zlib.crc32(BIG + b"tail"))
    info = uploads.complete(upload, named(*parts), checksums={"ChecksumCRC32": whole})
    assert info.checksums == {"ChecksumCRC32": whole, "ChecksumType": "FULL_OBJECT"}


def test_a_range_of_an_object_as_a_part(store: ObjectStore, uploads: MultipartUploads) -> None:
    store.put("bucket", "source", b"0123456789")
    upload = uploads.create("bucket", "key", Properties())
    part = uploads.copy_part(upload, 1, ("bucket", "source"), lambda info: ByteRange(2, 5))
    uploads.complete(upload, named(part))
    assert store.get("bucket", "key") == b"23456"


def test_an_upload_survives_a_restart(store: ObjectStore, uploads: MultipartUploads) -> None:
    upload = uploads.create("bucket", "key", Properties())
    part = put(store, uploads, upload, 1, b"part")
    store.close()
    again = ObjectStore(store.blobs.directory.parent)
    MultipartUploads(again).complete(upload, named(part))
    assert again.get("bucket", "key") == b"part"
    again.close()


def test_a_whole_object_as_a_part(store: ObjectStore, uploads: MultipartUploads) -> None:
    store.put("bucket", "source", b"0123456789")
    upload = uploads.create("bucket", "key", Properties())
    part = uploads.copy_part(upload, 1, ("bucket", "source"), lambda info: None)
    uploads.complete(upload, named(part))
    assert store.get("bucket", "key") == b"0123456789"
    assert part.etag == hashlib.md5(b"0123456789", usedforsecurity=False).hexdigest()


def test_a_refused_write_leaves_no_blob(store: ObjectStore, uploads: MultipartUploads) -> None:
    store.put("bucket", "key", b"kept")
    before = set(store.blobs.directory.iterdir())

    def refuse(old: object) -> None:
        raise s3_error("PreconditionFailed")

    writer = store.start_blob()
    writer.write(b"refused")
    with pytest.raises(ServiceError, match="PreconditionFailed"):
        store.commit("bucket", "key", writer, precondition=refuse)
    upload = uploads.create("bucket", "key", Properties())
    uploads.abort(upload)
    writer = store.start_blob()
    writer.write(b"late")
    with pytest.raises(ServiceError, match="NoSuchUpload"):
        uploads.put_part(upload, 1, writer)
    assert set(store.blobs.directory.iterdir()) == before
    assert store.get("bucket", "key") == b"kept"
