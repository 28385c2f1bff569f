"""What the failure of an attempt says when the disk is full, and which logs are cut."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_hpt_provider.local.runners import full_disk, outcome
from airflow_hpt_provider.local.runners.contract import AttemptResult
from airflow_hpt_provider.local.runners.failures import INTERNAL, MAX_FAILURE

DIRECTORY = Path("/data/training-jobs/job")
REMEDY = "The disk of /data/training-jobs is full: free space on it"


@pytest.fixture(params=[True, False], ids=["full", "not full"])
def full(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(full_disk, "has_none_left", lambda path: request.param)
    return bool(request.param)


def test_a_job_whose_exit_code_could_not_be_written_is_not_tried_again(full: bool) -> None:
    lost = AttemptResult(failure_reason=INTERNAL, internal=True)
    ended = full_disk.explained(lost, DIRECTORY)
    if not full:
        assert ended == lost
        return
    assert not ended.internal
    assert str(ended.failure_reason).startswith(f"ClientError: Not enough disk space. {REMEDY}")


@pytest.mark.parametrize("length", [10, MAX_FAILURE])
def test_the_algorithms_own_words_stay(full: bool, length: int) -> None:
    own = AttemptResult(failure_reason="AlgorithmError: " + "x" * (length - 16))
    ended = full_disk.explained(own, DIRECTORY)
    if not full:
        assert ended == own
        return
    reason = str(ended.failure_reason)
    assert reason.startswith("AlgorithmError: x" if length > 16 else "AlgorithmError: ")
    assert REMEDY in reason
    assert len(reason) <= MAX_FAILURE


def test_a_success_is_no_failure(full: bool) -> None:
    done = AttemptResult(model_artifact="s3://bucket/model.tar.gz")
    assert full_disk.explained(done, DIRECTORY) == done


@pytest.mark.parametrize(
    ("error", "recognised"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (sqlite3.OperationalError("database or disk is full"), True),
        (OSError(errno.EACCES, "Permission denied"), False),
        (ValueError("disk is full"), False),
    ],
)
def test_only_a_full_disk_is_a_full_disk(error: Exception, recognised: bool) -> None:
    failure = full_disk.failure_of(error, DIRECTORY)
    assert (failure is not None) is recognised
    assert not recognised or REMEDY in str(failure)


def test_a_log_that_fills_the_disk_is_cut(full: bool, tmp_path: Path) -> None:
    for name, size in (("large", full_disk.KEPT_LOG_BYTES + 1), ("small", full_disk.KEPT_LOG_BYTES)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "log").write_bytes(b"x" * size)
    runs: list[Any] = [
        SimpleNamespace(job=SimpleNamespace(directory=tmp_path / name)) for name in ("large", "none", "small")
    ]
    full_disk.shorten_logs(runs)
    large, small = ((tmp_path / name / "log").stat().st_size for name in ("large", "small"))
    assert large == full_disk.KEPT_LOG_BYTES + (not full)
    assert small == full_disk.KEPT_LOG_BYTES


@pytest.mark.parametrize("reserved", [True, False])
def test_the_end_of_an_attempt_is_noted_in_space_taken_before(tmp_path: Path, reserved: bool) -> None:
    ended = AttemptResult(failure_reason="é" * MAX_FAILURE, model_artifact="s3://bucket/" + "k" * 1024)
    if reserved:
        outcome.reserve(tmp_path)
        [taken] = tmp_path.iterdir()
        size = taken.stat().st_size
    outcome.note(tmp_path, ended)
    assert outcome.noted(tmp_path) == ended
    [note] = tmp_path.iterdir()
    assert not reserved or note.stat().st_size <= size
