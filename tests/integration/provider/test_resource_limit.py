"""A task waits for SageMaker's quotas: on a service that allows one tuning job, with faults and kills."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from airflow.sdk.exceptions import AirflowTaskTimeout
from botocore.exceptions import ClientError

from airflow_hpt_provider.compat import TaskDeferred
from airflow_hpt_provider.demo.service import LocalService
from airflow_hpt_provider.exceptions import (
    TuningJobConfigError,
    TuningJobResourceLimitError,
    TuningTaskInterruptedError,
)
from airflow_hpt_provider.local.fault_injection.rules import CallFault, FaultKind
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.triggers.creation_turn import CreationTurnTrigger
from airflow_hpt_provider.waiting import creation_queue
from tests.integration.provider.conftest import (
    BUCKET,
    FAILING_JOBS,
    SCRIPT,
    TaskTry,
    fire,
    jobs_of,
    make,
    run,
    wait_for,
    with_static,
)
from tests.support.faulty_proxy import FaultyProxy
from tests.support.tuning_jobs import images_file

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
LIST = "ListHyperParameterTuningJobs"


@pytest.fixture(scope="module")
def small_service(tmp_path_factory):
    """It allows one tuning job in progress."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "faults.toml").write_text(FAILING_JOBS)
    options = ["--max-tuning-jobs", "1", "--faults", str(folder / "faults.toml")]
    with LocalService(
        folder / "data", images_file(folder, SCRIPT), [*options, "--readable", str(folder.parent)]
    ) as running:
        running.client("s3").create_bucket(Bucket=BUCKET)
        yield running


@pytest.fixture(autouse=True)
def small_connection(aws_connection, small_service, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", small_service.airflow_connection)


@pytest.fixture
def occupied(gated, gate, hook, small_connection):
    """A job that is in progress until the gate opens; its name."""
    for job in list(hook.list(status="InProgress")):  # an earlier test's
        wait_for(hook, job.name, "Completed")
    name = f"other-{time.time_ns()}"
    small = with_static(gated)
    small["HyperParameterTuningJobName"] = name
    hook.conn.create_hyper_parameter_tuning_job(**small)
    yield name
    gate.touch()
    wait_for(hook, name, "Completed", "Stopped")


def tune(config, **kwargs):
    return make(
        HyperParameterTuningJobOperator,
        **{"config": config, "deferrable": False, "poll_interval": 0.1, **kwargs},
    )


def deferred(task, one):
    with pytest.raises(TaskDeferred) as raised:
        task.execute(one.context(task))
    return raised.value


def through(proxy, monkeypatch, service):
    """Let the connection lead through a proxy."""
    connection = service.airflow_connection.replace(service.endpoint, f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection)


def place(service):
    address = urlsplit(service.endpoint)
    return address.hostname, address.port


def test_the_service_refuses_in_aws_s_words(occupied, config, hook):
    config["HyperParameterTuningJobName"] = "one-too-many"
    with pytest.raises(ClientError) as raised:
        hook.conn.create_hyper_parameter_tuning_job(**config)
    assert raised.value.response["Error"]["Code"] == "ResourceLimitExceeded"
    assert " is 1 " in str(raised.value)
    assert "current utilization of 1 " in str(raised.value)


@pytest.mark.parametrize("deferrable", [False, True])
async def test_a_task_waits_for_room_and_creates_its_job(
    deferrable, occupied, gate, config, hook, first_try, capsys
):
    task = tune(config, deferrable=deferrable)
    waiting = asyncio.create_task(asyncio.to_thread(lambda: asyncio.run(run(task, first_try))))
    said = ""
    while "limit 1, in use 1, needed 1); waiting for room until" not in said:
        assert not waiting.done()
        await asyncio.sleep(0.1)
        said += capsys.readouterr().out
    assert jobs_of(hook, first_try) == []
    gate.touch()
    value = await waiting
    assert value["status"] == "Completed"
    assert len(jobs_of(hook, first_try)) == 1


def test_the_task_fails_if_it_is_not_to_wait(occupied, config, hook, first_try):
    task = tune(config, on_resource_limit="fail")
    with pytest.raises(
        TuningJobResourceLimitError, match="Nothing was created. Set on_resource_limit='wait'"
    ):
        task.execute(first_try.context(task))
    assert jobs_of(hook, first_try) == []


@pytest.mark.parametrize("deferrable", [False, True])
async def test_the_wait_for_room_is_limited(deferrable, occupied, config, hook, first_try):
    task = tune(config, deferrable=deferrable, resource_limit_timeout=1)
    with pytest.raises(
        TuningJobResourceLimitError, match=r"no room within resource_limit_timeout \(0:00:01\)"
    ):
        await run(task, first_try)
    assert jobs_of(hook, first_try) == []


async def test_execution_timeout_counts_while_it_waits(occupied, config, hook, first_try):
    task = tune(config, deferrable=True, execution_timeout=timedelta(seconds=1))
    with pytest.raises(AirflowTaskTimeout, match="SageMaker's quotas did not allow"):
        await run(task, first_try)
    assert jobs_of(hook, first_try) == []


def test_a_triggerer_that_does_not_report_costs_the_wait_only(occupied, config, hook, first_try):
    task = tune(config, deferrable=True)
    deferred(task, first_try)
    again = tune(config, deferrable=True)
    with pytest.raises(TuningJobResourceLimitError):
        again.resume_execution("__fail__", {"error": "Trigger timeout"}, first_try.context(again))
    assert jobs_of(hook, first_try) == []


@pytest.mark.parametrize("state", ["failed", "running"])
def test_a_worker_that_is_killed_while_it_waits_creates_nothing(
    state, occupied, config, hook, first_try, airflow_says
):
    airflow_says(first_try, state)
    task = tune(config)
    threading.Timer(1.0, task.on_kill).start()
    with pytest.raises(TuningTaskInterruptedError, match="creates none|has ended the task"):
        task.execute(first_try.context(task))
    assert jobs_of(hook, first_try) == []
    assert hook.describe(occupied).status == "InProgress"


async def test_a_trigger_that_is_cancelled_leaves_the_queue_and_nothing_else(
    occupied, gate, config, hook, first_try, monkeypatch
):
    """As when the task is marked or cleared, or the triggerer stops. Another triggerer then runs the trigger again."""
    task = tune(config, deferrable=True)
    waiting = deferred(task, first_try)
    assert isinstance(waiting.trigger, CreationTurnTrigger)
    monkeypatch.setattr(creation_queue, "CHECK_SECONDS", 60)
    for _ in range(2):
        ended = asyncio.create_task(fire(waiting.trigger))
        await asyncio.sleep(0.5)
        assert len(creation_queue._queues[asyncio.get_running_loop()]) == 1
        ended.cancel()
        await asyncio.gather(ended, return_exceptions=True)
        assert not creation_queue._queues[asyncio.get_running_loop()]
    assert jobs_of(hook, first_try) == []
    gate.touch()
    wait_for(hook, occupied, "Completed")
    again = tune(config, deferrable=True)
    with pytest.raises(TaskDeferred):
        again.create_in_turn(
            first_try.context(again), {"status": "turn"}, **json.loads(json.dumps(waiting.kwargs))
        )
    assert len(jobs_of(hook, first_try)) == 1


def test_a_try_that_comes_too_late_rejoins_the_job_of_another(occupied, gate, config, hook, first_try):
    """Two processes of the task come to its turn: there is one job."""
    waiting = deferred(tune(config, deferrable=True), first_try)
    gate.touch()
    wait_for(hook, occupied, "Completed")
    deferred(tune(config, deferrable=True), first_try)
    late = tune(config)
    value = late.create_in_turn(first_try.context(late), {"status": "turn"}, **waiting.kwargs)
    assert [value["tuning_job_name"]] == jobs_of(hook, first_try)


def test_neither_config_nor_secrets_are_stored_in_the_trigger(occupied, config, first_try):
    waiting = deferred(tune(with_static(config, password="p4ss"), deferrable=True), first_try)
    stored = json.dumps([waiting.trigger.serialize(), waiting.kwargs])
    assert "p4ss" not in stored
    assert len(stored) < 500


@pytest.mark.parametrize("deferrable", [False, True])
async def test_an_attempt_follows_a_lack_of_capacity_after_a_wait(
    deferrable, config, hook, first_try, capsys
):
    config["HyperParameterTuningJobName"] = name = f"twice-{time.time_ns() % 1_000_000:06}"
    value = await run(tune(config, deferrable=deferrable, retry_strategy=2), first_try)
    assert [each["tuning_job_name"] for each in value["attempts"]] == [name, f"{name}-2", f"{name}-3"]
    log = capsys.readouterr().out
    assert f"no capacity for tuning job {name}-2; waiting" in log
    assert f"no capacity for tuning job {name};" not in log


async def test_a_hundred_waiting_tasks_make_one_call_per_check(small_service, occupied, monkeypatch):
    with FaultyProxy(place(small_service)) as proxy:
        through(proxy, monkeypatch, small_service)
        waits = [asyncio.create_task(fire(CreationTurnTrigger())) for _ in range(100)]
        for _ in range(200):
            await asyncio.sleep(0.05)
            if sum(each.done() for each in waits) >= 2:
                break
        calls = Counter(call.name for call in proxy.calls)
        released = sum(each.done() for each in waits)
        assert set(calls) == {LIST}
        # The first list and five more for each task that is released to try.
        assert released == 2
        assert calls[LIST] <= 2 * creation_queue.CHECKS_PER_TRY + 3
        for each in waits:
            each.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


async def test_a_job_that_ends_releases_one_task(occupied, gate, hook, monkeypatch):
    monkeypatch.setattr(creation_queue, "CHECKS_PER_TRY", 10_000)
    waits = [asyncio.create_task(fire(CreationTurnTrigger())) for _ in range(3)]
    await asyncio.sleep(2)
    assert not any(each.done() for each in waits)
    gate.touch()
    wait_for(hook, occupied, "Completed")
    event = await waits[0]
    assert event == {"status": "turn", "message": "0 tuning jobs are in progress, 1 fewer than before"}
    await asyncio.sleep(1)
    assert [each.done() for each in waits] == [True, False, False]
    for each in waits:
        each.cancel()
    await asyncio.gather(*waits, return_exceptions=True)


async def test_room_that_came_while_no_triggerer_ran_is_tried_right_away(occupied, monkeypatch):
    """A restarted triggerer cannot know what has ended: one task tries, the others wait for their turn."""
    monkeypatch.setattr(creation_queue, "CHECK_SECONDS", 60)
    for age, tries in ((3600, [True, False]), (0, [False, False])):  # the next list comes after 60 s
        refused_at = (datetime.now(UTC) - timedelta(seconds=age)).isoformat()
        waits = [asyncio.create_task(fire(CreationTurnTrigger(refused_at=refused_at))) for _ in range(2)]
        await asyncio.wait(waits, timeout=30 if any(tries) else 2, return_when=asyncio.FIRST_COMPLETED)
        assert [each.done() for each in waits] == tries
        for each in waits:
            each.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


async def test_a_task_that_is_not_refused_again_lets_the_next_one_try(occupied, monkeypatch):
    """After a first try by turn, each list releases another task, until one joins that was refused again."""
    monkeypatch.setattr(creation_queue, "CHECK_SECONDS", 0.5)
    monkeypatch.setattr(creation_queue, "CHECKS_PER_TRY", 2)
    waits = [asyncio.create_task(fire(CreationTurnTrigger())) for _ in range(8)]
    await asyncio.wait(waits[1:2])  # the first two have had their turn, in two lists
    waits.append(asyncio.create_task(fire(CreationTurnTrigger())))
    await asyncio.sleep(0.8)
    assert [each.done() for each in waits] == [True, True] + [False] * 7
    for each in waits:
        each.cancel()
    await asyncio.gather(*waits, return_exceptions=True)


async def test_a_denied_list_says_nothing_so_tasks_are_released_to_try(
    small_service, monkeypatch, caplog_info
):
    denied = FaultyProxy(place(small_service), [CallFault(operation=LIST, kind=FaultKind.ACCESS_DENIED)])
    with denied as proxy:
        through(proxy, monkeypatch, small_service)
        async with asyncio.timeout(30):
            event = await fire(CreationTurnTrigger())
        assert event == {"status": "turn", "message": "its turn to try has come"}
        assert len(proxy.calls) > creation_queue.CHECKS_PER_TRY
    assert caplog_info.text.count("Cannot count the tuning jobs in progress") == 1


async def test_the_trigger_ends_at_its_deadline():
    event = await fire(CreationTurnTrigger((datetime.now(UTC) + timedelta(seconds=0.3)).isoformat()))
    assert event["status"] == "timeout"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"on_resource_limit": "retry"}, "on_resource_limit must be 'wait' or 'fail', got 'retry'"),
        ({"resource_limit_timeout": 0}, "resource_limit_timeout must be a duration of more than 0 seconds"),
    ],
)
def test_wrong_arguments_are_found_when_the_dag_is_parsed(arguments, error, config):
    with pytest.raises((ValueError, TuningJobConfigError), match=error):
        tune(config, **arguments)


async def test_the_metrics_of_the_queue(statsd, occupied, gate, config):
    tries = [TaskTry(), TaskTry()]
    queued = [
        asyncio.create_task(fire(deferred(tune(config, deferrable=True), one).trigger)) for one in tries
    ]
    assert len(statsd.wait_for("hpt.create_refusals", 2)) == 2
    gauge = await asyncio.to_thread(statsd.wait_for_value, "hpt.create_queue", 2)
    assert (gauge.kind, gauge.tags) == ("g", {"hostname": socket.gethostname()})
    gate.touch()
    await asyncio.gather(*queued)
    statsd.wait_for_last("hpt.create_queue", 0)
