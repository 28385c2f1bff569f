"""An index that has lost its newest changes: the bytes of its objects are kept, and the log says what to do."""

from __future__ import annotations

import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from airflow_hpt_provider.local import database
from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.s3.blobs import PUT_ASIDE
from airflow_hpt_provider.local.s3.objects import ObjectStore


def copy(source: Path, target: Path, *, wal: bool = True) -> Path:
    """Copy a store as a backup of running files does."""
    ignored = shutil.ignore_patterns("*-shm") if wal else shutil.ignore_patterns("*-shm", "*-wal")
    return Path(shutil.copytree(source, target, ignore=ignored))


def test_bytes_are_kept_when_the_wal_is_gone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = ObjectStore(tmp_path / "s3")
    store.create_bucket("bucket")
    store.database.checkpoint()
    store.put("bucket", "model.tar.gz", b"days of training")
    half = store.start_blob()
    half.write(b"half")
    whole = copy(tmp_path / "s3", tmp_path / "whole")
    partial = copy(tmp_path / "s3", tmp_path / "partial", wal=False)
    half.abort()
    store.close()

    with_wal = ObjectStore(whole)
    assert with_wal.get("bucket", "model.tar.gz") == b"days of training"
    with_wal.close()
    assert caplog.text == ""
    assert not (whole / PUT_ASIDE).exists()

    without = ObjectStore(partial)
    assert not without.exists("bucket", "model.tar.gz")
    without.close()
    assert f"1 files in {partial / PUT_ASIDE} belong to no object that the index knows" in caplog.text
    (kept,) = (partial / PUT_ASIDE).iterdir()
    assert kept.read_bytes() == b"days of training"
    assert list((partial / "blobs").iterdir()) == []

    # What the log says to do brings the object back.
    for name in ("index.sqlite", "index.sqlite-wal"):
        (partial / name).unlink(missing_ok=True)
    shutil.copy(whole / "index.sqlite", partial)
    kept.rename(partial / "blobs" / kept.name)
    caplog.clear()
    restored = ObjectStore(partial)
    assert restored.get("bucket", "model.tar.gz") == b"days of training"
    restored.close()
    assert caplog.text == ""


def test_files_that_are_missing_are_named_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = ObjectStore(tmp_path / "s3")
    store.create_bucket("bucket")
    store.put("bucket", "k", b"1")
    store.close()
    (blob,) = (tmp_path / "s3" / "blobs").iterdir()
    blob.unlink()
    ObjectStore(tmp_path / "s3").close()
    assert (
        f"The index names 1 files that do not exist in {blob.parent}, for example {blob.name}" in caplog.text
    )


def test_a_change_is_soon_in_the_file_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CHECKPOINT_SECONDS", 0.01)
    store = ObjectStore(tmp_path / "s3")
    store.create_bucket("bucket")

    def in_the_file_itself(number: int) -> bool:
        target = tmp_path / f"copy-{number}"
        target.mkdir()
        shutil.copy(tmp_path / "s3" / "index.sqlite", target)
        connection = sqlite3.connect(target / "index.sqlite")
        try:
            return connection.execute("select name from bucket").fetchall() == [("bucket",)]
        except sqlite3.OperationalError:  # no such table yet
            return False
        finally:
            connection.close()

    deadline = time.monotonic() + 30
    attempts = iter(range(10_000))
    while not in_the_file_itself(next(attempts)):
        assert time.monotonic() < deadline, "the change is in the WAL file alone"
        time.sleep(0.05)
    store.close()
    assert database.CHECKPOINT_SECONDS < 120


def test_what_the_error_of_a_missing_file_says_to_do_helps(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path / "s3")
    store.create_bucket("bucket")
    store.put("bucket", "k", b"1")
    shutil.rmtree(tmp_path / "s3" / "blobs")
    with pytest.raises(ServiceError, match="Upload the object again"):
        store.get("bucket", "k")
    store.put("bucket", "k", b"2")
    assert store.get("bucket", "k") == b"2"
    store.close()
