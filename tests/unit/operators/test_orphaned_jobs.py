"""The callback of a task that has ended: when the task has another try, and which job it may have left behind."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_hpt_provider.exceptions import TuningJobConfigError, TuningTaskInterruptedError
from airflow_hpt_provider.operators import state_store, stop_on_exit
from airflow_hpt_provider.triggers.task_state import TaskFate
from tests.support.tuning_account import DENIED_TAGS, Job
from tests.unit.operators.test_stop_on_exit import OTHER, OWNER, Hook, Task, context, fails

NAME = OWNER.base_name


def own() -> Job:
    return Job(tags=OWNER.ownership_tags("print"))


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What Airflow's DAG processor learns of a task whose worker was lost."""
    made: dict[str, Any] = {"fate": TaskFate.ENDED}
    monkeypatch.setattr(
        "airflow_hpt_provider.triggers.task_state.lost_task_fate", lambda ti, log: made["fate"]
    )
    return made


@pytest.mark.parametrize(
    ("fate", "stopped"),
    [(TaskFate.ENDED, True), (None, False), (TaskFate.CONTINUES, False), (TaskFate.RUNNING, False)],
)
@pytest.mark.parametrize("where", ["processor", "began", "bundle"])
def test_a_lost_task_with_another_try_keeps_its_job(
    lost: dict[str, Any], fate: Any, stopped: bool, where: str
) -> None:
    """On a worker, Airflow calls back only for the end of a task."""
    task, lost["fate"] = Task(Hook(**{NAME: own()})), fate
    task._began = where == "began"
    given = context(task, number=2)
    if where == "bundle":
        given["ti"].bundle_instance = None
    task._stop_orphaned_job(given)
    assert task.stopped == [NAME] * (stopped or where != "processor")


@pytest.mark.parametrize(
    ("pushed", "pending", "number", "found"),
    [
        ("", False, 1, None),
        ("", True, 1, NAME),
        ("", False, 2, NAME),
        ("job", False, 1, "job"),
    ],
)
def test_what_a_try_may_have_left(pushed: str, pending: bool, number: int, found: str | None) -> None:
    task = Task(Hook(**{NAME: own()}))
    task._began, task._create_pending, task._pushed_name = True, pending, pushed
    assert task._find_orphan(context(task, number=number)) == found


def test_a_job_of_another_task_is_never_an_orphan() -> None:
    foreign = Job(tags=OTHER.ownership_tags("print"))
    task = Task(Hook(**{NAME: foreign, "given": foreign}))
    assert task._find_orphan(context(task, number=2)) is None
    assert task._find_orphan(context(task, number=2, pushed="given")) is None


def test_a_job_whose_tags_cannot_be_read_is_known_by_its_name_alone() -> None:
    task = Task(Hook(**{NAME: Job(tags=DENIED_TAGS), "given": Job(tags=DENIED_TAGS)}))
    assert task._find_orphan(context(task, number=2)) == NAME
    assert task._find_orphan(context(task, number=2, pushed="given")) == NAME


@pytest.mark.parametrize("began", [True, False])
def test_only_the_tasks_own_process_asks_for_its_memory(monkeypatch: pytest.MonkeyPatch, began: bool) -> None:
    """Airflow's DAG processor cannot ask for it."""
    asked: list[Any] = []
    monkeypatch.setattr(
        state_store, "JobStateStore", lambda given: SimpleNamespace(load=lambda: asked.append(given) or {})
    )
    task = Task(Hook(**{NAME: own()}))
    task._began = began
    assert task._find_orphan(context(task, number=2)) == NAME
    assert len(asked) == began


@pytest.mark.parametrize("rendered", [True, False])
def test_a_connection_that_was_not_rendered_is_rendered(rendered: bool) -> None:
    task, seen = Task(Hook(**{NAME: own()})), []
    task._rendered = rendered
    task.render_again = lambda fields, given: seen.extend(fields)
    assert task._find_orphan(context(task, number=2)) == NAME
    assert seen == ([] if rendered else ["aws_conn_id", "region_name", "verify", "botocore_config"])


def test_a_connection_that_renders_to_nothing_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The default connection may lead to another account."""
    task = Task(Hook(**{NAME: own()}))
    task._rendered, task._killed, task._fate = False, True, TaskFate.ENDED

    def render_again(fields: Any, given: Any) -> None:
        raise TuningJobConfigError("aws_conn_id must have a value")

    task.render_again = render_again
    task._stop_orphaned_job(context(task, number=2))
    assert task.stopped == []
    assert "aws_conn_id must have a value" in caplog.text


@pytest.mark.parametrize(("index", "asked"), [(-1, 1), (0, 2), (3, 2)])
def test_a_mapped_task_reads_its_own_xcom(index: int, asked: int) -> None:
    task, questions = Task(), []

    def pull(**question: Any) -> Any:
        questions.append(question)
        return "own" if "map_indexes" in question else ["own", "other"]

    given = context(task)
    given["ti"].map_index, given["ti"].xcom_pull = index, pull
    name = task._pushed_job_name(given)
    assert len(questions) == asked
    assert {question["task_ids"] for question in questions} == {"tune"}
    assert questions[-1].get("map_indexes") == (index if index >= 0 else None)
    assert name == ("own" if index >= 0 else "['own', 'other']")


def test_a_mapped_task_that_pushed_nothing_asks_once() -> None:
    task, questions = Task(), []
    given = context(task)
    given["ti"].map_index, given["ti"].xcom_pull = 3, lambda **question: questions.append(question)
    assert task._pushed_job_name(given) == ""
    assert len(questions) == 1


@pytest.mark.parametrize(
    ("tries", "number", "last"), [(0, 1, True), (None, 1, True), (1, 1, False), (1, 2, True)]
)
def test_a_task_without_retries_has_one_try(tries: Any, number: int, last: bool) -> None:
    task = Task()
    task._waits_for("job")
    fails(task, ValueError("no"), number=number, tries=tries)
    assert task.stopped == ["job"] * last
    assert task._running_job == (None if last else "job")


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that a task sleeps; the clock moves with them."""
    made: list[float] = []
    monkeypatch.setattr(stop_on_exit.time, "sleep", made.append)
    monkeypatch.setattr(stop_on_exit.time, "monotonic", lambda: 100.0 + sum(made))
    return made


@pytest.mark.parametrize(
    ("seconds", "parts"), [(0.0, []), (0.25, [0.25]), (0.5, [0.5]), (1.25, [0.5, 0.5, 0.25])]
)
def test_a_sleep_has_its_length(slept: list[float], seconds: float, parts: list[float]) -> None:
    Task()._sleep(seconds)
    assert slept == parts


@pytest.mark.parametrize("seconds", [0.0, 0.5])
def test_a_task_that_was_killed_does_not_sleep(slept: list[float], seconds: float) -> None:
    task = Task(fate=TaskFate.CONTINUES)
    task._killed = True
    with pytest.raises(TuningTaskInterruptedError):
        task._sleep(seconds)
    assert slept == []


def test_a_job_that_does_not_show_up_is_given_up(slept: list[float]) -> None:
    """It is asked for twice a second, for five seconds."""
    task = Task()
    task.hook.invisible = 1000  # type: ignore[attr-defined]
    task._about_to_create("job")
    task._stop_or_log("job")
    assert slept == [0.5] * 10
    assert task.stopped == ["job"] * 11


def test_a_killed_try_whose_task_has_ended_names_it() -> None:
    task = Task()
    task._ti = SimpleNamespace(fate=TaskFate.ENDED)
    task._waits_for("job")
    task._killed = True
    with pytest.raises(TuningTaskInterruptedError, match="Airflow has ended the task"):
        task._raise_if_killed("job")
    task = Task(fate=TaskFate.CONTINUES)
    task._raise_if_killed("job")
    task._killed = True
    with pytest.raises(TuningTaskInterruptedError, match="Tuning job other keeps running"):
        task._raise_if_killed("other")
