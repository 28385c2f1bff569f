"""Each metric arrives at a StatsD server, sent through Airflow's own stats, from where the thing happens."""

from __future__ import annotations

import asyncio
import socket
import uuid
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from airflow.sdk.exceptions import AirflowRescheduleException

from airflow_hpt_provider import compat, metrics
from airflow_hpt_provider.exceptions import TuningJobBudgetExceededError, TuningJobNotFoundError
from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.local.fault_injection.rules import CallFault, FaultKind
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger
from tests.integration.provider.conftest import TaskTry, fire, make, run, wait_for
from tests.integration.provider.stopping import STOPPED, deferred, ended, left_running, tune
from tests.support.faulty_proxy import FaultyProxy

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
DESCRIBE = "DescribeHyperParameterTuningJob"


@pytest.fixture(autouse=True)
def measured_often(monkeypatch):
    monkeypatch.setattr("airflow_hpt_provider.waiting.billable_time.MEASURE_SECONDS", 0.1)
    monkeypatch.setattr("airflow_hpt_provider.triggers.budget.MEASURE_SECONDS", 0.1)


def wait_until_all_have_arrived(statsd):
    """On loopback, datagrams arrive in the order in which they are sent."""
    metrics.CREATE_QUEUE.send(99)
    statsd.wait_for_last("hpt.create_queue", 99)


def tags_of(sent):
    return [one.tags for one in sent]


async def test_a_wait_on_a_worker(statsd, config, first_try):
    await run(tune(config), first_try)
    assert tags_of(statsd.wait_for("hpt.waits")) == [{"where": "worker"}]
    (late,) = statsd.wait_for("hpt.lateness")
    assert (late.kind, late.tags) == ("ms", {"where": "worker"})
    assert 0 <= late.value < 60_000
    polls = statsd.wait_for("hpt.polls", 2)
    assert tags_of(polls) == [{"where": "worker"}] * len(polls)
    assert {one.kind for one in polls} == {"c"}
    assert len(statsd.wait_for("hpt.calls", operation="CreateHyperParameterTuningJob", outcome="ok")) == 1
    statsd.wait_for("hpt.calls", len(polls), operation=DESCRIBE, outcome="ok")
    statsd.wait_for("hpt.calls", operation=DESCRIBE, outcome="not_found")  # the name was free


async def test_waits_in_the_triggerer(statsd, gated, gate):
    tries = [TaskTry(), TaskTry()]
    tasks = [asyncio.create_task(fire(deferred(gated, one)[1].trigger)) for one in tries]
    gauge = await asyncio.to_thread(statsd.wait_for_last, "hpt.jobs_waited_for", 2)
    assert (gauge.kind, gauge.tags) == ("g", {"hostname": socket.gethostname()})
    await asyncio.to_thread(statsd.wait_for, "hpt.polls", 2, where="triggerer")
    gate.touch()
    events = await asyncio.gather(*tasks)
    assert [event["status"] for event in events] == ["completed"] * 2
    assert len(statsd.wait_for("hpt.lateness", 2, where="triggerer")) == 2
    assert len(statsd.wait_for("hpt.waits", 2, where="triggerer")) == 2
    statsd.wait_for_last("hpt.jobs_waited_for", 0)


async def test_the_lateness_of_a_job_that_had_ended_before_is_not_sent(statsd, config, hook, first_try):
    await run(tune(config), first_try)
    name = first_try.xcom["tuning_job_name"]
    statsd.wait_for("hpt.lateness")
    hook.wait(name)
    await fire(HyperParameterTuningJobTrigger(name))
    wait_until_all_have_arrived(statsd)
    assert len(statsd.of("hpt.waits", where="triggerer")) == 1
    assert tags_of(statsd.of("hpt.lateness")) == [{"where": "worker"}]


@pytest.mark.parametrize("mode", ["poke", "reschedule"])
def test_a_sensor_on_a_worker(statsd, gated, gate, first_try, mode):
    _, waiting = deferred(gated, first_try)
    name, began, reschedules = waiting.trigger.tuning_job_name, datetime.now(UTC), []
    sensor = make(
        HyperParameterTuningJobSensor,
        tuning_job_name=name,
        mode=mode,
        poke_interval=0.1,
        deferrable=False,
    )
    again = TaskTry()
    again.get_first_reschedule_date = lambda context: began if reschedules else None
    poke = sensor.poke

    def poke_and_open(context):
        done = poke(context)
        gate.touch()
        return done

    sensor.poke = poke_and_open
    while True:
        try:
            sensor.execute(again.context(sensor))
            break
        except AirflowRescheduleException:
            reschedules.append(name)
            sensor._announced = False  # another process
    wait_until_all_have_arrived(statsd)
    assert bool(reschedules) == (mode == "reschedule")
    assert tags_of(statsd.of("hpt.waits")) == [{"where": "worker"}]
    assert tags_of(statsd.of("hpt.lateness")) == [{"where": "worker"}]
    assert len(statsd.of("hpt.polls", where="worker")) > 1


def test_a_sensor_sends_no_lateness_of_a_job_that_had_ended_before(statsd, config, hook, first_try):
    _, waiting = deferred(config, first_try)
    name = waiting.trigger.tuning_job_name
    wait_for(hook, name, "Completed")
    sensor = make(HyperParameterTuningJobSensor, tuning_job_name=name, poke_interval=0.1, deferrable=False)
    sensor.execute(TaskTry().context(sensor))
    wait_until_all_have_arrived(statsd)
    assert tags_of(statsd.of("hpt.waits")) == [{"where": "worker"}]
    assert statsd.of("hpt.lateness") == []


def test_throttled_calls(statsd, service, hook, monkeypatch):
    address = urlsplit(service.endpoint)
    faults = [CallFault(operation="*", kind=FaultKind.THROTTLE, first=2)]
    with FaultyProxy((address.hostname, address.port), faults) as proxy:
        there = service.airflow_connection.replace(service.endpoint, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", there)
        with pytest.raises(TuningJobNotFoundError):
            hook.describe("missing")
    throttles = statsd.wait_for("hpt.throttles", 2)
    assert tags_of(throttles) == [{"operation": DESCRIBE}] * 2
    assert statsd.wait_for("hpt.calls", operation=DESCRIBE, outcome="not_found")


@pytest.mark.parametrize("deferrable", [False, True])
async def test_a_budget_that_is_exceeded(statsd, deferrable, gated, gate, first_try):
    with pytest.raises(TuningJobBudgetExceededError):
        await run(tune(gated, deferrable=deferrable, max_billable_seconds=0.2), first_try)
    wait_until_all_have_arrived(statsd)
    where = "triggerer" if deferrable else "worker"
    assert tags_of(statsd.of("hpt.budget_stops")) == [{"where": where}]
    assert statsd.of("hpt.orphaned_jobs_stopped") == []


def test_a_budget_that_a_sensor_finds_exceeded(statsd, gated, gate, first_try):
    _, waiting = deferred(gated, first_try)
    sensor = make(
        HyperParameterTuningJobSensor,
        tuning_job_name=waiting.trigger.tuning_job_name,
        max_billable_seconds=0.2,
        poke_interval=0.1,
        deferrable=False,
    )
    with pytest.raises(TuningJobBudgetExceededError):
        sensor.execute(first_try.context(sensor))
    wait_until_all_have_arrived(statsd)
    assert tags_of(statsd.of("hpt.budget_stops")) == [{"where": "worker"}]


def test_an_orphaned_job_that_a_task_stops_counts_once(
    statsd, gated, gate, first_try, hook, airflow_says, monkeypatch
):
    airflow_says(first_try, "failed")
    name, again = left_running(gated, first_try), first_try.retry()
    task = tune(gated)
    ended(task, again)
    assert hook.describe(name).status in STOPPED
    monkeypatch.setattr(task.hook, "stop", lambda name: True)  # the job is still Stopping
    task._stop_or_log(name)
    wait_until_all_have_arrived(statsd)
    assert tags_of(statsd.of("hpt.orphaned_jobs_stopped")) == [{"where": "task"}]


async def test_an_orphaned_job_that_the_triggerer_stops(
    statsd, gated, gate, first_try, hook, airflow_says, monkeypatch
):
    airflow_says(first_try, "failed")
    _, waiting = deferred(gated, first_try)
    monkeypatch.setattr(type(waiting.trigger), "task_instance", first_try)
    await waiting.trigger.on_kill()
    assert tags_of(statsd.wait_for("hpt.orphaned_jobs_stopped")) == [{"where": "triggerer"}]


def test_an_orphaned_job_that_the_api_server_stops(statsd, gated, gate, first_try, hook):
    from airflow_hpt_provider.ui import stop_orphaned_jobs
    from airflow_hpt_provider.ui.tasks import TaskKey

    deferred(gated, first_try)
    name = first_try.xcom["tuning_job_name"]
    wait_for(hook, name, "InProgress")
    task = TaskKey(first_try.dag_id, first_try.run_id, first_try.task_id, first_try.map_index)
    stop_orphaned_jobs._stop(stop_orphaned_jobs.DeferredTask(task), name, ConnectionSettings("aws_default"))
    assert hook.describe(name).status in STOPPED
    assert tags_of(statsd.wait_for("hpt.orphaned_jobs_stopped")) == [{"where": "api_server"}]


async def test_a_resubmission(statsd, config, first_try):
    config["HyperParameterTuningJobName"] = f"flaky-{uuid.uuid4().hex[:6]}"
    await run(tune(config, retry_strategy=2), first_try)
    (sent,) = statsd.wait_for("hpt.resubmissions")
    assert (sent.kind, sent.value, sent.tags) == ("c", 1.0, {})


async def test_what_a_process_without_metrics_does(config, first_try, monkeypatch):
    """It asks whether it sends metrics, and makes no more calls of Airflow's stats."""
    assert compat.stats() is None
    for name in compat.STATS_MODULES[:2]:
        for function in ("incr", "gauge", "timing"):
            monkeypatch.delattr(f"{name}.Stats.{function}")
    await run(tune(config), first_try)


def test_sending_never_raises(statsd):
    metrics.POLLS.send("not a number", where="worker")  # type: ignore[arg-type]
    statsd.close()
    metrics.POLLS.send(where="worker")
