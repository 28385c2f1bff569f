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


@pytest.mark.parametrize(
    ("algorithm", "kind", "expected"),
    [
        (None, None, (None, None)),
        ("CRC32", None, ("CRC32", "COMPOSITE")),
        ("SHA256", None, ("SHA256", "COMPOSITE")),
        ("CRC64NVME", None, ("CRC64NVME", "FULL_OBJECT")),
        ("CRC32", "FULL_OBJECT", ("CRC32", "FULL_OBJECT")),
        ("CRC32", "COMPOSITE", ("CRC32", "COMPOSITE")),
        (None, "COMPOSITE", "needs x-amz-checksum-algorithm"),
        ("SHA256", "FULL_OBJECT", "FULL_OBJECT cannot be used with the SHA256 algorithm"),
        ("XXHASH64", None, "does not compute XXHASH64"),
        ("NONE", None, "header is invalid"),
    ],
)
def test_the_checksum_of_an_upload(uploads, algorithm, kind, expected) -> None:
    asked = {"checksum_algorithm": algorithm, "checksum_type": kind}
    if isinstance(expected, str):
        with pytest.raises(ServiceError, match=expected):
            uploads.create("bucket", "key", Properties(), **asked)
        assert uploads.list("bucket") == []
        return
    upload = uploads.create("bucket", "key", Properties(tags={"t": "1"}), **asked)
    assert (upload.checksum_algorithm, upload.checksum_type) == expected
    found = uploads.get("bucket", "key", upload.id)
    assert (found, [found]) == (upload, uploads.list("bucket"))


def test_an_upload_is_of_its_bucket_and_key(store: ObjectStore, uploads: MultipartUploads) -> None:
    store.create_bucket("other")
    upload = uploads.create("bucket", "key", Properties())
    for given in (("other", "key"), ("bucket", "KEY")):
        with pytest.raises(ServiceError, match="NoSuchUpload"):
            uploads.get(*given, upload.id)
    assert uploads.list("other") == []
    for call in (lambda: uploads.list("none"), lambda: uploads.create("none", "key", Properties())):
        with pytest.raises(ServiceError, match="NoSuchBucket"):
            call()
    with pytest.raises(ServiceError, match="KeyTooLong"):
        uploads.create("bucket", "k" * 1025, Properties())


@pytest.mark.parametrize("number", [0, -1, 10_001])
def test_a_part_with_a_wrong_number_leaves_no_blob(store, uploads, number) -> None:
    upload = uploads.create("bucket", "key", Properties())
    with pytest.raises(ServiceError, match="Part number must be an integer between 1 and 10000"):
        put(store, uploads, upload, number, b"x")
    assert (blobs(store), uploads.parts(upload)) == (0, [])
    for number in (1, 10_000):
        put(store, uploads, upload, number, b"x")


def test_an_upload_that_was_aborted_is_aborted_once(store: ObjectStore, uploads: MultipartUploads) -> None:
    upload, other = (uploads.create("bucket", key, Properties()) for key in ("key", "other"))
    put(store, uploads, other, 1, b"kept")
    uploads.abort(upload)
    with pytest.raises(ServiceError, match="NoSuchUpload"):
        uploads.abort(upload)
    assert (uploads.list("bucket"), blobs(store)) == ([other], 1)


def test_parts_are_bound_from_below_except_for_the_last(store, uploads) -> None:
    for size, good in ((MIN_PART_SIZE, True), (MIN_PART_SIZE - 1, False)):
        upload = uploads.create("bucket", "key", Properties())
        parts = [put(store, uploads, upload, n, b"x" * each) for n, each in enumerate((size, 0), 1)]
        if good:
            assert uploads.complete(upload, named(*parts)).size == size
        else:
            with pytest.raises(ServiceError, match="EntityTooSmall"):
                uploads.complete(upload, named(*parts))


def test_an_object_knows_its_parts(store: ObjectStore, uploads: MultipartUploads) -> None:
    upload = uploads.create("bucket", "key", Properties(), checksum_algorithm="SHA256")
    parts = [put(store, uploads, upload, 3, BIG), put(store, uploads, upload, 8, b"tail")]
    info = uploads.complete(upload, named(*parts))
    assert [(part.number, part.size) for part in info.parts] == [(1, MIN_PART_SIZE), (2, 4)]
    assert [part.checksums for part in info.parts] == [part.checksums for part in parts]
    assert set(parts[0].checksums) == {"ChecksumSHA256"}
    assert (info.size, info.key, info.bucket) == (MIN_PART_SIZE + 4, "key", "bucket")


def test_a_claimed_checksum_is_compared(store: ObjectStore, uploads: MultipartUploads) -> None:
    def complete(**claimed: str):
        upload = uploads.create("bucket", "key", Properties(), checksum_algorithm="CRC32")
        part = put(store, uploads, upload, 1, b"part")
        return uploads.complete(upload, named(part), checksums=claimed)

    right = complete().checksums["ChecksumCRC32"].partition("-")[0]
    assert complete(ChecksumCRC32=right)
    assert complete(ChecksumCRC32="AAAAAA==-7"), "of another number of parts: not compared"
    assert complete(ChecksumSHA1="AAAA"), "of another algorithm: not compared"
    with pytest.raises(ServiceError, match="BadDigest"):
        complete(ChecksumCRC32="AAAAAA==")


def test_a_part_without_a_checksum_gives_the_object_none(store, uploads) -> None:
    upload = uploads.create("bucket", "key", Properties(), checksum_algorithm="CRC32")
    writer = store.start_blob()
    writer.write(b"part")
    part = uploads.put_part(upload, 1, writer)
    assert uploads.complete(upload, named(part)).checksums == {}


def test_a_checksum_of_a_part_that_differs_is_refused(store, uploads) -> None:
    upload = uploads.create("bucket", "key", Properties(), checksum_algorithm="CRC32")
    part = put(store, uploads, upload, 1, b"part")
    for claimed, good in (("AAAAAA==", False), (part.checksums["ChecksumCRC32"], True)):
        chosen = [CompletedPart(1, part.etag, {"ChecksumCRC32": claimed, "ChecksumSHA1": "not computed"})]
        if good:
            assert uploads.complete(upload, chosen)
        else:
            with pytest.raises(ServiceError, match="InvalidPart"):
                uploads.complete(upload, chosen)


def test_a_completion_that_is_refused_keeps_upload_and_object(store, uploads) -> None:
    store.put("bucket", "key", b"kept")
    upload = uploads.create("bucket", "key", Properties())
    part = put(store, uploads, upload, 1, b"part")
    seen = []

    def refuse(old) -> None:
        seen.append(old)
        raise s3_error("PreconditionFailed")

    with pytest.raises(ServiceError, match="PreconditionFailed"):
        uploads.complete(upload, named(part), precondition=refuse)
    assert seen == [store.head("bucket", "key")]
    assert (store.get("bucket", "key"), uploads.parts(upload), blobs(store)) == (b"kept", [part], 2)
    uploads.complete(upload, named(part))
    assert (store.get("bucket", "key"), blobs(store)) == (b"part", 1)
    with pytest.raises(ServiceError, match=r"NoSuchUpload|InvalidPart"):
        uploads.complete(upload, named(part))


@pytest.mark.parametrize("change", ["replaced", "aborted"])
def test_an_upload_that_changes_while_it_is_completed(store, uploads, monkeypatch, change) -> None:
    upload = uploads.create("bucket", "key", Properties())
    part = put(store, uploads, upload, 1, b"part")
    checksums = uploads._checksums

    def changed(*given):
        if change == "replaced":
            put(store, uploads, upload, 1, b"other")
        else:
            uploads.abort(upload)
        return checksums(*given)

    monkeypatch.setattr(uploads, "_checksums", changed)
    with pytest.raises(ServiceError, match="InvalidPart" if change == "replaced" else "NoSuchUpload"):
        uploads.complete(upload, named(part))
    assert not store.exists("bucket", "key")


def test_a_full_checksum_of_an_upload_that_was_aborted(store, uploads) -> None:
    upload = uploads.create(
        "bucket", "key", Properties(), checksum_algorithm="CRC32", checksum_type="FULL_OBJECT"
    )
    part = put(store, uploads, upload, 1, b"part")
    uploads.abort(upload)
    with pytest.raises(ServiceError, match="NoSuchUpload"):
        uploads._checksums(upload, [part])


def test_a_copied_part_has_its_checksum_and_its_range(store, uploads) -> None:
    store.put("bucket", "source", b"x" * 3_000_000 + b"tail")
    upload = uploads.create("bucket", "key", Properties(), checksum_algorithm="CRC32")
    seen = []

    def wanted(info):
        seen.append(info)
        return ByteRange(1_000_000, 2_000_002)

    part = uploads.copy_part(upload, 1, ("bucket", "source"), wanted)
    assert (part.size, seen) == (2_000_002, [store.head("bucket", "source")])
    assert set(part.checksums) == {"ChecksumCRC32"}
    uploads.complete(upload, named(part))
    assert store.get("bucket", "key") == b"x" * 2_000_000 + b"ta"


def test_a_copied_part_that_fails_leaves_no_blob(store, uploads, monkeypatch) -> None:
    store.put("bucket", "source", b"0123456789")
    upload = uploads.create("bucket", "key", Properties())

    def refuse(info):
        raise s3_error("InvalidRange")

    with pytest.raises(ServiceError, match="InvalidRange"):
        uploads.copy_part(upload, 1, ("bucket", "source"), refuse)
    real = store.start_blob

    def broken(digests):
        writer = real(digests)
        monkeypatch.setattr(type(writer), "write", lambda *_: 1 / 0)
        return writer

    monkeypatch.setattr(store, "start_blob", broken)
    with pytest.raises(ZeroDivisionError):
        uploads.copy_part(upload, 1, ("bucket", "source"), lambda info: None)
    assert (blobs(store), uploads.parts(upload)) == (1, [])
