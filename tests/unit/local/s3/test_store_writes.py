"""What the store writes, refuses and frees: preconditions, tags, copies, buckets, a full disk."""

from __future__ import annotations

import errno
import io
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.s3 import objects
from airflow_hpt_provider.local.s3.errors import s3_error
from airflow_hpt_provider.local.s3.model import Properties
from airflow_hpt_provider.local.s3.multipart import MultipartUploads
from airflow_hpt_provider.local.s3.objects import CHUNK, ObjectStore


def blobs(store: ObjectStore) -> int:
    return len(list(store.blobs.directory.iterdir()))


def code(call: Any, *given: Any, **options: Any) -> str:
    with pytest.raises(ServiceError) as refused:
        call(*given, **options)
    return refused.value.code


def refuse(old: object) -> None:
    raise s3_error("PreconditionFailed")


def writer(store: ObjectStore, content: bytes = b"new") -> Any:
    made = store.start_blob()
    made.write(content)
    return made


class Disk:
    """The reserve of a disk that is full until it is released."""

    def __init__(self, *, kept: bool = True) -> None:
        self.kept, self.calls = kept, []  # type: ignore[var-annotated]

    def release(self) -> bool:
        self.calls.append("release")
        return self.kept

    def fill(self) -> None:
        self.calls.append("fill")


def test_a_directory_that_is_not_there_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path / "a" / "b", "eu-west-1")
    store.create_bucket("bucket")
    store.close()
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
    again = ObjectStore(tmp_path / "a" / "b")
    assert again.bucket("bucket").region == "eu-west-1"
    again.close()


def test_a_bucket(store: ObjectStore) -> None:
    before = time.time()
    store.create_bucket("other", region="eu-west-1")
    found = store.bucket("other")
    assert (found.name, found.region) == ("other", "eu-west-1")
    assert before - 1 <= found.created.timestamp() <= time.time() + 1
    assert [bucket for bucket in store.buckets() if bucket.name == "other"] == [found]
    assert code(store.bucket, "none") == "NoSuchBucket"
    assert code(store.create_bucket, "No") == "InvalidBucketName"
    assert code(store.create_bucket, "other") == "BucketAlreadyOwnedByYou"
    store.create_bucket("other", exist_ok=True, region="us-west-2")
    assert store.bucket("other") == found


def test_a_bucket_with_an_upload_is_not_empty(store: ObjectStore) -> None:
    uploads = MultipartUploads(store)
    upload = uploads.create("bucket", "key", Properties())
    with pytest.raises(ServiceError, match="uploads in progress"):
        store.delete_bucket("bucket")
    uploads.abort(upload)
    store.delete_bucket("bucket")
    assert store.buckets() == []


def test_a_bucket_is_deleted_alone(store: ObjectStore) -> None:
    store.create_bucket("other")
    store.put("other", "k", b"1")
    store.delete_bucket("bucket")
    assert (code(store.bucket, "bucket"), store.get("other", "k")) == ("NoSuchBucket", b"1")


def test_tags_are_replaced(store: ObjectStore) -> None:
    store.put("bucket", "k", b"1", Properties({"ContentType": "x"}, {"m": "1"}, {"a": "1"}))
    store.put("bucket", "other", b"2", Properties(tags={"a": "2"}))
    store.set_tags("bucket", "k", {"b": "3"})
    assert store.head("bucket", "k").properties == Properties({"ContentType": "x"}, {"m": "1"}, {"b": "3"})
    assert store.head("bucket", "other").properties.tags == {"a": "2"}
    assert code(store.set_tags, "bucket", "none", {}) == "NoSuchKey"
    assert code(store.set_tags, "none", "k", {}) == "NoSuchBucket"


def test_what_exists(store: ObjectStore) -> None:
    store.put("bucket", "k", b"")
    assert [store.exists(*each) for each in (("bucket", "k"), ("bucket", "K"), ("none", "k"))] == [
        *(True, False, False)
    ]


def test_a_commit_keeps_what_the_client_says(store: ObjectStore) -> None:
    seen: list[Any] = []
    properties = Properties({"ContentType": "x"})
    info = store.commit(
        *("bucket", "k", writer(store)),
        properties,
        checksums={"ChecksumCRC32": "AAAA"},
        precondition=seen.append,
    )
    assert (info.properties, info.checksums, info.size) == (properties, {"ChecksumCRC32": "AAAA"}, 3)
    assert seen == [None]
    store.commit("bucket", "k", writer(store, b"again"), precondition=seen.append)
    assert seen[1] == info
    assert store.head("bucket", "k").properties == Properties()


def test_a_refused_commit_keeps_the_old_object_and_no_blob(store: ObjectStore) -> None:
    old = store.put("bucket", "k", b"old")
    assert code(store.commit, "bucket", "k", writer(store), precondition=refuse) == "PreconditionFailed"
    assert code(store.commit, "none", "k", writer(store)) == "NoSuchBucket"
    assert code(store.commit, "bucket", "", writer(store)) == "InvalidArgument"
    assert (store.head("bucket", "k"), store.get("bucket", "k"), blobs(store)) == (old, b"old", 1)


def test_a_source_that_breaks_leaves_nothing(store: ObjectStore) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() >= CHUNK:
                raise OSError("broken pipe")
            return super().read(size)

    with pytest.raises(OSError, match="broken pipe"):
        store.put("bucket", "k", Broken(b"x" * 3 * CHUNK))
    assert (store.exists("bucket", "k"), blobs(store)) == (False, 0)


def test_a_put_without_a_bucket_reads_nothing(store: ObjectStore) -> None:
    source = io.BytesIO(b"content")
    assert code(store.put, "none", "k", source) == "NoSuchBucket"
    assert code(store.put, "bucket", "", source) == "InvalidArgument"
    assert source.tell() == 0


def test_a_copy_has_the_content_and_what_it_is_given(store: ObjectStore) -> None:
    old = store.commit("bucket", "a", writer(store), Properties(metadata={"m": "1"}), checksums={"C": "x"})
    seen: list[Any] = []
    made = store.copy(
        ("bucket", "a"), ("bucket", "b"), source_condition=seen.append, precondition=seen.append
    )
    assert (made.etag, made.size, made.checksums) == (old.etag, old.size, {"C": "x"})
    assert (made.properties, seen) == (old.properties, [old, None])
    other = store.copy(("bucket", "a"), ("bucket", "b"), properties=lambda _: Properties(tags={"t": "1"}))
    assert (other.properties, store.get("bucket", "b")) == (Properties(tags={"t": "1"}), b"new")


@pytest.mark.parametrize(
    ("source", "target", "options", "expected"),
    [
        (("bucket", "none"), ("bucket", "b"), {}, "NoSuchKey"),
        (("none", "a"), ("bucket", "b"), {}, "NoSuchBucket"),
        (("bucket", "a"), ("none", "b"), {}, "NoSuchBucket"),
        (("bucket", "a"), ("bucket", ""), {}, "InvalidArgument"),
        (("bucket", "a"), ("bucket", "b"), {"source_condition": refuse}, "PreconditionFailed"),
        (("bucket", "a"), ("bucket", "b"), {"precondition": refuse}, "PreconditionFailed"),
    ],
)
def test_a_copy_that_is_refused(
    store: ObjectStore, source: Any, target: Any, options: Any, expected: str
) -> None:
    store.put("bucket", "a", b"1")
    store.put("bucket", "b", b"2")
    assert code(store.copy, source, target, **options) == expected
    assert (store.get("bucket", "a"), store.get("bucket", "b"), blobs(store)) == (b"1", b"2", 2)


def full(*_: Any) -> bool:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("reserve", "error", "calls", "deleted"),
    [
        (Disk(), OSError(errno.ENOSPC, "full"), ["release", "fill"], True),
        (Disk(), sqlite3.OperationalError("database or disk is full"), ["release", "fill"], True),
        (Disk(kept=False), OSError(errno.ENOSPC, "full"), ["release"], False),
        (Disk(), OSError(errno.EIO, "broken"), [], False),
        (None, OSError(errno.ENOSPC, "full"), [], False),
    ],
    ids=["full", "full index", "nothing kept", "another error", "no reserve"],
)
def test_a_delete_on_a_full_disk(
    store: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
    reserve: Disk | None,
    error: Exception,
    calls: list[str],
    deleted: bool,
) -> None:
    store.put("bucket", "k", b"1")
    monkeypatch.setattr(store, "_reserve", reserve)
    real, tried = store._delete, []

    def delete(*given: Any) -> bool:
        tried.append(given)
        if len(tried) == 1:
            raise error
        return real(*given)

    monkeypatch.setattr(store, "_delete", delete)
    if deleted:
        assert store.delete("bucket", "k") is True
    else:
        with pytest.raises(type(error)):
            store.delete("bucket", "k")
    assert (reserve.calls if reserve else []) == calls
    assert store.exists("bucket", "k") is not deleted
    assert len(tried) == (2 if deleted else 1)


def test_a_list_continues_behind_its_last_key(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    real, asked = objects.list_objects, []

    def short(connection: Any, bucket: str, **options: Any) -> Any:
        asked.append((options["prefix"], options["after"], options["limit"]))
        return real(connection, bucket, **{**options, "limit": 2})

    monkeypatch.setattr(objects, "list_objects", short)
    for number in range(5):
        store.put("bucket", f"p/{number}", b"")
    store.put("bucket", "q", b"")
    assert [info.key for info in store.list("bucket", "p/")] == [f"p/{n}" for n in range(5)]
    assert asked == [("p/", after, 1000) for after in ("", "p/1", "p/3")]
    assert list(store.list("bucket", "none")) == []


def test_a_download_replaces_a_file_as_a_whole(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"old")
    store.put("bucket", "k", b"x" * (2 * CHUNK + 1))
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="No space"):
            store.download("bucket", "k", target)
    assert (target.read_bytes(), [path.name for path in tmp_path.iterdir() if path.is_file()]) == (
        *(b"old", ["target"]),
    )
    store.download("bucket", "k", target)
    assert target.read_bytes() == b"x" * (2 * CHUNK + 1)
