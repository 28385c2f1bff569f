"""A deferred task's job is stopped if the task has ended, and only then."""

from __future__ import annotations

import asyncio
import time

import pytest
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

from airflow_hpt_provider.compat import TaskDeferralError
from airflow_hpt_provider.exceptions import (
    TuningJobTimeoutError,
    TuningServiceUnreachableError,
)
from airflow_hpt_provider.triggers import task_state
from tests.integration.provider.conftest import TaskTry, run, wait_for, with_static
from tests.integration.provider.stopping import ENDED, NOT_ENDED, STOPPED, UNKNOWN, deferred, tune

pytestmark = pytest.mark.integration


async def test_on_kill_of_the_trigger_survives_being_cancelled(
    untagged_service, gated, gate, first_try, hook, monkeypatch, airflow_says
):
    """Airflow cancels it after a second; this service takes two to stop a job."""
    airflow_says(first_try, "failed")
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", untagged_service.airflow_connection)
    _, waiting = deferred(gated, first_try)
    monkeypatch.setattr(type(waiting.trigger), "task_instance", first_try)
    killing = asyncio.create_task(waiting.trigger.on_kill())
    await asyncio.sleep(0.3)
    killing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await killing
    await waiting.trigger.cleanup()
    deadline = time.monotonic() + 60
    while hook.describe(first_try.xcom["tuning_job_name"]).status not in STOPPED:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("map_index", [-1, 3])
@pytest.mark.parametrize("state", ENDED + NOT_ENDED + UNKNOWN, ids=str)
async def test_on_kill_of_the_trigger_stops_the_job_only_if_its_task_has_ended(
    map_index, state, gated, gate, hook, monkeypatch, airflow_says
):
    """Cleared, it waits for its next try; deferred, another triggerer has taken it over."""
    monkeypatch.setattr(task_state, "RETRY_SECONDS", (0.0, 0.0))
    one = TaskTry(map_index=map_index)
    airflow_says(one, state)
    _, waiting = deferred(gated, one)
    monkeypatch.setattr(type(waiting.trigger), "task_instance", one)
    await waiting.trigger.on_kill()
    assert (hook.describe(one.xcom["tuning_job_name"]).status in STOPPED) is (state in ENDED)


async def test_on_kill_of_the_trigger_asks_again_when_airflow_does_not_respond(
    gated, gate, first_try, hook, monkeypatch
):
    responses = [ConnectionError("no API server"), {first_try.run_id: {"tune": "failed"}}]

    def states(**_):
        response = responses.pop(0)
        if isinstance(response, Exception):
            raise response
        return response

    monkeypatch.setattr(task_state, "RETRY_SECONDS", (0.0,))
    monkeypatch.setattr(RuntimeTaskInstance, "get_task_states", staticmethod(states))
    _, waiting = deferred(gated, first_try)
    monkeypatch.setattr(type(waiting.trigger), "task_instance", first_try)
    await waiting.trigger.on_kill()
    assert hook.describe(first_try.xcom["tuning_job_name"]).status in STOPPED


@pytest.mark.parametrize("last", [False, True])
def test_a_failed_deferral(last, gated, gate, first_try, hook):
    """The trigger has failed: a failed try like any other."""
    first_try.max_tries = 0 if last else 1
    task, waiting = deferred(gated, first_try)
    with pytest.raises(TaskDeferralError):
        task.resume_execution("__fail__", {"error": "Trigger failure"}, first_try.context(task))
    assert waiting.kwargs["tuning_job_name"] == first_try.xcom["tuning_job_name"]
    status = hook.describe(first_try.xcom["tuning_job_name"]).status
    assert (status in STOPPED) is last


@pytest.mark.parametrize("last", [False, True])
def test_a_failed_resume(last, gated, gate, first_try, hook):
    """Back on a worker, the service had been out of reach for too long."""
    first_try.max_tries = 0 if last else 1
    task, waiting = deferred(gated, first_try)
    event = {"status": "unreachable", "message": "out of reach"}
    with pytest.raises(TuningServiceUnreachableError):
        task.execute_complete(first_try.context(task), event=event, **waiting.kwargs)
    status = hook.describe(first_try.xcom["tuning_job_name"]).status
    assert (status in STOPPED) is last


@pytest.mark.parametrize("stop_on_kill", [True, False])
async def test_a_timeout_always_stops_the_job(stop_on_kill, gated, gate, first_try, hook):
    """``stop_on_kill`` is about the task's end; the job's own time is over in any case."""
    with pytest.raises(TuningJobTimeoutError):
        await run(tune(gated, timeout=0.3, stop_on_kill=stop_on_kill), first_try)
    assert hook.describe(first_try.xcom["tuning_job_name"]).status in STOPPED


# -- below Airflow 3.3: triggers are dropped without a word ------------------------------------------------


async def test_the_next_try_of_a_dropped_trigger_continues_with_the_job(gated, gate, first_try, hook):
    """Before 3.3 the trigger does not learn that the task was marked or cleared: the job keeps running ..."""
    deferred(gated, first_try)
    name = first_try.xcom["tuning_job_name"]
    assert hook.describe(name).status == "InProgress"
    again = first_try.cleared()
    again.once_running(lambda _: gate.touch())
    value = await run(tune(gated, deferrable=True), again)  # ... and is delivered once
    assert (value["tuning_job_name"], value["status"]) == (name, "Completed")


async def test_the_next_try_of_a_dropped_trigger_cleans_up(gated, gate, first_try, hook):
    """... or, when the task now wants another job, is stopped."""
    deferred(gated, first_try)
    name = first_try.xcom["tuning_job_name"]
    again = first_try.cleared()
    again.once_running(lambda _: gate.touch())
    value = await run(tune(with_static(gated, depth="9"), deferrable=True), again)
    assert value["tuning_job_name"] == f"{name}-2"
    wait_for(hook, name, "Stopped")
