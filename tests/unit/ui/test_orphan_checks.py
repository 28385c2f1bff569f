"""How a check of an ended task reads Airflow's database and SageMaker, and when it is made again; with a fake clock."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from airflow_hpt_provider.exceptions import TuningJobNotFoundError
from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.ui import airflow_hooks, stop_orphaned_jobs, task_code
from airflow_hpt_provider.ui.problems import Problem
from airflow_hpt_provider.ui.stop_orphaned_jobs import MAX_CHECKS, DeferredTask, OrphanedJobReaper, _is_done
from airflow_hpt_provider.ui.task_code import TaskCode
from airflow_hpt_provider.ui.tasks import TaskKey

TASK = TaskKey("dag", "run", "tune", 3)
VERSION = UUID(int=7)
WAIT = DeferredTask(TASK, 1, "", VERSION)


@pytest.mark.parametrize(
    ("wait", "text"),
    [
        (WAIT, "Task dag run tune 3 was ended while it waited in the triggerer"),
        (DeferredTask(TASK._replace(map_index=0), 0), "Task dag run tune 0 was ended while it waited in the triggerer"),
        (DeferredTask(TASK._replace(map_index=-1)), "Task dag run tune was ended while it waited on a worker"),
    ],
)  # fmt: skip
def test_how_a_log_names_it(wait: DeferredTask, text: str) -> None:
    assert str(wait) == text


class Session:
    """Airflow's database: one row, and what was asked for."""

    def __init__(self, row: Any) -> None:
        self.row, self.asked = row, {}  # type: ignore[var-annotated]

    def execute(self, query: Any) -> Any:
        self.asked = {clause.left.name: clause.right.value for clause in query.whereclause.clauses}
        return SimpleNamespace(one_or_none=lambda: self.row)


@pytest.mark.parametrize(
    ("row", "state"),
    [
        (("failed", None), ("failed", None)),
        (("deferred", 7), ("deferred", 7)),
        ((None, None), ("", None)),
        (None, ("removed", None)),
    ],
)
def test_the_state_of_this_task_instance(monkeypatch: pytest.MonkeyPatch, row: Any, state: Any) -> None:
    session = Session(row)

    @contextmanager
    def create_session() -> Any:
        yield session

    monkeypatch.setattr(stop_orphaned_jobs, "create_session", create_session)
    assert stop_orphaned_jobs._state(TASK) == state
    assert session.asked == TASK._asdict()


@pytest.mark.parametrize(
    ("version", "codes", "conn_id"),
    [
        (VERSION, {VERSION: {"tune": TaskCode({"aws_conn_id": "of_code"})}}, "of_code"),
        (VERSION, {VERSION: {"other": TaskCode({"aws_conn_id": "of_code"})}}, None),
        (VERSION, {}, None),
        (None, {None: {"tune": TaskCode({"aws_conn_id": "of_code"})}}, None),
    ],
)
def test_the_connection_is_the_dags_or_a_workers(
    monkeypatch: pytest.MonkeyPatch, version: Any, codes: Any, conn_id: str | None
) -> None:
    asked: list[Any] = []

    @contextmanager
    def create_session() -> Any:
        yield "session"

    def task_codes(session: Any, versions: Any) -> Any:
        asked.append((session, list(versions)))
        return codes

    monkeypatch.setattr(stop_orphaned_jobs, "create_session", create_session)
    monkeypatch.setattr(task_code, "task_codes", task_codes)
    wait = DeferredTask(TASK, 1, "", version)
    others = {"region_name": None, "verify": None, "botocore_config": None}
    found = stop_orphaned_jobs._connection(wait, {"aws_conn_id": "of_worker", **others})
    assert found == ConnectionSettings(aws_conn_id="of_worker")
    assert asked == ([("session", [version])] if version else [])
    if conn_id:
        assert stop_orphaned_jobs._connection(wait, others).aws_conn_id == conn_id
    else:
        with pytest.raises(Problem):
            stop_orphaned_jobs._connection(wait, others)


def test_a_job_that_was_deleted_is_not_stopped(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    def describe(name: str) -> Any:
        raise TuningJobNotFoundError("gone", name)

    monkeypatch.setattr(airflow_hooks, "make_hook", lambda settings: SimpleNamespace(describe=describe))
    stop_orphaned_jobs._stop(WAIT, "job", ConnectionSettings())
    assert caplog.text == ""


PROBLEM = Problem(409, "unknown_connection", "Not known", "why", "Give it.")


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize(
    ("answer", "done", "text"),
    [
        (True, True, ""),
        (False, False, ""),
        (OSError("no route"), False, "Its tuning job is not stopped yet: no route"),
        (PROBLEM, False, "Its tuning job is not stopped yet: Not known. Give it."),
    ],
)
def test_a_check_is_done_when_it_was_the_last(
    monkeypatch: pytest.MonkeyPatch, caplog: Any, answer: Any, done: bool, text: str, last: bool
) -> None:
    def check(wait: DeferredTask) -> bool:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(stop_orphaned_jobs, "check", check)
    assert _is_done(WAIT, last=last) is (done or last)
    if isinstance(answer, Exception) and last:
        text = "Its tuning job may keep running. Stop it by hand."
        assert caplog.records[-1].levelno == logging.ERROR
    assert text in caplog.text
    assert bool(caplog.text) is isinstance(answer, Exception)


class Clock:
    """A monotonic clock that only waiting moves."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Idle:
    """A thread that the test does the work of."""

    def __init__(self, **options: Any) -> None:
        assert options["daemon"] is True
        self.started = 0

    def start(self) -> None:
        self.started += 1


def test_checks_come_ever_later_and_there_are_seven(monkeypatch: pytest.MonkeyPatch) -> None:
    """5 s, then 10 s later, ... the last one ten minutes after the change."""
    clock, checked = Clock(), []
    monkeypatch.setattr(stop_orphaned_jobs, "time", clock)
    monkeypatch.setattr(stop_orphaned_jobs.threading, "Thread", Idle)
    reaper = OrphanedJobReaper()
    reaper.submit(WAIT)
    reaper.submit(WAIT)
    thread: Any = reaper._thread
    assert (len(reaper._due), thread.started) == (1, 1)
    other = DeferredTask(TASK._replace(run_id="other"), 2)
    reaper.submit(other)
    assert reaper._thread is thread, "one thread for all"

    def wait(seconds: float | None) -> None:
        if seconds is None:
            raise SystemExit  # nothing is due any more
        assert seconds > 0
        clock.now += seconds

    monkeypatch.setattr(reaper._changed, "wait", wait)

    def is_done(task: DeferredTask, *, last: bool) -> bool:
        checked.append((task is other, clock.now - 1000.0, last))
        return last or task is other

    monkeypatch.setattr(stop_orphaned_jobs, "_is_done", is_done)
    with pytest.raises(SystemExit):
        reaper._work()
    assert checked[:2] == [(False, 5.0, False), (True, 5.0, False)]
    times = [at for is_other, at, _ in checked if not is_other]
    assert times == [5.0, 15.0, 35.0, 75.0, 155.0, 315.0, 635.0]
    assert len(times) == MAX_CHECKS
    assert [last for is_other, _, last in checked if not is_other] == [False] * 6 + [True]
    assert reaper._pending == set(), "a further change is checked again"
