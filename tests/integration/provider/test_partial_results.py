"""Jobs that do not come to their end: stopped, out of time, out of budget. The same policies in every mode."""

from __future__ import annotations

import asyncio
import copy
import json
import time

import pytest

from airflow_hpt_provider.compat import AirflowSensorTimeout, AirflowSkipException, TaskDeferred
from airflow_hpt_provider.exceptions import (
    TuningJobBudgetExceededError,
    TuningJobConfigError,
    TuningJobStoppedError,
    TuningJobTimeoutError,
)
from airflow_hpt_provider.models import TuningResult
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
from tests.integration.provider.conftest import TaskTry, fire, make, run, wait_for, with_static

pytestmark = pytest.mark.integration

MODES = {
    "sync": (HyperParameterTuningJobOperator, {"deferrable": False, "poll_interval": 0.1}),
    "deferrable": (HyperParameterTuningJobOperator, {"deferrable": True, "poll_interval": 0.1}),
    "poke": (HyperParameterTuningJobSensor, {"deferrable": False, "poke_interval": 0.1}),
    "sensor-deferrable": (HyperParameterTuningJobSensor, {"deferrable": True, "poke_interval": 0.1}),
}
ERRORS = {
    "stopped": TuningJobStoppedError,
    "timeout": TuningJobTimeoutError,
    "budget": TuningJobBudgetExceededError,
}


@pytest.fixture(params=MODES)
def mode(request):
    return MODES[request.param]


@pytest.fixture(autouse=True)
def measure_immediately(monkeypatch):
    """The guard measures every two minutes at most; too long for a test."""
    monkeypatch.setattr("airflow_hpt_provider.waiting.billable_time.MEASURE_SECONDS", 0.1)
    monkeypatch.setattr("airflow_hpt_provider.triggers.budget.MEASURE_SECONDS", 0.1)


@pytest.fixture
def half_done(gated):
    """A job whose first training job comes to its end, and whose others wait for the gate."""
    return with_static(gated, gate_from="2")


def until(condition, what="it"):
    deadline = time.monotonic() + 60
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} has not come"
        time.sleep(0.05)
    return value


async def end(how, mode, config, hook, **kwargs):
    """Run a task of this mode whose job has a best training job when it is stopped, or its time or budget ends.

    Returns:
        What the task returns, and its try.
    """
    operator, arguments = mode
    one = TaskTry()
    starter = make(
        HyperParameterTuningJobOperator, config=config, wait_for_completion=False, deferrable=False
    )
    name = starter.execute(one.context(starter))["tuning_job_name"]
    until(lambda: hook.describe(name).best_training_job, "the best training job")
    one = one.retry()
    ending = {}
    if how == "stopped":
        one.once_running(hook.stop)
    elif how == "timeout":
        ending["timeout"] = 0.3 if operator is HyperParameterTuningJobOperator else 1.0
    elif how == "budget":
        ending["max_billable_seconds"] = 0.2
    if operator is HyperParameterTuningJobSensor:
        one.task_id = "wait"
        if how == "stopped":  # a sensor stops nothing, and need not wait for it to be announced
            hook.stop(name)
        task = make(operator, task_id="wait", tuning_job_name=name, **arguments, **ending, **kwargs)
        if how == "timeout" and task.deferrable:
            return await timed_out_in_triggerer(task, one), one
    else:
        task = make(operator, config=config, **arguments, **ending, **kwargs)
    return await run(task, one), one


async def timed_out_in_triggerer(task, one):
    """Airflow's own timeout of a deferral is what ends a deferred sensor."""
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(one.context(task))
    assert deferred.value.timeout.total_seconds() <= 1.0
    return task.resume_execution("__fail__", {"error": "Trigger timeout"}, one.context(task))


@pytest.mark.parametrize("how", ERRORS)
async def test_use_best_takes_the_best_so_far(how, half_done, hook, mode):
    value, one = await end(how, mode, half_done, hook, **{f"on_{HOW[how]}": "use_best"})
    result = TuningResult.from_xcom(json.loads(json.dumps(value)))
    assert result.final_metric == one.xcom["final_metric"]
    assert result.training_job_status_counters.completed == 1
    assert result.model_artifact
    assert result.status_reason
    await has_stopped(how, result.tuning_job_name, mode, hook)


HOW = {"stopped": "stopped", "timeout": "timeout", "budget": "budget_exceeded"}


async def has_stopped(how, name, mode, hook):
    """All but a sensor that has run out of time stop the job."""
    left_alone = how == "timeout" and mode[0] is HyperParameterTuningJobSensor
    assert (hook.describe(name).status in {"Stopping", "Stopped"}) is not left_alone


@pytest.mark.parametrize("how", ERRORS)
async def test_skip_and_fail(how, half_done, hook, mode):
    with pytest.raises(AirflowSkipException, match="Tuning job tune-"):
        await end(how, mode, half_done, hook, **{f"on_{HOW[how]}": "skip"})
    for running in hook.list(status="InProgress"):  # the one that its sensor has left alone holds both slots
        hook.stop(running.name)
    expected = ERRORS[how]
    if how == "timeout" and mode[0] is HyperParameterTuningJobSensor:
        expected = AirflowSensorTimeout  # as of every sensor
    with pytest.raises(expected):
        await end(how, mode, half_done, hook)


@pytest.mark.parametrize("how", ["timeout", "budget"])
async def test_the_trigger_stops_the_job_at_its_limit(how, half_done, hook, first_try):
    """No worker may be free to do so for hours, or the DAG be paused."""
    limit = {"timeout": 2.0} if how == "timeout" else {"max_billable_seconds": 0.2}
    task = make(
        HyperParameterTuningJobOperator,
        config=half_done,
        deferrable=True,
        poll_interval=0.1,
        **limit,
        **{f"on_{HOW[how]}": "use_best"},
    )
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(first_try.context(task))
    name = first_try.xcom["tuning_job_name"]
    until(lambda: hook.describe(name).best_training_job, "the best training job")
    event = await fire(deferred.value.trigger)
    assert event["status"] == how
    wait_for(hook, name, "Stopped")
    value = task.execute_complete(first_try.context(task), event=event, **deferred.value.kwargs)
    assert ("timeout" if how == "timeout" else "billable seconds") in value["status_reason"]


async def test_a_trigger_that_cannot_stop_the_job_leaves_it_to_a_worker(
    half_done, hook, first_try, monkeypatch
):
    task = make(
        HyperParameterTuningJobOperator, config=half_done, deferrable=True, poll_interval=0.1, timeout=0.1
    )
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(first_try.context(task))
    with monkeypatch.context() as denied:
        denied.setattr(type(hook), "stop", lambda hook, name: (_ for _ in ()).throw(PermissionError("no")))
        event = await fire(deferred.value.trigger)
    assert event["status"] == "timeout"
    with pytest.raises(TuningJobTimeoutError):
        task.execute_complete(first_try.context(task), event=event, **deferred.value.kwargs)
    assert hook.describe(first_try.xcom["tuning_job_name"]).status in {"Stopping", "Stopped"}


async def test_the_budget_follows_on_timeout_unless_set_otherwise(half_done, hook):
    value, _ = await end("budget", MODES["sync"], half_done, hook, on_timeout="use_best")
    assert "billable seconds (max_billable_seconds=0.2)" in value["status_reason"]


async def test_use_best_without_any_is_a_failure(gated, first_try, hook):
    first_try.once_running(hook.stop)
    task = make(
        HyperParameterTuningJobOperator,
        config=gated,
        deferrable=False,
        on_stopped="use_best",
        poll_interval=0.1,
    )
    with pytest.raises(TuningJobStoppedError, match="no best training job to use"):
        await run(task, first_try)


async def test_failed_trials_end_the_job(config, gate, hook, mode):
    """Three may fail, and four do: the fifth waits for a gate that never opens."""
    config = with_static(config, fail="always", gate=str(gate), gate_from="5")
    config["HyperParameterTuningJobConfig"]["ResourceLimits"] = {
        "MaxNumberOfTrainingJobs": 20,
        "MaxParallelTrainingJobs": 1,
    }
    operator, arguments = mode
    one = TaskTry()
    if operator is HyperParameterTuningJobSensor:
        start = make(
            HyperParameterTuningJobOperator, config=config, wait_for_completion=False, deferrable=False
        )
        name = start.execute(one.context(start))["tuning_job_name"]
        task = make(operator, tuning_job_name=name, max_failed_training_jobs=3, **arguments)
    else:
        task = make(operator, config=config, max_failed_training_jobs=3, **arguments)
    with pytest.raises(TuningJobBudgetExceededError) as raised:
        await run(task, one)
    text = str(raised.value)
    assert "had 4 failed training jobs (max_failed_training_jobs=3)" in text
    assert "4 training jobs failed with: AlgorithmError: the data has no label column" in text
    assert len(text.splitlines()) <= 15
    assert hook.describe(one.xcom["tuning_job_name"]).status in {"Stopping", "Stopped"}


async def test_a_job_within_its_limits_is_left_alone(config, first_try):
    task = make(
        HyperParameterTuningJobOperator,
        config=config,
        deferrable=True,
        poll_interval=0.1,
        max_billable_seconds=3600,
        max_failed_training_jobs="0",
    )
    assert (await run(task, first_try))["status"] == "Completed"


@pytest.mark.parametrize("started", ["worker", "triggerer"])
async def test_the_guard_of_a_sensor_that_ends_in_the_triggerer(started, half_done, hook, first_try):
    """What ends for its budget wakes a worker, which stops the job and applies the policy."""
    start = make(
        HyperParameterTuningJobOperator, config=half_done, wait_for_completion=False, deferrable=False
    )
    name = start.execute(first_try.context(start))["tuning_job_name"]
    until(lambda: hook.describe(name).best_training_job, "the best training job")
    task = make(
        HyperParameterTuningJobSensor,
        task_id="wait",
        tuning_job_name=name,
        poke_interval=0.1,
        start_from_trigger=started == "triggerer",
        finish_in_triggerer=True,
        max_billable_seconds=0.2,
        on_budget_exceeded="use_best",
    )
    if started == "triggerer":
        from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger

        trigger = HyperParameterTuningJobTrigger(**task.start_trigger_args.trigger_kwargs)
        [event] = [event async for event in trigger.run()]
        assert event.payload["status"] == "budget"
        value = task.execute_complete(first_try.context(task), event=event.payload)
    else:
        value = await run(task, first_try)
    assert TuningResult.from_xcom(value).model_artifact
    assert hook.describe(name).status in {"Stopping", "Stopped"}


async def test_cancelling_a_guarded_wait_leaves_nothing_behind(half_done, first_try):
    """What a triggerer's restart does: neither the wait nor the guard continues, and the job is not stopped."""
    task = make(HyperParameterTuningJobOperator, config=half_done, deferrable=True, max_billable_seconds=3600)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(first_try.context(task))

    async def wait():
        async for _ in deferred.value.trigger.run():
            pytest.fail("it has fired")

    before = asyncio.all_tasks()
    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0.5)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    deadline = time.monotonic() + 30
    while asyncio.all_tasks() - before:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    await deferred.value.trigger.cleanup()
    assert task.hook.describe(first_try.xcom["tuning_job_name"]).status == "InProgress"


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("max_billable_seconds", 0, "must be greater than 0"),
        ("max_failed_training_jobs", -1, "must be at least 0, got -1"),
        ("max_failed_training_jobs", 1.5, "max_failed_training_jobs=1.5"),
        ("on_budget_exceeded", "explode", "on_budget_exceeded must be one of .*, got 'explode'"),
        ("retry_strategy", 31, "whole number from 1 to 30"),
        ("retry_strategy", {"attempts": 2}, "must have the members"),
    ],
)
def test_wrong_arguments_are_reported_when_the_dag_is_parsed(config, argument, value, message):
    with pytest.raises((ValueError, TuningJobConfigError), match=message):
        make(HyperParameterTuningJobOperator, config=copy.deepcopy(config), **{argument: value})
