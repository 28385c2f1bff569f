"""When the API server looks after waits that people have ended, and where it hears of them."""

import itertools
import logging
import time
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from airflow_hpt_provider.creation.ownership import OWNER_TAG
from airflow_hpt_provider.demo.waiting import wait_until
from airflow_hpt_provider.ui import airflow_hooks, listener, plugin, stop_orphaned_jobs
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


@pytest.fixture
def stopped(monkeypatch):
    """What would be stopped: wait, name and connection. No database and no AWS."""
    found = []
    monkeypatch.setattr(stop_orphaned_jobs, "_stop", lambda *given: found.append(given))
    monkeypatch.setattr(stop_orphaned_jobs, "_connection", lambda wait, arguments: arguments["aws_conn_id"])
    return found


ARGUMENTS = {"tuning_job_name": "tune", "stop_on_kill": True, "aws_conn_id": "aws_default"}


@pytest.mark.parametrize(
    ("changed", "state", "done", "is_stopped"),
    [
        ({}, ("failed", None), True, True),
        ({}, ("skipped", 1), True, True),
        ({}, ("success", 7), True, True),
        ({}, ("removed", None), True, True),
        ({}, ("deferred", 1), False, False),  # the change is not committed yet
        ({}, ("deferred", 2), True, False),  # cleared, and deferred again: another wait
        ({}, ("scheduled", 1), True, False),
        ({}, ("running", None), True, False),
        ({"stop_on_kill": False}, ("failed", None), True, False),
        ({"stop_on_kill": None}, ("failed", None), True, False),
        ({"tuning_job_name": ""}, ("failed", None), True, False),
        ({"tuning_job_name": None}, ("failed", None), True, False),
    ],
)
def test_only_the_job_of_a_deferred_task_that_has_ended_is_stopped(
    monkeypatch, stopped, changed, state, done, is_stopped
):
    arguments = {name: value for name, value in {**ARGUMENTS, **changed}.items() if value is not None}
    monkeypatch.setattr(stop_orphaned_jobs, "trigger_arguments", lambda _: arguments)
    monkeypatch.setattr(stop_orphaned_jobs, "_state", lambda task: state)
    assert stop_orphaned_jobs.check(FIRST) is done
    assert stopped == ([(FIRST, "tune", "aws_default")] if is_stopped else [])


ON_WORKER = DeferredTask(TaskKey("dag", "run", "tune", -1))


@pytest.mark.parametrize(
    ("stored", "state", "done", "is_stopped"),
    [
        ({}, "failed", True, True),
        ({}, "success", True, True),
        ({}, "running", False, False),
        ({}, "deferred", False, False),
        ({}, "up_for_retry", True, False),  # the next try finds its job itself
        ({}, "queued", True, False),
        ({"stop_on_kill": False}, "failed", True, False),
        ({"stop_on_kill": "True"}, "failed", True, False),
        ({"wait_for_completion": False}, "failed", True, False),
        ({"wait_for_completion": None}, "failed", True, False),
    ],
)
def test_only_the_job_of_a_task_that_has_ended_on_a_worker_is_stopped(
    monkeypatch, stopped, stored, state, done, is_stopped
):
    job = SimpleNamespace(name="tune", settings="aws_default")
    fields = {"stop_on_kill": True, "wait_for_completion": True, **stored}
    monkeypatch.setattr(stop_orphaned_jobs, "create_session", nullcontext)
    monkeypatch.setattr(stop_orphaned_jobs, "job_of", lambda *_: job)
    monkeypatch.setattr(stop_orphaned_jobs, "rendered_fields", lambda *_: fields)
    monkeypatch.setattr(stop_orphaned_jobs, "_state", lambda task: (state, None))
    assert stop_orphaned_jobs.check(ON_WORKER) is done
    assert stopped == ([(ON_WORKER, "tune", "aws_default")] if is_stopped else [])
    monkeypatch.setattr(stop_orphaned_jobs, "job_of", lambda *_: None)
    stopped.clear()
    assert stop_orphaned_jobs.check(ON_WORKER) is True
    assert stopped == [], "no worker has stored a job"


class Hook:
    """A hook of a job that is in some status and has some tags; keeps what is stopped."""

    def __init__(self, status: str, tags: dict[str, str] | Exception, name: str = "tune") -> None:
        self.description = SimpleNamespace(status=status, hyper_parameter_tuning_job_arn=f"arn:{name}")
        self.found, self.stopped, self.can_stop = tags, [], True

    def describe(self, name: str) -> SimpleNamespace:
        return self.description

    def tags(self, arn: str) -> dict[str, str]:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

    def stop(self, name: str) -> bool:
        self.stopped.append(name)
        return self.can_stop


THROTTLED = ClientError({"Error": {"Code": "ThrottlingException"}}, "ListTags")
DENIED = ClientError({"Error": {"Code": "AccessDeniedException"}}, "ListTags")
OWN = {OWNER_TAG: ON_WORKER.task.owner.digest}
DERIVED = ON_WORKER.task.owner.base_name


@pytest.mark.parametrize(
    ("name", "status", "tags", "is_stopped"),
    [
        ("tune", "InProgress", OWN, True),
        (DERIVED, "InProgress", {}, True),
        (DERIVED, "InProgress", DENIED, True),
        (DERIVED, "InProgress", {OWNER_TAG: "another"}, False),
        ("tune", "InProgress", {OWNER_TAG: "another"}, False),
        ("tune", "InProgress", {}, False),
        ("tune", "InProgress", DENIED, False),
        ("tune", "Stopping", OWN, False),
        ("tune", "Completed", OWN, False),
    ],
)
def test_only_a_running_job_that_is_proven_to_be_the_tasks_own_is_stopped(
    monkeypatch, name, status, tags, is_stopped, caplog
):
    counted = []
    hook = Hook(status, tags, name)
    monkeypatch.setattr(airflow_hooks, "make_hook", lambda settings: hook)
    monkeypatch.setattr(
        stop_orphaned_jobs, "ORPHANED_JOBS_STOPPED", SimpleNamespace(send=lambda **by: counted.append(by))
    )
    stop_orphaned_jobs._stop(ON_WORKER, name, "aws_default")
    assert hook.stopped == ([name] if is_stopped else [])
    assert counted == ([{"where": "api_server"}] if is_stopped else [])
    assert ("keeps running" in caplog.text) is (status == "InProgress" and not is_stopped)


def test_throttled_tags_stop_nothing_and_are_read_again(monkeypatch):
    hook = Hook("InProgress", THROTTLED)
    monkeypatch.setattr(airflow_hooks, "make_hook", lambda settings: hook)
    with pytest.raises(ClientError):
        stop_orphaned_jobs._stop(ON_WORKER, DERIVED, "aws_default")
    assert hook.stopped == []


def test_what_sagemaker_had_already_stopped_is_not_counted(monkeypatch):
    hook, counted = Hook("InProgress", OWN), []
    hook.can_stop = False
    monkeypatch.setattr(airflow_hooks, "make_hook", lambda settings: hook)
    monkeypatch.setattr(
        stop_orphaned_jobs, "ORPHANED_JOBS_STOPPED", SimpleNamespace(send=lambda **by: counted.append(by))
    )
    stop_orphaned_jobs._stop(ON_WORKER, "tune", "aws_default")
    assert (hook.stopped, counted) == (["tune"], [])


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
