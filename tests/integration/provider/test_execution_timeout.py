"""``execution_timeout`` while a task is deferred: Airflow itself does not enforce it there."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from airflow.sdk.exceptions import AirflowTaskTimeout, TaskDeferred

from airflow_hpt_provider.exceptions import TuningJobTimeoutError
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from tests.integration.provider.conftest import make, run

pytestmark = pytest.mark.integration
SHORT, LONG = timedelta(seconds=2), timedelta(hours=1)


def tune(config, **arguments):
    return make(
        HyperParameterTuningJobOperator, config=config, deferrable=True, poll_interval=0.1, **arguments
    )


def status_of(hook, one):
    return hook.describe(one.xcom["tuning_job_name"]).status


async def test_it_ends_the_deferred_wait_and_stops_the_job(gated, gate, first_try, hook):
    first_try.max_tries = 3  # as on a worker: whatever retries are left
    with pytest.raises(
        AirflowTaskTimeout, match=r"execution_timeout of 0:00:02 is over, and tuning job tune-"
    ):
        await run(tune(gated, execution_timeout=SHORT), first_try)
    assert status_of(hook, first_try) in {"Stopping", "Stopped"}


async def test_the_limit_that_is_over_first_counts(gated, gate, first_try, hook):
    with pytest.raises(TuningJobTimeoutError):
        await run(tune(gated, execution_timeout=LONG, timeout=SHORT), first_try)
    with pytest.raises(AirflowTaskTimeout):
        await run(tune(gated, execution_timeout=SHORT, timeout=LONG), first_try.retry())


async def test_a_job_that_ends_in_time_is_delivered(config, first_try):
    result = await run(tune(config, execution_timeout=LONG), first_try)
    assert result["status"] == "Completed"


def test_it_counts_from_the_start_of_the_try(gated, gate, first_try):
    first_try.start_date = datetime.now(UTC) - timedelta(minutes=50)
    task = tune(gated, execution_timeout=LONG)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(first_try.context(task))
    over = (first_try.start_date + LONG).isoformat()
    assert deferred.value.trigger.deadline == deferred.value.kwargs["execution_deadline"] == over
    assert timedelta(minutes=9) < deferred.value.timeout < timedelta(minutes=16)


def test_without_a_triggerer_airflows_own_deferral_timeout_ends_it(gated, gate, first_try, hook):
    task = tune(gated, execution_timeout=SHORT)
    with pytest.raises(TaskDeferred):
        task.execute(first_try.context(task))
    time.sleep(0.1)
    with pytest.raises(AirflowTaskTimeout):
        task.resume_execution("__fail__", {"error": "Trigger timeout"}, first_try.context(task))
    assert status_of(hook, first_try) in {"Stopping", "Stopped"}


async def test_stop_on_kill_false_leaves_the_job_running(gated, gate, first_try, hook):
    with pytest.raises(AirflowTaskTimeout):
        await run(tune(gated, execution_timeout=SHORT, stop_on_kill=False), first_try)
    assert status_of(hook, first_try) == "InProgress"
