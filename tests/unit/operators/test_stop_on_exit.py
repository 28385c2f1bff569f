"""Which tuning job a task stops when its process or its try ends, and which one it leaves to the next try."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import CommsDecoder
from airflow.sdk.execution_time.supervisor import InProcessSupervisorComms

from airflow_hpt_provider.compat import AirflowFailException, AirflowSkipException
from airflow_hpt_provider.creation.ownership import Owner
from airflow_hpt_provider.exceptions import (
    TuningJobLostError,
    TuningJobNotFoundError,
    TuningTaskInterruptedError,
)
from airflow_hpt_provider.models import TuningJobRequest
from airflow_hpt_provider.operators import stop_on_exit
from airflow_hpt_provider.operators.stop_on_exit import StopOnExitMixin
from airflow_hpt_provider.triggers.task_state import TaskFate
from tests.support.tuning_account import Job, TuningAccount
from tests.support.tuning_jobs import tuning_job

OWNER, OTHER = Owner("dag", "tune", "run"), Owner("dag", "other", "run")
REQUEST = TuningJobRequest.model_validate(tuning_job("bucket"))
UNKNOWN: Any = None


class Hook(TuningAccount):
    """An account in memory; stopping may fail at first."""

    def __init__(self, **jobs: Job) -> None:
        super().__init__(jobs, REQUEST)
        self.invisible = 0
        self.error: Exception | None = None
        self.made_ready = False
        self.resets = 0

    def reset(self) -> None:
        self.resets += 1

    def ready(self) -> None:
        self.made_ready = True

    def stop(self, name: str) -> bool:
        if self.error:
            raise self.error
        self.stopped.append(name)
        self.invisible -= 1
        return self.invisible < 0


class Task(StopOnExitMixin):
    """A task whose state Airflow gives as the test says."""

    def __init__(self, hook: Hook | None = None, fate: TaskFate | None = TaskFate.ENDED) -> None:
        self.hook = hook or Hook()  # type: ignore[assignment]
        self.log, self.stop_on_kill, self.fate = logging.getLogger("task"), True, fate
        self._rendered, self.aws_conn_id = True, "somewhere"

    @property
    def stopped(self) -> list[str]:
        return self.hook.stopped  # type: ignore[attr-defined,no-any-return]


def context(task: Task, *, number: int = 1, tries: int = 2, pushed: Any = None, policy: Any = None) -> Any:
    ti = SimpleNamespace(
        dag_id="dag", task_id="tune", run_id="run", map_index=-1, try_number=number, max_tries=tries,
        fate=task.fate, xcom_pull=lambda **_: pushed,
    )  # fmt: skip
    made = SimpleNamespace(retries=tries, retry_policy=policy)
    return {"ti": ti, "task": made}


def fails(task: Task, error: BaseException, **options: Any) -> BaseException:
    """Let a try fail inside the context, and return the error that leaves it."""
    with pytest.raises(BaseException) as raised, task._stop_on_failure(context(task, **options)):
        raise error
    return raised.value


# A try that fails


@pytest.mark.parametrize(
    ("error", "number", "stopped"),
    [
        (ValueError("no"), 1, False),
        (ValueError("no"), 2, False),
        (ValueError("no"), 3, True),
        (AirflowFailException("no"), 1, True),
        (AirflowSkipException("no"), 1, True),
        (TuningTaskInterruptedError("no", "job"), 3, False),
        (KeyboardInterrupt(), 1, True),
        (SystemExit(1), 1, True),
    ],
    ids=repr,
)
def test_the_job_of_the_last_try_is_stopped_and_any_other_left(
    error: BaseException, number: int, stopped: bool
) -> None:
    task = Task()
    task._waits_for("job")
    assert fails(task, error, number=number) is error
    assert task.stopped == ["job"] * stopped


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(0)], ids=repr)
@pytest.mark.parametrize("fate", [*TaskFate, None])
@pytest.mark.parametrize("number", [1, 3])
def test_a_process_that_has_a_supervisor_ends_without_its_job(
    error: BaseException, fate: TaskFate | None, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGQUIT, to which Celery responds with SystemExit, is no decision about the task."""
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", object.__new__(CommsDecoder), raising=False)
    task = Task(fate=fate)
    task._waits_for("job")
    raised = fails(task, error, number=number)
    assert isinstance(raised, TuningTaskInterruptedError)
    assert raised.tuning_job_name == "job"
    assert task.stopped == ["job"] * (fate is TaskFate.ENDED)


def test_dag_test_that_is_ended_by_hand_stops_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its supervisor is in the same process, and no try follows."""
    in_process = object.__new__(InProcessSupervisorComms)
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", in_process, raising=False)
    task = Task(fate=TaskFate.RUNNING)
    task._waits_for("job")
    assert isinstance(fails(task, KeyboardInterrupt()), KeyboardInterrupt)
    assert task.stopped == ["job"]


def test_the_callback_of_a_failed_try_stops_the_job_no_second_time() -> None:
    task = Task()
    task._waits_for("job")
    fails(task, ValueError("no"), number=3)
    task._began = True
    task._stop_orphaned_job(context(task, number=3, pushed="job"))
    assert task.stopped == ["job"]


NOT_FOUND = TuningJobNotFoundError("none", "job")


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds for which tasks sleep, which pass immediately."""
    seconds: list[float] = []
    monkeypatch.setattr(StopOnExitMixin, "_sleep", lambda _, each: seconds.append(each))
    return seconds


def test_a_job_that_is_not_found_any_more_ends_the_task(slept: list[float]) -> None:
    task = Task()
    task._waits_for("job")
    error = fails(task, NOT_FOUND)
    assert isinstance(error, TuningJobLostError)
    assert isinstance(error, AirflowFailException)
    assert "Tuning job job" in str(error)
    assert "'somewhere'" in str(error)
    assert slept == [stop_on_exit.SHOW_UP_SECONDS]
    assert task.stopped == [], "by a connection that may lead to another account"
    task._began = True
    task._stop_orphaned_job(context(task, pushed="job"))
    assert task.stopped == []


@pytest.mark.parametrize("again", [None, ConnectionError("no network")], ids=["found", "unknown"])
def test_one_response_is_not_enough_to_lose_a_job(
    again: Exception | None, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy may err, and a new job need some seconds to show up: the next try rejoins it."""
    hook = Hook(job=Job())
    if again:
        monkeypatch.setattr(hook, "describe", Mock(side_effect=again))
    for number, stopped in ((1, []), (3, ["job"])):
        task = Task(hook)
        task._waits_for("job")
        assert fails(task, NOT_FOUND, number=number) is NOT_FOUND
        assert task.stopped == stopped
    assert hook.resets == 2, "by the connection as it is now"


def test_another_job_that_is_not_found_is_the_error_that_it_is(slept: list[float]) -> None:
    task, parent = Task(), TuningJobNotFoundError("none", "parent")
    task._about_to_create("job")
    assert fails(task, NOT_FOUND) is NOT_FOUND, "it may not have been created"
    task._waits_for("job")
    assert fails(task, parent) is parent


def test_a_killed_try_leaves_it_to_the_next_one_to_miss_the_job(slept: list[float]) -> None:
    task = Task(fate=TaskFate.CONTINUES)
    task._waits_for("job")
    task._killed = True
    assert isinstance(fails(task, NOT_FOUND), TuningTaskInterruptedError)
    assert slept == []


def test_a_try_without_a_job_stops_none() -> None:
    task = Task()
    fails(task, ValueError("no"), number=3)
    fails(task, KeyboardInterrupt())
    assert task.stopped == []


@pytest.mark.parametrize(
    ("action", "stopped"),
    [("fail", True), ("retry", False), ("default", False), (ZeroDivisionError(), False)],
)
def test_a_retry_policy_that_ends_the_task_makes_the_try_the_last(action: Any, stopped: bool) -> None:
    def evaluate(*_: Any) -> Any:
        if isinstance(action, Exception):
            raise action
        return SimpleNamespace(action=SimpleNamespace(value=action))

    task = Task()
    task._waits_for("job")
    fails(task, ValueError("no"), number=1, policy=SimpleNamespace(evaluate=evaluate))
    assert task.stopped == ["job"] * stopped


@pytest.mark.parametrize(
    ("fate", "stopped"), [(TaskFate.ENDED, True), (TaskFate.CONTINUES, False), (UNKNOWN, False)]
)
def test_a_killed_try_stops_its_job_only_if_the_task_has_ended(fate: TaskFate | None, stopped: bool) -> None:
    task = Task(fate=fate)
    task._waits_for("job")
    task._killed = True
    left = fails(task, ValueError("no"), number=3)
    assert isinstance(left, TuningTaskInterruptedError)
    assert task.stopped == ["job"] * stopped


# A process that is asked to end


@pytest.mark.parametrize("fate", [*TaskFate, UNKNOWN])
@pytest.mark.parametrize("timeout", [True, False])
@pytest.mark.parametrize("busy", [True, False])
def test_a_signal_stops_the_job_of_a_task_that_has_ended_or_timed_out(
    monkeypatch: pytest.MonkeyPatch, fate: TaskFate | None, timeout: bool, busy: bool
) -> None:
    monkeypatch.setattr(stop_on_exit, "execution_timeout_is_over", lambda: timeout)
    monkeypatch.setattr(stop_on_exit, "supervisor_is_busy", lambda: busy)
    task = Task(fate=fate)
    task._ti = SimpleNamespace(fate=fate)
    task._waits_for("job")
    task.on_kill()
    stopped = timeout or (fate is TaskFate.ENDED and not busy)
    assert task.stopped == ["job"] * stopped
    assert task.hook.made_ready == stopped, "READY_SECONDS is the limit for that alone"  # type: ignore[attr-defined]
    assert task._killed is not timeout
    idle = Task(fate=TaskFate.ENDED)
    idle.on_kill()
    assert idle.stopped == []


@pytest.mark.parametrize(
    ("fate", "stopped"), [(TaskFate.ENDED, True), (TaskFate.CONTINUES, False), (UNKNOWN, False)]
)
def test_a_job_that_is_created_while_the_task_ends_is_stopped_then(
    fate: TaskFate | None, stopped: bool
) -> None:
    task = Task()
    task._killed, task._fate = True, fate
    task._waits_for("job")
    assert task.stopped == ["job"] * stopped


def test_a_killed_try_creates_nothing() -> None:
    task = Task(fate=TaskFate.CONTINUES)
    task._about_to_create("first")
    assert (task._running_job, task._found, task._create_pending) == ("first", False, True)
    task._about_to_create(None)
    task._killed = True
    with pytest.raises(TuningTaskInterruptedError, match="no tuning job yet"):
        task._about_to_create("second")
    assert (task._running_job, task._create_pending) == (None, False)


def test_a_sleep_ends_when_the_process_is_asked_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    task, slept = Task(fate=TaskFate.CONTINUES), []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        task._killed = len(slept) == 2

    monkeypatch.setattr(stop_on_exit.time, "sleep", sleep)
    task._waits_for("job")
    with pytest.raises(
        TuningTaskInterruptedError, match="Tuning job job keeps running for the task's next try"
    ):
        task._sleep(3600)
    assert slept == [stop_on_exit.CHECK_SECONDS] * 2
    assert task.stopped == []


@pytest.mark.parametrize(
    ("fate", "ends"), [(TaskFate.ENDED, True), (TaskFate.CONTINUES, False), (UNKNOWN, False)]
)
def test_a_killed_try_may_still_defer_unless_the_task_has_ended(fate: TaskFate | None, ends: bool) -> None:
    task = Task(fate=fate)
    task._ti = SimpleNamespace(fate=fate)
    task._waits_for("job")
    task._raise_if_task_ended()
    assert task.stopped == [], "its process was not asked to end"
    task._killed = True
    if ends:
        with pytest.raises(TuningTaskInterruptedError, match="Airflow has ended the task"):
            task._raise_if_task_ended()
    else:
        task._raise_if_task_ended()
    assert task.stopped == ["job"] * ends


# The callback of a task that has ended for good


def orphan(hook: Hook, **options: Any) -> list[str]:
    """Call back for a task that knows nothing of its job any more."""
    task = Task(hook)
    task._began = options.pop("began", False)
    task._stop_orphaned_job(context(task, **options))
    return task.stopped


def test_an_orphaned_job_is_found_by_its_name_and_tags() -> None:
    name = OWNER.base_name
    own, foreign = (Job(tags=owner.ownership_tags("print")) for owner in (OWNER, OTHER))
    assert orphan(Hook(**{name: own})) == [name]
    assert orphan(Hook(**{name: foreign})) == []
    assert orphan(Hook(given=own), pushed="given") == ["given"]
    assert orphan(Hook(given=foreign), pushed="given") == []
    assert orphan(Hook(given=foreign), pushed="given", began=True) == ["given"], "this process has pushed it"
    assert orphan(Hook(**{name: Job("Completed", own.tags)})) == []


def test_a_first_try_that_began_and_created_nothing_has_nothing_to_stop() -> None:
    hook = Hook(**{OWNER.base_name: Job(tags=OWNER.ownership_tags("print"))})
    assert orphan(hook, began=True, number=1) == []
    assert orphan(hook, began=True, number=2) == [OWNER.base_name]


@pytest.mark.parametrize(
    ("fate", "stopped"),
    [(TaskFate.ENDED, True), (TaskFate.RUNNING, True), (TaskFate.CONTINUES, False), (UNKNOWN, False)],
)
def test_a_killed_try_that_is_not_known_to_be_the_last_leaves_the_job(
    fate: TaskFate | None, stopped: bool
) -> None:
    task = Task(fate=fate)
    task._waits_for("job")
    task._killed = True
    task._stop_orphaned_job(context(task))
    assert task.stopped == ["job"] * stopped


@pytest.mark.parametrize(
    ("fate", "stopped"),
    [(TaskFate.ENDED, True), (TaskFate.RUNNING, False), (TaskFate.CONTINUES, False), (UNKNOWN, False)],
)
def test_a_lost_task_that_is_not_known_to_have_ended_leaves_the_job(
    fate: TaskFate | None, stopped: bool
) -> None:
    task = Task(Hook(**{OWNER.base_name: Job(tags=OWNER.ownership_tags("print"))}), fate)
    task._stop_orphaned_job(context(task))
    assert task.stopped == [OWNER.base_name] * stopped


def test_a_known_job_is_stopped_and_an_error_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    task = Task()
    task._waits_for("job")
    task._stop_orphaned_job(context(task))
    assert task.stopped == ["job"]
    task = Task()
    task._pushed_job_name = lambda _: 1 / 0  # type: ignore[assignment,return-value]
    task._stop_orphaned_job(context(task))
    assert "may have left a tuning job running" in caplog.text


# The stop itself


def test_a_job_that_is_not_to_be_stopped_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    task = Task()
    task.stop_on_kill = False
    task._stop_or_log("job")
    assert task.stopped == []
    assert "Tuning job job may keep running (stop_on_kill=False)" in caplog.text
    task._stop_or_log("job", always=True)
    assert task.stopped == ["job"]


def test_a_job_whose_create_had_no_response_may_show_up_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stop_on_exit.time, "sleep", lambda seconds: None)
    task = Task()
    task.hook.invisible = 3  # type: ignore[attr-defined]
    task._about_to_create("job")
    task._stop_or_log("job")
    assert task.stopped == ["job"] * 4
    task = Task()
    task.hook.invisible = 3  # type: ignore[attr-defined]
    task._waits_for("job")
    task._stop_or_log("job")
    assert task.stopped == ["job"], "it exists, so it has ended"


def test_a_stop_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    task = Task()
    task.hook.error = RuntimeError("no route")  # type: ignore[attr-defined]
    task._stop_or_log("job")
    assert "Could not stop tuning job job; it may keep running. Stop it by hand." in caplog.text


def test_each_orphaned_job_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_hpt_provider import metrics

    counted: list[Any] = []
    monkeypatch.setattr(
        type(metrics.ORPHANED_JOBS_STOPPED), "send", lambda self, *_, **tags: counted.append(tags)
    )
    task = Task()
    for name, always in (("job", False), ("job", False), ("next", True), ("next", False), ("last", False)):
        task._stop_or_log(name, always=always)
    assert counted == [{"where": "task"}] * 2


def test_a_job_that_has_ended_is_neither_counted_nor_called_stopped(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from airflow_hpt_provider import metrics

    counted: list[Any] = []
    monkeypatch.setattr(
        type(metrics.ORPHANED_JOBS_STOPPED), "send", lambda self, *_, **tags: counted.append(tags)
    )
    task = Task()
    task.hook.invisible = 1  # type: ignore[attr-defined]
    task._waits_for("ended")
    task._stop_or_log("ended")
    assert (task.stopped, counted, caplog.text) == (["ended"], [], "")


def test_the_name_that_this_try_has_announced_counts_before_xcoms() -> None:
    task = Task()
    assert task._pushed_job_name(context(task, pushed="other")) == "other"
    task._waits_for("job")
    assert task._pushed_job_name(context(task, pushed="other")) == "job"


def test_the_callback_leaves_other_operators_alone() -> None:
    task = Task()
    task._waits_for("job")
    for each in (object(), task):
        stop_on_exit.stop_orphaned_job({**context(task), "task": each})
    assert task.stopped == ["job"]
