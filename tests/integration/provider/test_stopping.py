"""A job that nobody comes back for is stopped; one that somebody comes back for is not."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from airflow_hpt_provider.compat import TaskDeferralError, TaskDeferred, has
from airflow_hpt_provider.exceptions import (
    TuningJobStoppedError,
    TuningJobTimeoutError,
    TuningServiceUnreachableError,
)
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from tests.integration.provider.conftest import Try, jobs_of, make, run, wait_for, with_static

pytestmark = pytest.mark.integration
ONE_TRY = Path(__file__).parent / "processes" / "one_try.py"
STOPPED = {"Stopping", "Stopped"}


def tune(config, **kwargs):
    return make(
        HyperParameterTuningJobOperator,
        **{"config": config, "deferrable": False, "poll_interval": 0.1, **kwargs},
    )


def ended(task, one, state="failed"):
    """Airflow has ended the task for good, and calls back."""
    callbacks = task.on_failure_callback if state == "failed" else task.on_skipped_callback
    for callback in callbacks:
        callback(one.context(task))


def left_running(config, one, **kwargs):
    """The name of the job that a worker has left behind which was lost at once."""

    def die(name):
        raise ConnectionError("the worker is lost")

    one.max_tries, one.on_push = 3, None
    one.once_running(die)
    task = tune(config, **kwargs)
    with pytest.raises(ConnectionError):
        task.execute(one.context(task))
    one.on_push = None
    return one.xcom["tuning_job_name"]


def deferred(config, one, **kwargs):
    """A task that waits in the triggerer, and its trigger."""
    task = tune(config, deferrable=True, **kwargs)
    with pytest.raises(TaskDeferred) as raised:
        task.execute(one.context(task))
    return task, raised.value


# -- killed on a worker ------------------------------------------------------------------------------------


def test_sigterm_of_a_waiting_worker(gated, gate, tmp_path, hook):
    """As it comes when the task is marked, cleared, or its DAG run is failed: the handler runs amid the wait."""
    one, file = Try(), tmp_path / "config.json"
    file.write_text(json.dumps(gated))
    process = subprocess.Popen(
        [sys.executable, str(ONE_TRY), str(file), one.run_id, "--wait"],
        env={**os.environ, "PYTHONPATH": "."},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not (mine := jobs_of(hook, one)):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=120)
    assert "TuningJobStoppedError" in output
    assert {hook.describe(name).status for name in mine} <= STOPPED


async def test_killed_in_the_middle_of_create(gated, gate, first_try, hook):
    """There is nothing to stop yet when on_kill comes; the job is stopped as soon as it is there."""
    task = tune(gated)
    events = task.hook.conn.meta.events
    events.register("before-call.sagemaker.CreateHyperParameterTuningJob", lambda **_: task.on_kill())
    with pytest.raises(TuningJobStoppedError):
        await run(task, first_try)
    assert hook.describe(first_try.xcom["tuning_job_name"]).status == "Stopped"


def test_nothing_of_anybody_elses_is_stopped(gated, gate, first_try, hook):
    """Neither a kill nor a failure before the job is one's own touches a job of the same name."""
    name = f"given-{first_try.run_id[-12:]}"
    hook.call("create_hyper_parameter_tuning_job", **gated, HyperParameterTuningJobName=name)
    task = tune({**gated, "HyperParameterTuningJobName": name})
    with pytest.raises(Exception, match="nobody we know"):
        task.execute(first_try.context(task))
    task.on_kill()
    ended(task, first_try)
    assert hook.describe(name).status == "InProgress"


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_ended_by_hand(interruption, gated, gate, first_try, hook):
    """Ctrl-C in `dag.test()`."""

    def interrupt(name):
        raise interruption

    first_try.max_tries = 3
    first_try.once_running(interrupt)
    task = tune(gated)
    with pytest.raises(interruption):
        task.execute(first_try.context(task))
    assert hook.describe(first_try.xcom["tuning_job_name"]).status in STOPPED


def test_a_failure_right_after_create(gated, gate, first_try, hook):
    """The API server is gone when the name is to be written: the last try stops the job, an earlier one does not."""

    def fail(name):
        raise ConnectionError("no API server")

    for tries, statuses in ((1, {"InProgress"}), (0, STOPPED)):
        one = first_try.retry()
        one.run_id, one.try_number, one.max_tries = f"{first_try.run_id}-{tries}", 1, tries
        one.once_running(fail)
        task = tune(gated)
        with pytest.raises(ConnectionError):
            task.execute(one.context(task))
        assert hook.describe(one.xcom["tuning_job_name"]).status in statuses


@pytest.mark.skipif(not has("retry_policy"), reason="Airflow 3.3+")
@pytest.mark.parametrize("with_policy", [False, True])
def test_a_policy_that_fails_the_task_leaves_no_job_behind(with_policy, gated, gate, first_try, hook):
    """There are retries left, but the policy does not use them: nobody would come back for the job."""
    from airflow_hpt_provider.retries.policy import TuningRetryPolicy

    def deny(name):
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeIt")

    first_try.max_tries = 3
    first_try.once_running(deny)
    task = tune(gated, retries=3, **({"retry_policy": TuningRetryPolicy()} if with_policy else {}))
    with pytest.raises(ClientError):
        task.execute(first_try.context(task))
    status = hook.describe(first_try.xcom["tuning_job_name"]).status
    assert (status in STOPPED) is with_policy


def test_stop_on_kill_false_says_where_the_job_goes_on(gated, gate, first_try, hook, capsys):
    task, _ = deferred(gated, first_try, stop_on_kill=False)
    task.on_kill()
    name = first_try.xcom["tuning_job_name"]
    told = capsys.readouterr().out
    assert first_try.xcom["_link_TuningPageLink"] in told, "a local job has no page in AWS's console"
    assert f"--hyper-parameter-tuning-job-name {name}" in told
    assert hook.describe(name).status == "InProgress"


def test_execution_timeout(gated, gate, first_try, hook):
    """Airflow's own timeout of a worker's leg: its runner calls on_kill, whatever is left of the retries."""
    from airflow.sdk.exceptions import AirflowTaskTimeout
    from airflow.sdk.execution_time.timeout import timeout

    limit = timeout(1)

    def as_the_runner_does():
        try:
            task.execute(first_try.context(task))
        except AirflowTaskTimeout:
            task.on_kill()
            raise
        finally:
            limit.__exit__(None, None, None)

    first_try.max_tries = 3
    first_try.once_running(lambda _: limit.__enter__())  # however long it took until then
    task = tune(gated)
    with pytest.raises(AirflowTaskTimeout):
        as_the_runner_does()
    assert hook.describe(first_try.xcom["tuning_job_name"]).status in STOPPED


def test_execution_timeout_in_the_middle_of_create(gated, gate, first_try, hook):
    """The request is on its way when the time is over: the job is there only when on_kill has begun."""
    from airflow.sdk.exceptions import AirflowTaskTimeout

    def on_its_way(params, **_):
        arguments = json.loads(params["body"])
        threading.Timer(1.0, lambda: hook.call("create_hyper_parameter_tuning_job", **arguments)).start()
        raise AirflowTaskTimeout

    task = tune(gated)
    task.hook.conn.meta.events.register("before-call.sagemaker.CreateHyperParameterTuningJob", on_its_way)
    with pytest.raises(AirflowTaskTimeout):
        task.execute(first_try.context(task))
    task.on_kill()
    [name] = jobs_of(hook, first_try)
    assert hook.describe(name).status in STOPPED


def test_killed_before_it_is_taken_up_again(gated, gate, first_try, hook):
    """SIGTERM comes when the worker has begun to render, and ``execute_complete`` has not begun."""
    first_try.max_tries = 3
    _, waiting = deferred(gated, first_try)
    again = tune(gated, deferrable=True)
    again.on_kill()
    event = {"status": "unreachable", "message": "out of reach"}
    with pytest.raises(TuningServiceUnreachableError):
        again.execute_complete(first_try.context(again), event=event, **waiting.kwargs)
    assert hook.describe(waiting.kwargs["tuning_job_name"]).status in STOPPED


def test_told_to_stop_twice(gated, gate, first_try, hook, capsys):
    task, _ = deferred(gated, first_try)
    task.on_kill()
    task.on_kill()
    ended(task, first_try)
    assert hook.describe(first_try.xcom["tuning_job_name"]).status in STOPPED
    assert "could not be stopped" not in capsys.readouterr().out


async def test_killed_before_create(gated, first_try, hook):
    task = tune(gated)
    events = task.hook.conn.meta.events
    events.register("before-call.sagemaker.DescribeHyperParameterTuningJob", lambda **_: task.on_kill())
    with pytest.raises(TuningJobStoppedError, match="killed before it created"):
        await run(task, first_try)
    assert not jobs_of(hook, first_try)


# -- in the triggerer --------------------------------------------------------------------------------------


async def test_on_kill_of_the_trigger_survives_being_cancelled(
    untagged_service, gated, gate, first_try, hook, monkeypatch
):
    """Airflow cancels it after a second; this service takes two to stop a job."""
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", untagged_service.airflow_connection)
    _, waiting = deferred(gated, first_try)
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


@pytest.mark.parametrize(
    ("map_index", "state", "stops"),
    [
        (-1, "failed", True),
        (-1, None, True),  # cleared
        (-1, "queued", True),
        (-1, "deferred", False),  # another triggerer has taken it over: this one's heartbeat was late
        (3, "deferred", False),
        (3, "failed", True),
        (-1, "running", False),  # cleared, and the next try has begun: it finds the job
        (-1, ConnectionError("no API server"), True),
    ],
)
async def test_on_kill_of_the_trigger_leaves_a_job_that_is_waited_for(
    map_index, state, stops, gated, gate, hook, monkeypatch
):
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    def states(**asked):
        if isinstance(state, Exception):
            raise state
        assert asked["map_index"] == map_index
        name = "tune" if map_index < 0 else f"tune_{map_index}"  # as Airflow's API answers
        return {one.run_id: {name: state}}

    one = Try(map_index=map_index)
    _, waiting = deferred(gated, one)
    monkeypatch.setattr(RuntimeTaskInstance, "get_task_states", staticmethod(states))
    monkeypatch.setattr(type(waiting.trigger), "task_instance", one)
    await waiting.trigger.on_kill()
    assert (hook.describe(one.xcom["tuning_job_name"]).status in STOPPED) is stops


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


async def test_the_next_try_of_a_dropped_trigger_goes_on_with_the_job(gated, gate, first_try, hook):
    """Marked as failed or cleared while deferred, before 3.3 nobody is told: the job goes on ..."""
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
