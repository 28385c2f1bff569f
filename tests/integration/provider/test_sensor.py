"""HyperParameterTuningJobSensor in its three modes: the same outcomes and XComs."""

from __future__ import annotations

import asyncio

import pytest

from airflow_hpt_provider.compat import AirflowSensorTimeout, AirflowSkipException, TaskDeferred
from airflow_hpt_provider.exceptions import (
    TuningJobNotFoundError,
    TuningJobPermanentFailureError,
    TuningJobStoppedError,
)
from airflow_hpt_provider.models import TuningResult
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
from tests.integration.provider.conftest import TaskTry, make, wait_for

pytestmark = pytest.mark.integration

MODES = {
    "poke": {"mode": "poke", "deferrable": False},
    "reschedule": {"mode": "reschedule", "deferrable": False},
    "deferrable": {"deferrable": True},
}


@pytest.fixture(params=MODES)
def mode(request):
    return MODES[request.param]


@pytest.fixture
def start(first_try):
    """Start a job and return its name."""

    def start(config):
        task = make(
            HyperParameterTuningJobOperator,
            config=config,
            wait_for_completion=False,
            deferrable=False,
            task_id="start",
        )
        return task.execute(first_try.context(task))["tuning_job_name"]

    return start


async def sense(name, mode, **kwargs):
    """Run the sensor to its end in the given mode; its return value and XComs."""
    one = TaskTry(task_id="wait")
    arguments = {"poke_interval": 0.1, "timeout": 120, **mode, **kwargs}
    task = make(HyperParameterTuningJobSensor, tuning_job_name=name, task_id="wait", **arguments)
    if mode.get("mode") == "reschedule":
        while not (done := task.poke(one.context(task))):
            pass
        return done.xcom_value, one.xcom
    try:
        return task.execute(one.context(task)), one.xcom
    except TaskDeferred as deferred:
        assert mode["deferrable"]
        async for event in deferred.trigger.run():
            value = task.execute_complete(one.context(task), event=event.payload, **deferred.kwargs)
    return value, one.xcom


async def test_the_result_is_the_same_in_every_mode(config, start, mode):
    name = start(config)
    value, xcom = await sense(name, mode)
    result = TuningResult.from_xcom(value)
    assert result.succeeded
    assert result.tuning_job_name == xcom["tuning_job_name"] == name
    assert xcom["final_metric"] == result.final_metric
    assert xcom["best_training_job"]["ModelArtifacts"]["S3ModelArtifacts"]


async def test_one_job_has_one_result_for_every_way_to_wait(config):
    """The operator on a worker, and the sensor in each mode. tests/system compares what ends in the triggerer."""
    one = TaskTry()
    task = make(HyperParameterTuningJobOperator, config=config, deferrable=False, poll_interval=0.1)
    expected = await asyncio.to_thread(task.execute, one.context(task))
    for how, mode in MODES.items():
        value, xcom = await sense(expected["tuning_job_name"], mode)
        assert value == expected, how
        own_page = {"_link_TuningPageLink": xcom["_link_TuningPageLink"]}
        assert xcom == one.xcom | own_page, how


async def test_failed_and_stopped_are_failures_in_every_mode(failing, gated, gate, start, mode, hook):
    with pytest.raises(TuningJobPermanentFailureError, match="the data has no label column"):
        await sense(start(failing), mode)


async def test_stopped_follows_the_policy_in_every_mode(gated, start, mode, hook):
    name = start(gated)
    hook.stop(name)
    for policy, error in (("fail", TuningJobStoppedError), ("skip", AirflowSkipException)):
        with pytest.raises(error):
            await sense(name, mode, on_stopped=policy)


@pytest.mark.parametrize("argument", ["soft_fail", "never_fail"])
@pytest.mark.parametrize("status", ["Failed", "Stopped"])
@pytest.mark.parametrize("mode", ["poke", "deferrable"])
def test_a_job_that_has_ended_badly_is_skipped(failing, gated, start, mode, hook, argument, status):
    name = start(failing if status == "Failed" else gated)
    if status == "Stopped":
        hook.stop(name)
    wait_for(hook, name, status)
    one = TaskTry(task_id="wait")
    arguments = {"tuning_job_name": name, "task_id": "wait", **MODES[mode], argument: True}
    task = make(HyperParameterTuningJobSensor, **arguments)
    with pytest.raises(AirflowSkipException):
        task.execute(one.context(task))


async def test_a_missing_job_is_reported(mode):
    with pytest.raises(TuningJobNotFoundError):
        await sense("no-such-job", mode)


async def test_poking_continues_while_the_service_is_unreachable(config, start, monkeypatch):
    import json
    import os

    name = start(config)
    connection = json.loads(os.environ["AIRFLOW_CONN_AWS_DEFAULT"])
    connection["extra"]["endpoint_url"] = "http://127.0.0.1:1"
    connection["extra"]["config_kwargs"] = {"retries": {"max_attempts": 1, "mode": "standard"}}
    monkeypatch.setenv("AIRFLOW_CONN_NOWHERE", json.dumps(connection))
    with pytest.raises(AirflowSensorTimeout):
        await sense(name, MODES["poke"], aws_conn_id="nowhere", timeout=1)


async def test_the_sensor_never_stops_a_job(gated, start, hook, gate, airflow_says, monkeypatch):
    name, one = start(gated), TaskTry(task_id="wait")
    airflow_says(one, "failed")
    task = make(HyperParameterTuningJobSensor, tuning_job_name=name, task_id="wait", deferrable=True)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(one.context(task))
    monkeypatch.setattr(type(deferred.value.trigger), "task_instance", one)
    task.on_kill()
    await deferred.value.trigger.on_kill()
    assert hook.describe(name).status == "InProgress"


async def test_many_triggers_share_one_poll_of_the_real_service(gated, gate, config):
    from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger

    gated["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxParallelTrainingJobs"] = 1
    names = [
        make(
            HyperParameterTuningJobOperator, config=one, wait_for_completion=False, deferrable=False
        ).execute(TaskTry().context(None))["tuning_job_name"]
        for one in (gated, config, config)
    ]

    async def fire(name):
        return [
            event.payload async for event in HyperParameterTuningJobTrigger(name, poll_interval=0.2).run()
        ]

    tasks = [asyncio.create_task(fire(name)) for name in names for _ in range(20)]
    async with asyncio.timeout(120):
        assert all(e[0]["status"] == "completed" for e in await asyncio.gather(*tasks[20:]))
        assert not any(task.done() for task in tasks[:20])
        gate.touch()
        events = await asyncio.gather(*tasks[:20])
    assert {(len(e), e[0]["status"], e[0]["tuning_job_name"]) for e in events} == {(1, "completed", names[0])}
