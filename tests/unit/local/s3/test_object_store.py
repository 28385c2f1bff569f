"""The store as the runner uses it."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import threading
from pathlib import Path

import pytest

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.s3.model import Properties
from airflow_hpt_provider.local.s3.names import check_bucket_name
from airflow_hpt_provider.local.s3.objects import ObjectStore


def blobs(store: ObjectStore) -> int:
    return len(list(store.blobs.directory.iterdir()))


def test_put_and_get(store: ObjectStore) -> None:
    info = store.put(
        "bucket", "a/ü b", b"content", Properties({"ContentType": "text/x"}, {"m": "1"}, {"t": "2"})
    )
    assert (info.key, info.size, info.etag) == ("a/ü b", 7, hashlib.md5(b"content").hexdigest())
    assert store.get("bucket", "a/ü b") == b"content"
    assert store.head("bucket", "a/ü b") == info
    assert info.properties == Properties({"ContentType": "text/x"}, {"m": "1"}, {"t": "2"})


def test_files_go_in_and_out(store: ObjectStore, tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    source, target = tmp_path / "source", tmp_path / "deep" / "er" / "target"
    source.write_bytes(content)
    with source.open("rb") as file:
        store.put("bucket", "key", file)
    store.download("bucket", "key", target)
    assert target.read_bytes() == content
    assert [p.name for p in target.parent.iterdir()] == ["target"]


def test_failed_download_leaves_nothing(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="NoSuchKey"):
        store.download("bucket", "none", tmp_path / "d" / "target")
    assert list((tmp_path / "d").iterdir()) == []


def test_open_is_a_seekable_file(store: ObjectStore) -> None:
    store.put("bucket", "key", b"one\ntwo\nthree\n")
    with store.open("bucket", "key") as file:
        assert file.readline() == b"one\n"
        file.seek(-6, io.SEEK_END)
        assert file.read() == b"three\n"
        assert file.read() == b""
        with pytest.raises(ValueError, match="negative"):
            file.seek(-1)


def test_a_reader_keeps_what_it_opened(store: ObjectStore) -> None:
    store.put("bucket", "key", b"old" * 100_000)
    with store.open("bucket", "key") as file:
        file.read(1)
        store.put("bucket", "key", b"new")
        store.delete("bucket", "key")
        assert blobs(store) == 1
        assert file.read() == (b"old" * 100_000)[1:]
    assert blobs(store) == 0


def test_replacing_and_deleting_free_the_disk(store: ObjectStore) -> None:
    for content in (b"1", b"2", b"3"):
        store.put("bucket", "key", content)
    assert blobs(store) == 1
    assert store.delete("bucket", "key")
    assert not store.delete("bucket", "key")
    assert blobs(store) == 0


def test_a_delete_whose_condition_fails_deletes_nothing(store: ObjectStore) -> None:
    seen = []

    def refuse(old: object) -> None:
        seen.append(old)
        raise ServiceError("PreconditionFailed", "no", 412)

    store.put("bucket", "kept", b"1")
    for key in ("kept", "missing"):
        with pytest.raises(ServiceError, match="no"):
            store.delete("bucket", key, precondition=refuse)
    assert store.get("bucket", "kept") == b"1"
    assert [old is None for old in seen] == [False, True]
    assert store.delete("bucket", "kept", precondition=seen.append)


def test_copies_share_bytes_and_outlive_each_other(store: ObjectStore) -> None:
    store.put("bucket", "a", b"content", Properties(metadata={"m": "1"}))
    store.copy(("bucket", "a"), ("bucket", "b"))
    store.copy(("bucket", "b"), ("bucket", "b"), properties=lambda old: Properties(metadata={"m": "2"}))
    assert blobs(store) == 1
    store.delete("bucket", "a")
    assert store.get("bucket", "b") == b"content"
    assert store.head("bucket", "b").properties.metadata == {"m": "2"}
    store.delete("bucket", "b")
    assert blobs(store) == 0


def test_empty_object(store: ObjectStore) -> None:
    store.put("bucket", "empty", b"")
    assert store.get("bucket", "empty") == b""


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda s: s.get("nowhere", "k"), "NoSuchBucket"),
        (lambda s: s.get("bucket", "k"), "NoSuchKey"),
        (lambda s: s.put("nowhere", "k", b""), "NoSuchBucket"),
        (lambda s: s.put("bucket", "k" * 1025, b""), "KeyTooLongError"),
        (lambda s: s.put("bucket", "", b""), "InvalidArgument"),
        (lambda s: s.put("bucket", "\ud800", b""), "InvalidArgument"),
        (lambda s: s.list("nowhere"), "NoSuchBucket"),
        (lambda s: s.delete("nowhere", "k"), "NoSuchBucket"),
        (lambda s: s.create_bucket("bucket"), "BucketAlreadyOwnedByYou"),
        (lambda s: s.delete_bucket("nowhere"), "NoSuchBucket"),
    ],
)
def test_errors_are_s3s(store: ObjectStore, call: object, code: str) -> None:
    with pytest.raises(ServiceError) as caught:
        call(store)  # type: ignore[operator]
    assert caught.value.code == code
    assert blobs(store) == 0


def test_buckets(store: ObjectStore) -> None:
    store.create_bucket("another", region="eu-west-1")
    store.create_bucket("another", exist_ok=True)
    assert [(b.name, b.region) for b in store.buckets()] == [
        ("another", "eu-west-1"),
        ("bucket", "us-east-1"),
    ]
    store.put("another", "k", b"")
    with pytest.raises(ServiceError, match="BucketNotEmpty"):
        store.delete_bucket("another")
    store.delete("another", "k")
    store.delete_bucket("another")
    assert [b.name for b in store.buckets()] == ["bucket"]


def test_list_goes_over_pages(store: ObjectStore) -> None:
    for number in range(25):
        store.put("bucket", f"p/{number:02}", b"")
    store.put("bucket", "q", b"")
    assert [info.key for info in store.list("bucket", "p/")] == [f"p/{n:02}" for n in range(25)]
    assert len(list(store.list("bucket"))) == 26


def test_a_disk_that_fails_leaves_the_old_object(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put("bucket", "key", b"old")
    original = os.fsync
    for failing in (1, 2):  # the file, the directory
        calls: list[int] = []

        def fsync(descriptor: int, calls: list[int] = calls, failing: int = failing) -> None:
            calls.append(descriptor)
            if len(calls) == failing:
                raise OSError(errno.EIO, "no")
            original(descriptor)

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", fsync)
            with pytest.raises(OSError, match="no"):
                store.put("bucket", "key", b"new")
        assert store.get("bucket", "key") == b"old"
        assert blobs(store) == 1


def test_another_process_finds_everything_again(store: ObjectStore, tmp_path: Path) -> None:
    store.put("bucket", "key", b"content")
    writer = store.start_blob()
    writer.write(b"half")  # as a crash would leave it
    (store.blobs.directory / "deadbeef").write_bytes(b"committed, but nothing came to refer to it")
    assert blobs(store) == 3
    store.close()
    again = ObjectStore(tmp_path / "s3")
    assert again.get("bucket", "key") == b"content"
    assert blobs(again) == 1
    writer.abort()
    again.close()


def test_many_threads(store: ObjectStore) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(15):
                store.put("bucket", "shared", bytes([number]) * 1000)
                store.put("bucket", f"own/{number}", bytes([turn]) * 10)
                assert len(set(store.get("bucket", "shared"))) == 1
                assert store.get("bucket", f"own/{number}") == bytes([turn]) * 10
                list(store.list("bucket"))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert blobs(store) == 7


@pytest.mark.parametrize("name", ["abc", "a.b-c", "a" * 63, "123"])
def test_bucket_names(name: str) -> None:
    check_bucket_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "ab",
        "a" * 64,
        "Abc",
        "a_b",
        "-abc",
        "abc-",
        "a..b",
        "192.168.1.1",
        "xn--abc",
        "abc-s3alias",
        "a/b",
        "",
    ],
)
def test_names_that_s3_refuses(name: str) -> None:
    with pytest.raises(ServiceError, match="InvalidBucketName"):
        check_bucket_name(name)


def test_downloads_to_names_as_long_as_a_file_system_has_them(store: ObjectStore, tmp_path: Path) -> None:
    store.put("bucket", "n" * 255, b"content")
    store.download("bucket", "n" * 255, tmp_path / "here" / ("n" * 255))
    assert (tmp_path / "here" / ("n" * 255)).read_bytes() == b"content"


@pytest.mark.timeout(20)
def test_an_object_whose_bytes_are_missing_is_an_internal_error(store: ObjectStore) -> None:
    store.put("bucket", "here", b"kept")
    store.put("bucket", "folder/lost", b"gone")
    row = store.blobs.directory.iterdir()
    lost = next(file for file in row if file.is_file() and file.read_bytes() == b"gone")
    lost.unlink()
    with pytest.raises(ServiceError, match=f"(?s)'folder/lost'.*{lost.name}") as raised:
        store.get("bucket", "folder/lost")
    assert (raised.value.code, raised.value.status) == ("InternalError", 500)
    assert store.get("bucket", "here") == b"kept"


def test_an_object_that_is_replaced_while_it_is_opened_is_read_again(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("bucket", "key", b"before")
    opened, replaced = store.blobs.open, []

    def replace_first(segments):
        if not replaced:
            replaced.append(True)
            store.put("bucket", "key", b"after")
        return opened(segments)

    monkeypatch.setattr(store.blobs, "open", replace_first)
    assert store.get("bucket", "key") == b"after"
