"""The worker that resumes a deferred task tolerates as much as the wait does: no try is to be lost."""

from __future__ import annotations

import json

import pytest

from airflow_hpt_provider.compat import TaskDeferred
from airflow_hpt_provider.exceptions import TuningServiceUnreachableError
from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
from airflow_hpt_provider.waiting import deferral_backoff
from tests.integration.provider.conftest import TaskTry, make, wait_for

pytestmark = pytest.mark.integration


def wrong_secret(connection):
    connection["password"] = "not-the-secret"


def wrong_endpoint(connection):
    connection["extra"]["endpoint_url"] = "http://127.0.0.1:1"
    connection["extra"]["config_kwargs"] = {"retries": {"max_attempts": 1, "mode": "standard"}}


@pytest.fixture(params=[wrong_secret, wrong_endpoint])
def unreachable(request, service):
    """A connection that does not lead to the service."""
    connection = json.loads(service.airflow_connection)
    request.param(connection)
    return json.dumps(connection)


def deferred(task, one):
    with pytest.raises(TaskDeferred) as raised:
        task.execute(one.context(task))
    return raised.value.kwargs


def tune(config, **kwargs):
    return make(HyperParameterTuningJobOperator, config=config, deferrable=True, poll_interval=0.1, **kwargs)


def sense(name, **kwargs):
    return make(
        HyperParameterTuningJobSensor, task_id="wait", tuning_job_name=name, deferrable=True, **kwargs
    )


@pytest.fixture
def away(unreachable, service, monkeypatch):
    """Airflow's connection is wrong, until the task has tried it twice."""
    tries, describe_once = [], HyperParameterTuningHook.describe_once

    def counting(self, name):
        tries.append(name)
        if len(tries) == 3:
            monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", service.airflow_connection)
            self.reset()  # an endpoint is read from the connection only when the client is built again
        return describe_once(self, name)

    monkeypatch.setattr(HyperParameterTuningHook, "describe_once", counting)
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", unreachable)
    return tries


@pytest.fixture
def completed(gated, gate, first_try, hook):
    """A task that was deferred, and whose job has completed in the meantime."""
    kwargs = deferred(tune(gated), first_try)
    gate.touch()
    wait_for(hook, kwargs["tuning_job_name"], "Completed")
    return kwargs


def test_the_operator_waits_for_the_service(completed, gated, first_try, away):
    task = tune(gated)
    result = task.execute_complete(first_try.context(task), event={"status": "completed"}, **completed)
    assert (result["tuning_job_name"], result["status"]) == (completed["tuning_job_name"], "Completed")
    assert len(away) >= 3


@pytest.mark.parametrize("started_on_a_worker", [True, False])
def test_the_sensor_waits_for_the_service(completed, gate, away, started_on_a_worker):
    one, name = TaskTry(task_id="wait"), completed["tuning_job_name"]
    kwargs = {"deadline": "2999-01-01T00:00:00+00:00"} if started_on_a_worker else {}
    task = sense(name)
    result = task.execute_complete(one.context(task), event={"status": "completed"}, **kwargs)
    assert (result["tuning_job_name"], result["status"]) == (name, "Completed")
    assert len(away) >= 3


def test_they_wait_no_longer_than_unreachable_timeout(completed, gated, first_try, unreachable, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", unreachable)
    first_try.max_tries = 3
    task, one = tune(gated, unreachable_timeout=0.5), TaskTry(task_id="wait")
    with pytest.raises(TuningServiceUnreachableError):
        task.execute_complete(first_try.context(task), event={"status": "completed"}, **completed)
    task = sense(completed["tuning_job_name"], unreachable_timeout=0.5)
    with pytest.raises(TuningServiceUnreachableError):
        task.execute_complete(one.context(task), event={"status": "completed"})


def test_they_back_off_when_the_triggerer_does_not_find_a_running_job(
    gated, gate, first_try, monkeypatch, capfd
):
    """Its connection leads elsewhere: each deferral would be answered within seconds, for as long as the job runs."""
    waited = []
    monkeypatch.setattr(deferral_backoff, "delay_after", lambda misses: waited.append(misses) or 0.0)
    kwargs, one = deferred(tune(gated), first_try), TaskTry(task_id="wait")
    name = kwargs["tuning_job_name"]
    sensed = {}
    for event in ({"status": "gone"}, {"status": "gone"}, {"status": "inprogress"}, {"status": "gone"}):
        kwargs = resumed(tune(gated), first_try, event, kwargs)
        sensed = resumed(sense(name), one, event, sensed)
        assert kwargs["misses"] == sensed["misses"]
    assert waited == [1, 1, 2, 2, 1, 1], "and none after an event that was right"
    assert "seems to lead to another account" in capfd.readouterr().out
    gate.touch()


def resumed(task, one, event, kwargs):
    with pytest.raises(TaskDeferred) as raised:
        task.execute_complete(one.context(task), event=event, **kwargs)
    return raised.value.kwargs
