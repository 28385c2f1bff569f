"""What a trigger stops, delivers and fires, with a poll that ends as the test says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_hpt_provider.exceptions import (
    TuningJobBudgetExceededError,
    TuningJobNotFoundError,
    TuningJobTimeoutError,
    TuningServiceUnreachableError,
)
from airflow_hpt_provider.triggers import tuning
from airflow_hpt_provider.triggers.task_state import TaskFate
from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger
from airflow_hpt_provider.waiting.outcome import Outcome

ARN = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/job"
TIMEOUT, BUDGET = TuningJobTimeoutError("late", "job"), TuningJobBudgetExceededError("dear", "job")


def ended(status: str) -> SimpleNamespace:
    return SimpleNamespace(status=status, failure_reason=None, arn=ARN)


class World:
    """The poller, the task's state and its completion, as the trigger finds them."""

    def __init__(self) -> None:
        self.end: Any = ended("Completed")
        self.fate: TaskFate | None = TaskFate.ENDED
        self.waiters: list[Any] = []
        self.stopped: list[str] = []
        self.pushed: list[tuple[Any, ...]] = []
        self.push_error: Exception | None = None
        self.stop_error: Exception | None = None
        self.stops = True

    async def wait_for(self, settings: Any, waiter: Any) -> Any:
        self.waiters.append(waiter)
        if isinstance(self.end, Exception):
            raise self.end
        return self.end

    def shared(self, settings: Any) -> Any:
        return self

    async def stop(self, name: str) -> bool:
        if self.stop_error:
            raise self.stop_error
        self.stopped.append(name)
        return self.stops

    async def task_fate(self, task_instance: Any, log: Any) -> TaskFate | None:
        return self.fate

    def completion(self, *arguments: Any) -> Any:
        async def push(name: str, task_instance: Any, log: Any) -> None:
            if self.push_error:
                raise self.push_error
            self.pushed.append((name, *arguments[1:]))

        return SimpleNamespace(push=push)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(tuning, "SharedPoller", made)
    monkeypatch.setattr(tuning, "TaskCompletion", made.completion)
    monkeypatch.setattr(tuning, "trigger_task_fate", made.task_fate)
    monkeypatch.setattr(tuning, "FIRST_EVENT_SECONDS", 0.0)
    monkeypatch.setattr(tuning, "has", lambda feature: True)
    return made


def fired(**arguments: Any) -> Any:
    """Run a trigger, and return its only event: the payload, or None if it has completed the task itself."""

    async def run() -> list[Any]:
        trigger = HyperParameterTuningJobTrigger("job", **arguments)
        return [event async for event in trigger.run()]

    [event] = asyncio.run(run())
    return event.payload if type(event) is tuning.TriggerEvent else None


def kill(**arguments: Any) -> None:
    asyncio.run(HyperParameterTuningJobTrigger("job", **arguments).on_kill())


@pytest.mark.parametrize(
    ("end", "status", "message", "arn"),
    [
        (ended("Completed"), "completed", "Tuning job job ended as Completed.", ARN),
        (ended("Stopped"), "stopped", "Tuning job job ended as Stopped.", ARN),
        (SimpleNamespace(status="Failed", failure_reason="no", arn=ARN), "failed", "no", ARN),
        (TIMEOUT, "timeout", "late", None),
        (BUDGET, "budget", "dear", None),
        (TuningJobNotFoundError("gone", "job"), Outcome.NOT_FOUND, "gone", None),
        (TuningServiceUnreachableError("far", "job"), "unreachable", "far", None),
    ],
)
def test_the_event_gives_the_outcome(
    world: World, end: Any, status: str, message: str, arn: str | None
) -> None:
    world.end = end
    payload = fired()
    assert (payload["status"], payload["tuning_job_name"], payload["tuning_job_arn"]) == (status, "job", arn)
    assert message in payload["message"]


@pytest.mark.parametrize(
    ("end", "own", "stopped"),
    [
        (BUDGET, False, True),
        (BUDGET, True, True),
        (TIMEOUT, True, True),
        (TIMEOUT, False, False),
        (TuningServiceUnreachableError("far", "job"), True, False),
        (ended("Completed"), True, False),
        (ended("Failed"), True, False),
    ],
)
def test_a_job_is_stopped_at_its_budget_and_at_the_deadline_of_its_own_task(
    world: World, end: Any, own: bool, stopped: bool
) -> None:
    world.end = end
    fired(stop_on_kill=own)
    assert world.stopped == ["job"] * stopped


def test_a_stop_that_fails_is_left_to_the_worker(world: World) -> None:
    world.end, world.stop_error = BUDGET, RuntimeError("no route")
    assert fired()["status"] == "budget"


# Finishing the task in the triggerer


@pytest.mark.parametrize(
    ("status", "wanted", "possible", "finished"),
    [
        ("Completed", True, True, True),
        ("Stopped", True, True, True),
        ("Failed", True, True, False),
        ("Completed", False, True, False),
        ("Completed", True, False, False),
    ],
)
def test_only_a_task_that_asks_for_it_is_finished_in_the_triggerer(
    world: World, monkeypatch: pytest.MonkeyPatch, status: str, wanted: bool, possible: bool, finished: bool
) -> None:
    monkeypatch.setattr(tuning, "has", lambda feature: possible)
    world.end = ended(status)
    payload = fired(finish_in_triggerer=wanted, on_stopped="succeed", top_k=3, push_result=False)
    assert world.pushed == [("job", "succeed", 3, False)] * finished
    assert (payload is None) is finished


def test_a_result_that_cannot_be_pushed_is_left_to_the_worker(world: World) -> None:
    world.push_error = RuntimeError("no XCom")
    assert fired(finish_in_triggerer=True)["status"] == "completed"


# A task that is marked by a user


@pytest.mark.parametrize(
    ("own", "fate", "stopped"),
    [
        (True, TaskFate.ENDED, True),
        (True, None, False),
        *((True, fate, False) for fate in TaskFate if fate is not TaskFate.ENDED),
        (False, TaskFate.ENDED, False),
    ],
)
def test_a_job_is_stopped_for_a_task_that_is_known_to_have_ended(
    world: World, own: bool, fate: TaskFate | None, stopped: bool
) -> None:
    world.fate = fate
    kill(stop_on_kill=own)
    assert world.stopped == ["job"] * stopped


def test_a_stop_is_not_cancelled_with_the_trigger(world: World) -> None:
    """Airflow cancels on_kill after about a second."""

    async def scenario() -> None:
        asked, goes = asyncio.Event(), asyncio.Event()

        async def slow(task_instance: Any, log: Any) -> TaskFate:
            asked.set()
            await goes.wait()
            return TaskFate.ENDED

        tuning.trigger_task_fate = slow  # type: ignore[assignment]
        killing = asyncio.ensure_future(HyperParameterTuningJobTrigger("job", stop_on_kill=True).on_kill())
        await asked.wait()
        killing.cancel()
        goes.set()
        async with asyncio.timeout(30):
            while not world.stopped:  # noqa: ASYNC110 - the trigger sets no event
                await asyncio.sleep(0)
        await asyncio.gather(killing, return_exceptions=True)

    asyncio.run(scenario())
    assert world.stopped == ["job"]


# What the wait is asked for


def test_a_wait_gets_the_triggers_limits(world: World) -> None:
    fired(poll_interval=7.0, deadline="2026-11-01T12:00:00+00:00", unreachable_timeout=5.0)
    [waiter] = world.waiters
    assert (waiter.tuning_job_name, waiter.poll_interval, waiter.has_events) == ("job", 7.0, False)
    assert waiter.deadline.isoformat() == "2026-11-01T12:00:00+00:00"
    assert waiter.unreachable_timeout == timedelta(seconds=5)
    fired()
    assert (world.waiters[1].deadline, world.waiters[1].unreachable_timeout) == (None, None)


def test_a_name_that_no_xcom_holds_polls_nothing(world: World) -> None:
    class Task:
        async def axcom_pull(self, **asked: Any) -> Any:
            assert asked == {"task_ids": "create", "key": "name", "map_indexes": -1}
            return self.value

        def __init__(self, value: Any) -> None:
            self.value, self.task_id, self.task, self.trigger_timeout = value, "wait", None, None

    async def run(value: Any) -> Any:
        trigger = HyperParameterTuningJobTrigger("", name_from={"task_id": "create", "key": "name"})
        trigger.task_instance = Task(value)  # type: ignore[assignment]
        return [event.payload async for event in trigger.run()]

    [payload] = asyncio.run(run(None))
    assert payload["status"] == Outcome.NOT_FOUND
    assert world.waiters == []
    [payload] = asyncio.run(run("from-xcom"))
    assert (payload["status"], world.waiters[0].tuning_job_name) == ("completed", "from-xcom")


def test_one_poll_is_not_enough_to_stop_a_job_over_its_budget(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = {"now": True}

    def check(self: Any, seen: Any) -> None:
        if over["now"]:
            raise BUDGET

    monkeypatch.setattr(tuning.BudgetLimits, "check_counters", check)
    monkeypatch.setattr(tuning, "ProgressLog", lambda log: lambda seen: None)
    fired(max_failed_training_jobs="2")
    [waiter] = world.waiters
    waiter.on_poll(None)
    assert waiter.confirm
    over["now"] = False
    waiter.on_poll(None)
    over["now"] = True
    waiter.on_poll(None)
    with pytest.raises(TuningJobBudgetExceededError):
        waiter.on_poll(None)


def test_limits_that_were_templates_are_numbers() -> None:
    limits = HyperParameterTuningJobTrigger(
        "job", max_billable_seconds="60", max_failed_training_jobs="2"
    )._limits  # type: ignore[arg-type]
    assert limits == tuning.BudgetLimits(60.0, 2)
    assert HyperParameterTuningJobTrigger("job")._limits == tuning.BudgetLimits(None, None)


def test_billable_seconds_are_measured_while_the_trigger_waits(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[Any] = []

    @asynccontextmanager
    async def enforce_budget(*arguments: Any) -> AsyncIterator[None]:
        measured.append(arguments[1:4])
        yield
        raise BUDGET

    monkeypatch.setattr("airflow_hpt_provider.triggers.budget.enforce_budget", enforce_budget)
    assert fired()["status"] == "completed"
    assert measured == []
    assert fired(max_billable_seconds=60, previous_jobs=["before"])["status"] == "budget"
    assert measured == [("job", 60.0, ["before"])]
    assert world.stopped == ["job"]


def test_events_wake_the_wait_and_polls_become_seldom(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    subscribed: list[Any] = []

    @asynccontextmanager
    async def subscribe(name: str) -> AsyncIterator[None]:
        subscribed.append(name)
        yield

    def shared(url: str, *_: Any) -> Any:
        subscribed.append(url)
        return SimpleNamespace(subscribe=subscribe)

    monkeypatch.setattr(
        "airflow_hpt_provider.waiting.event_listener.StateChangeListener", SimpleNamespace(shared=shared)
    )
    fired(poll_interval=7.0)
    assert subscribed == []
    fired(poll_interval=7.0, event_queue_url="https://sqs/queue")
    assert subscribed == ["https://sqs/queue", "job"]
    first, second = world.waiters
    assert (first.poll_interval, first.has_events) == (7.0, False)
    assert (second.poll_interval, second.has_events) == (tuning.SAFETY_SECONDS, True)


def test_the_first_event_comes_after_the_trigger_is_stored(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "FIRST_EVENT_SECONDS", 0.3)
    began = time.monotonic()
    fired()
    assert time.monotonic() - began >= 0.3


def test_stops_are_counted_where_they_happen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[Any] = []
    for name in ("BUDGET_STOPS", "ORPHANED_JOBS_STOPPED"):
        monkeypatch.setattr(
            tuning, name, SimpleNamespace(send=lambda name=name, **tags: counted.append((name, tags)))
        )
    fired()
    assert counted == []
    world.end = BUDGET
    fired()
    kill(stop_on_kill=True)
    assert counted == [
        ("BUDGET_STOPS", {"where": "triggerer"}),
        ("ORPHANED_JOBS_STOPPED", {"where": "triggerer"}),
    ]
    world.stops = False
    kill(stop_on_kill=True)
    assert len(counted) == 2, "it had already ended"


def test_a_stop_that_fails_for_a_marked_task_is_airflows_to_know(world: World) -> None:
    world.stop_error = RuntimeError("no route")
    with pytest.raises(RuntimeError, match="no route"):
        kill(stop_on_kill=True)


@pytest.mark.parametrize(("rendered", "name"), [(False, "from conf"), (True, "{{ dag_run.conf.name }}")])
def test_only_templates_of_the_dags_code_are_rendered(rendered: bool, name: str) -> None:
    """A worker's values may be texts of the user who triggered the run."""
    trigger = HyperParameterTuningJobTrigger("{{ dag_run.conf.name }}", rendered=rendered)
    trigger.template_fields = ("tuning_job_name",)
    context: Any = {"dag_run": SimpleNamespace(conf={"name": "from conf"})}
    trigger.render_template_fields(context)
    assert trigger.tuning_job_name == name
