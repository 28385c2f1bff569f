"""A transaction that cannot be written: nothing of it is lost, and nothing of it comes out of order."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager

import pytest

from airflow_hpt_provider.local.db.migrate import open_database
from airflow_hpt_provider.local.engine.loop import Loop
from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.runners.contract import AttemptResult
from tests.unit.local.engine.test_ends_of_tuning_jobs import World, eventually


class FullDisk:
    """A database whose next transactions can't be written, each after the test has let it fail."""

    def __init__(self, database):
        self.database, self.failures = database, 0
        self.failing, self.fail = threading.Event(), threading.Event()

    @contextmanager
    def transaction(self):
        if self.failures:
            self.failures -= 1
            self.failing.set()
            assert self.fail.wait(30)
            raise sqlite3.OperationalError("database or disk is full")
        with self.database.transaction() as connection:
            yield connection


@pytest.fixture
def disk(tmp_path, monkeypatch):
    monkeypatch.setattr("airflow_hpt_provider.local.engine.loop.RETRY_AFTER", 0.01)
    database = open_database(tmp_path / "jobs.sqlite")
    yield FullDisk(database)
    database.close()


@pytest.mark.parametrize("urgent", [True, False])
def test_what_is_tried_again_comes_before_newer_requests(disk, urgent):
    """Otherwise the end of a training job would be recorded before its last metrics, which would then be too late."""
    done = []
    loop = Loop(disk, schedule=lambda transaction: None, reload=lambda transaction: None)
    disk.failures = 1
    loop.start()
    loop.post(lambda transaction: done.append("metrics"), urgent=urgent)
    assert disk.failing.wait(30)
    loop.post(lambda transaction: done.append("end"))
    disk.fail.set()
    loop.call(lambda transaction: None)
    loop.close()
    assert done == ["metrics", "end"]


def test_requests_are_refused_however_much_is_tried_again(disk, monkeypatch):
    monkeypatch.setattr("airflow_hpt_provider.local.engine.loop.MAX_BATCH", 1)
    loop = Loop(disk, schedule=lambda transaction: None, reload=lambda transaction: None)
    disk.failures = 1_000_000
    disk.fail.set()
    loop.start()
    for _ in range(3):
        loop.post(lambda transaction: None)
    with pytest.raises(ServiceError, match="disk is full"):
        loop.call(lambda transaction: None)
    loop.close()


def test_convergence_is_asked_again_when_the_question_was_undone(tmp_path, monkeypatch):
    """The transaction that asked could not be written, so no suggestion was requested."""
    monkeypatch.setattr("airflow_hpt_provider.local.engine.loop.RETRY_AFTER", 0.01)
    world = World(tmp_path)
    asked = threading.Event()
    monkeypatch.setattr(
        world.engine.tuning._searches, "has_converged", lambda histories, then: (asked.set(), then(False))
    )
    try:
        world.create(
            TuningJobCompletionCriteria={"ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}}
        )
        trial = world.started()
        trial.emit(1.0)

        def undo(transaction):
            job = world.training_jobs()[0]
            world.engine.training._end(job.id, job.attempt, AttemptResult(), transaction)
            raise sqlite3.OperationalError("database or disk is full")

        with pytest.raises(ServiceError, match="disk is full"):
            world.engine.write(undo)
        assert not asked.is_set()
        trial.end()
        assert asked.wait(10)
        eventually(lambda: world.training_jobs()[0].status == "Completed")
    finally:
        world.engine.close()
        world.database.close()
