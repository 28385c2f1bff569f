"""When the API server looks after waits that people have ended, and where it hears of them."""

import itertools
import logging
import subprocess
import sys
import time

import pytest

from airflow_hpt_provider.demo.waiting import wait_until
from airflow_hpt_provider.ui import listener, plugin, stop_orphaned_jobs
from airflow_hpt_provider.ui.stop_orphaned_jobs import MAX_CHECKS, DeferredTask, OrphanedJobReaper
from airflow_hpt_provider.ui.tasks import TaskKey

SETTLE = 0.05
"""Seconds."""
FIRST, SECOND = (DeferredTask(TaskKey("dag", "run", name, 3), 1, "") for name in ("first", "second"))


@pytest.fixture
def looks(monkeypatch):
    """The checks that are made, with their times; ``answers`` says what comes of them, in turn."""
    taken, answers = [], {FIRST: [], SECOND: []}

    def check(wait):
        taken.append((wait, time.monotonic()))
        answer = answers[wait].pop(0) if answers[wait] else True
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(stop_orphaned_jobs, "check", check)
    monkeypatch.setattr(stop_orphaned_jobs, "FIRST_CHECK_SECONDS", SETTLE)
    return taken, answers


def test_a_wait_is_looked_after_once_however_often_it_is_noted(looks):
    taken, _ = looks
    waits, noted = OrphanedJobReaper(), time.monotonic()
    for _ in range(3):
        waits.submit(FIRST)
    assert time.monotonic() - noted < SETTLE, "submit() does not wait"
    waits.submit(SECOND)
    wait_until(lambda: len(taken) == 2, 10, "not checked", every=0.01)
    assert [wait for wait, _ in taken] == [FIRST, SECOND]
    assert taken[0][1] - noted >= SETTLE
    waits.submit(FIRST)  # ended again, after it was cleared
    wait_until(lambda: len(taken) == 3, 10, "not checked again", every=0.01)


def test_it_is_checked_again_ever_later_and_nothing_waits_for_it(looks, caplog):
    taken, answers = looks
    answers[FIRST] = [False, TimeoutError("no way to AWS"), False]
    waits = OrphanedJobReaper()
    waits.submit(FIRST)
    wait_until(lambda: len(taken) == 3, 10, "given up", every=0.001)
    waits.submit(SECOND)
    wait_until(lambda: len(taken) == 5, 10, "given up", every=0.01)
    assert [wait for wait, _ in taken[3:]] == [SECOND, FIRST]
    of_first = [at for wait, at in taken if wait == FIRST]
    gaps = [later - earlier for earlier, later in itertools.pairwise(of_first)]
    assert all(gap >= SETTLE * 2**number for number, gap in enumerate(gaps, 1)), gaps
    assert "Task dag run first 3 was ended" in caplog.text
    assert "no way to AWS" in caplog.text


def test_in_the_end_it_is_given_up_and_logged(looks, caplog, monkeypatch):
    taken, answers = looks
    monkeypatch.setattr(stop_orphaned_jobs, "FIRST_CHECK_SECONDS", 0.001)
    answers[FIRST] = [PermissionError("not allowed")] * MAX_CHECKS
    OrphanedJobReaper().submit(FIRST)
    wait_until(lambda: any(r.levelno == logging.ERROR for r in caplog.records), 10, "not logged", every=0.01)
    assert len(taken) == MAX_CHECKS
    assert any("Stop it by hand" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize(
    ("start_date", "noted"), [(None, []), ("today", [DeferredTask(TaskKey("dag", "run", "tune"))])]
)
def test_a_task_without_a_trigger_costs_no_query(start_date, noted, monkeypatch):
    """Within the request. If it has begun, it may have left a tuning job."""
    monkeypatch.setattr(listener, "object_session", lambda _: pytest.fail("asked the database"))
    waits = OrphanedJobReaper()
    waits.submit = (found := []).append
    task = {"dag_id": "dag", "run_id": "run", "task_id": "tune", "map_index": -1, "trigger_id": None}
    listener.TaskStateListener(waits).on_task_instance_failed(
        type("Task", (), {**task, "start_date": start_date})()
    )
    assert found == noted


def test_whatever_goes_wrong_the_change_continues(monkeypatch, caplog):
    def broken(_):
        raise RuntimeError("no session")

    monkeypatch.setattr(listener, "object_session", broken)
    heard = listener.TaskStateListener(OrphanedJobReaper())
    heard.on_task_instance_success(type("Task", (), {"trigger_id": 1, "id": "x"})())
    heard.on_dag_run_failed(type("Run", (), {"dag_id": "dag", "run_id": "run"})())
    assert [str(record.exc_info[1]) for record in caplog.records] == ["no session"] * 3


def test_an_api_server_starts_without_it_too(monkeypatch, caplog):
    def broken():
        raise RuntimeError("no listeners")

    monkeypatch.setattr(listener, "listen", broken)
    app = object()
    assert plugin.register_listener(app) is app
    assert "no listeners" in caplog.text


def test_only_an_api_server_has_the_listener():
    """With any listener Airflow refuses DAGs that have a task with ``end_from_trigger=True``."""
    code = """
from airflow.listeners.listener import get_listener_manager
from airflow.plugins_manager import AirflowPlugin
from airflow_hpt_provider.ui.plugin import TuningPagePlugin, register_listener
ours = lambda: [type(one).__name__ for one in get_listener_manager().pm.get_plugins()
                if type(one).__module__.startswith("airflow_hpt_provider")]
before = ours()
for _ in range(2):
    register_listener(None)
print(TuningPagePlugin.listeners == AirflowPlugin.listeners == [], before, ours())
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "True [] ['TaskStateListener']"


@pytest.mark.parametrize(
    ("arguments", "state", "done"),
    [
        ({"tuning_job_name": "tune", "stop_on_kill": False}, ("failed", None), True),
        ({"tuning_job_name": "tune", "stop_on_kill": True}, ("deferred", 1), False),
    ],
)
def test_a_wait_that_no_one_may_stop_stops_nothing(monkeypatch, arguments, state, done):
    """Neither a job that is to keep running, nor that of a task that still waits; and the worker's way is not taken."""

    def wrong(*_):
        raise AssertionError("the task is deferred")

    monkeypatch.setattr(stop_orphaned_jobs, "_check_worker_task", wrong)
    monkeypatch.setattr(stop_orphaned_jobs, "trigger_arguments", lambda _: arguments)
    monkeypatch.setattr(stop_orphaned_jobs, "_state", lambda _: state)
    assert stop_orphaned_jobs.check(FIRST) is done
