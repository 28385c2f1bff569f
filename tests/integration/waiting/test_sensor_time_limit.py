"""The sensor's ``timeout`` holds whatever the wire does, in each of its modes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from airflow_hpt_provider.compat import AirflowSensorTimeout, TaskDeferred
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
from airflow_hpt_provider.waiting import blocking_poller
from tests.integration.provider.conftest import TaskTry
from tests.integration.waiting.conftest import end, jobs
from tests.integration.waiting.test_time_limits import dripping  # noqa: F401 - a fixture

pytestmark = [pytest.mark.integration, pytest.mark.timeout(50)]
"""Below the 60 s that a response may take."""


class Instance(TaskTry):
    """One try of a sensor that is rescheduled."""

    first_poke: datetime | None = None

    def get_first_reschedule_date(self, context):
        return self.first_poke


@pytest.fixture(autouse=True)
def soon(monkeypatch) -> None:
    monkeypatch.setattr(blocking_poller, "LAST_POLL_SECONDS", 0.5)


def sensor(aws_conn_id: str, **arguments):
    arguments = {"timeout": 1.0, "poke_interval": 0.1, "deferrable": False, **arguments}
    name = arguments.pop("tuning_job_name", "any")
    return HyperParameterTuningJobSensor(
        task_id="wait", tuning_job_name=name, aws_conn_id=aws_conn_id, **arguments
    )


def execute(task, instance=None):
    return task.execute({"ti": instance or Instance(), "task": task})


@pytest.mark.parametrize("mode", ["poke", "reschedule"])
def test_a_response_that_drips_does_not_move_the_timeout(dripping, mode):  # noqa: F811
    before = datetime.now(UTC) - timedelta(seconds=5)
    instance = Instance()
    instance.first_poke = before
    with pytest.raises(AirflowSensorTimeout):
        execute(sensor("dripping", mode=mode), instance)


def test_nor_does_it_hold_up_the_deferral(dripping):  # noqa: F811
    with pytest.raises(TaskDeferred) as deferred:
        execute(sensor("dripping", deferrable=True))
    assert deferred.value.timeout == timedelta(), "the time that the poll took counts"


def test_nor_does_measuring(endpoint, script, monkeypatch):
    (job,) = jobs(1)
    script.add([job])
    task, released = sensor("scripted", tuning_job_name=job.name), threading.Event()
    monkeypatch.setattr(task, "_on_poll", lambda description: released.wait())
    with pytest.raises(AirflowSensorTimeout):
        execute(task)
    released.set()


def test_a_job_that_has_ended_is_delivered_by_the_last_poll(endpoint, script, monkeypatch):
    some = jobs(1)
    script.add(some)
    end(some)
    task = sensor("scripted", tuning_job_name=some[0].name, timeout=0.0)
    monkeypatch.setattr(task, "_finish", lambda context, description: description.status)
    assert execute(task) == "Completed"
