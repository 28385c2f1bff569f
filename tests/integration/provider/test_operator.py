"""HyperParameterTuningJobOperator against the local service, over HTTP."""

from __future__ import annotations

import json
import threading
import time
import uuid
from datetime import timedelta
from importlib.util import find_spec

import pytest
from botocore.exceptions import ClientError

from airflow_hpt_provider.compat import TaskDeferralError, TaskDeferred
from airflow_hpt_provider.creation.ownership import DELIVERED_TAG
from airflow_hpt_provider.exceptions import (
    TuningJobConfigError,
    TuningJobFailedError,
    TuningJobNameConflictError,
    TuningJobPermanentFailureError,
    TuningJobTimeoutError,
)
from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
from airflow_hpt_provider.models import TuningResult
from airflow_hpt_provider.operators.tuning import (
    HyperParameterTuningJobOperator,
    StopHyperParameterTuningJobOperator,
)
from tests.integration.provider.conftest import make, run, with_static

pytestmark = pytest.mark.integration


def tune(config, **kwargs):
    return make(
        HyperParameterTuningJobOperator,
        **{"config": config, "deferrable": False, "poll_interval": 0.2, **kwargs},
    )


async def fire(deferred):
    """What the triggerer does with a deferred task: run the trigger to its first event."""
    async for event in deferred.trigger.run():
        return event.payload
    return None


async def test_sync_leaves_the_result_in_xcom_as_json(config, first_try, hook):
    task = tune(config, top_k=2)
    value = task.execute(first_try.context(task))

    assert json.loads(json.dumps(value)) == value
    result = TuningResult.from_xcom(value)
    assert result.succeeded
    assert result.final_metric == first_try.xcom["final_metric"]
    assert isinstance(first_try.xcom["final_metric"], float)
    best = first_try.xcom["best_training_job"]
    assert best["ModelArtifacts"]["S3ModelArtifacts"].startswith("s3://tuning-tests/models/")
    assert best["TrainingImage"].endswith("quick:1")
    assert set(best["TunedHyperParameters"]) == {"x"}
    assert best["CreationTime"].endswith("+00:00")
    assert [job.final_metric for job in result.top_training_jobs] == sorted(
        job.final_metric for job in result.top_training_jobs
    )
    assert result.top_training_jobs[0].training_job_name == best["TrainingJobName"]
    assert "ResponseMetadata" not in json.dumps(value)
    assert "datetime" not in json.dumps(value)
    assert first_try.xcom["tuning_job_arn"].endswith(f"/{first_try.xcom['tuning_job_name']}")
    assert (
        first_try.xcom["_link_TuningPageLink"]
        == f"/dags/dag/runs/{first_try.run_id}/tasks/tune/plugin/tuning"
    )
    assert "_link_TuningJobLink" not in first_try.xcom, "the console does not know a local job"
    assert first_try.xcom["tuning_connection"] == {"aws_conn_id": "aws_default", "region_name": None}
    assert hook.describe(first_try.xcom["tuning_job_name"]).training_job_status_counters.completed == 4


async def test_deferrable_goes_the_same_way_through_the_trigger(config, gated, gate, first_try):
    task = tune(gated, deferrable=True)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(first_try.context(task))
    assert first_try.xcom["tuning_job_name"], "the name is known while the job runs"
    gate.touch()
    event = await fire(deferred.value)
    assert event["status"] == "completed"
    assert event["tuning_job_arn"] == first_try.xcom["tuning_job_arn"]
    assert json.loads(json.dumps(event)) == event

    pushed = []
    first_try.on_push = lambda key, _: pushed.append(key)
    worker = tune(gated, deferrable=True)  # another process in real life
    value = worker.execute_complete(first_try.context(worker), event=event, **deferred.value.kwargs)
    assert TuningResult.from_xcom(value).succeeded
    assert pushed == ["best_training_job", "final_metric"], (
        "Airflow has kept the others, and each push is a call"
    )
    page = first_try.xcom["_link_TuningPageLink"]
    links = [link.get_link(worker, ti_key=None) for link in worker.operator_extra_links]
    assert links == [page, "", "", ""], "Airflow pushes these at the end of the leg"
    assert first_try.xcom["final_metric"] == value["final_metric"]


@pytest.mark.parametrize("deferrable", [False, True])
def test_fire_and_forget_returns_immediately_in_every_mode(
    gated, gate, first_try, hook, deferrable, airflow_says
):
    airflow_says(first_try, "success")
    task = tune(gated, deferrable=deferrable, wait_for_completion=False)
    value = task.execute(first_try.context(task))
    assert value["status"] == "InProgress"
    task.on_kill()  # the task is over; its process being ended must not stop the job
    assert hook.describe(value["tuning_job_name"]).status == "InProgress"


def test_templated_numbers_and_casts(config, first_try):
    config["HyperParameterTuningJobConfig"]["ResourceLimits"] = {
        "MaxNumberOfTrainingJobs": "2",
        "MaxParallelTrainingJobs": "1",
    }
    config["TrainingJobDefinition"]["StoppingCondition"]["MaxRuntimeInSeconds"] = "60"
    task = tune(config, poll_interval="0.2", timeout="600", wait_for_completion="true")
    assert task.execute(first_try.context(task))["training_job_status_counters"]["Completed"] == 2


def test_every_problem_of_a_config_is_reported_before_anything_is_created(config, first_try, hook):
    config["HyperParameterTuningJobConfig"]["Stratgy"] = "Random"
    config["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxParallelTrainingJobs"] = 99
    config["TrainingJobDefinition"]["StaticHyperParameters"]["x"] = "1"
    before = {summary.name for summary in hook.list()}
    task = tune(config)
    with pytest.raises(TuningJobConfigError) as raised:
        task.execute(first_try.context(task))
    text = str(raised.value)
    assert "did you mean 'Strategy'?" in text
    assert "MaxParallelTrainingJobs" in text
    assert "x" in text
    assert "nothing was created" in text
    assert {summary.name for summary in hook.list()} == before


# -- one job per task, however often it is tried -----------------------------------------------------------


def test_a_retry_rejoins_the_running_job(gated, gate, first_try, hook):
    task = tune(gated, deferrable=True)
    with pytest.raises(TaskDeferred):
        task.execute(first_try.context(task))
    second = first_try.retry()
    with pytest.raises(TaskDeferred):
        task.execute(second.context(task))
    assert second.xcom["tuning_job_name"] == first_try.xcom["tuning_job_name"]


def test_a_retry_takes_a_finished_result_instead_of_paying_twice(config, first_try, hook):
    task = tune(config, wait_for_completion=False)
    name = task.execute(first_try.context(task))["tuning_job_name"]
    waiting = tune(config)
    first = waiting.execute(first_try.retry().context(waiting))
    again = waiting.execute(first_try.retry().retry().context(waiting))
    assert first["tuning_job_name"] == again["tuning_job_name"] == name


@pytest.mark.parametrize("store", [{}, None], ids=["remembered", "unknown"])
def test_the_next_try_outlasts_a_rotation(gated, gate, first_try, service, monkeypatch, store):
    """A try that knows of a job of its task knows that the connection has worked; any other reports the refusal."""
    first_try.store = store
    task = tune(gated, deferrable=True)
    with pytest.raises(TaskDeferred):
        task.execute(first_try.context(task))
    gate.touch()
    calls, call_once = [], HyperParameterTuningHook.call_once

    def rotated_after_two_calls(self, operation, **parameters):
        calls.append(operation)
        if len(calls) == 3:
            monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", service.airflow_connection)
        return call_once(self, operation, **parameters)

    monkeypatch.setattr(HyperParameterTuningHook, "call_once", rotated_after_two_calls)
    old = json.loads(service.airflow_connection) | {"password": "not-the-secret"}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(old))
    second, again = tune(gated), first_try.retry()
    if store is None:
        with pytest.raises(ClientError, match="InvalidSignatureException"):
            second.execute(again.context(second))
        assert len(calls) == 1
    else:
        assert second.execute(again.context(second))["status"] == "Completed"
        assert len(calls) >= 3


def test_clearing_a_delivered_task_makes_a_new_job_under_the_next_name(config, first_try, hook):
    task = tune(config)
    first = task.execute(first_try.context(task))
    assert hook.tags(first["tuning_job_arn"])[DELIVERED_TAG] == "0"
    second = task.execute(first_try.cleared().context(task))
    assert second["tuning_job_name"] == first["tuning_job_name"] + "-2"


def test_a_failed_job_is_tried_again_under_the_next_name(failing, config, first_try):
    task = tune(failing)
    with pytest.raises(TuningJobPermanentFailureError):
        task.execute(first_try.context(task))
    second = first_try.cleared()
    with pytest.raises(TuningJobPermanentFailureError):
        task.execute(second.context(task))
    assert second.xcom["tuning_job_name"] == first_try.xcom["tuning_job_name"] + "-2"


def test_tries_that_race_create_one_job(gated, gate, first_try, hook):
    names, tasks = [], [tune(gated, wait_for_completion=False) for _ in range(4)]
    tries = [first_try, *(first_try.retry() for _ in range(3))]

    def run(task, one_try):
        names.append(task.execute(one_try.context(task))["tuning_job_name"])

    threads = [threading.Thread(target=run, args=pair) for pair in zip(tasks, tries, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names) == 4
    assert len(set(names)) == 1


def test_a_job_of_the_same_name_that_is_not_ours_is_never_adopted(config, gated, first_try, hook, gate):
    name = f"given-{first_try.run_id[-12:]}"
    hook.call("create_hyper_parameter_tuning_job", **gated, HyperParameterTuningJobName=name)
    named = {**config, "HyperParameterTuningJobName": name}
    task = tune(named)
    with pytest.raises(TuningJobNameConflictError, match="another task, or has no owner tag"):
        task.execute(first_try.context(task))
    task = tune(named, on_name_conflict="next", wait_for_completion=False)
    assert task.execute(first_try.context(task))["tuning_job_name"] == f"{name}-2"


def test_mapped_tasks_have_a_job_each(config, first_try):
    other = first_try.retry()
    other.map_index, other.try_number = 1, 1
    task = tune(config, wait_for_completion=False)
    names = {task.execute(one.context(task))["tuning_job_name"] for one in (first_try, other)}
    assert len(names) == 2


# -- how jobs end ------------------------------------------------------------------------------------------


def test_a_failed_job_says_why_in_few_lines(failing, first_try):
    task = tune(failing)
    with pytest.raises(TuningJobPermanentFailureError) as raised:
        task.execute(first_try.context(task))
    text = str(raised.value)
    assert "take a look at the training job failures" in text
    assert "the data has no label column" in text
    assert "training jobs failed with" in text
    assert len(text.splitlines()) <= 15


async def test_a_failed_job_keeps_its_links(failing, first_try):
    task = tune(failing, deferrable=True)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(first_try.context(task))
    event = await fire(deferred.value)
    worker = tune(failing, deferrable=True)  # another process in real life
    with pytest.raises(TuningJobPermanentFailureError):
        worker.execute_complete(first_try.context(worker), event=event, **deferred.value.kwargs)
    links = [link.get_link(worker, ti_key=None) for link in worker.operator_extra_links]
    assert links == [first_try.xcom["_link_TuningPageLink"], "", "", ""]


def test_airflows_own_deferral_timeout_is_the_safety_net(gated, gate, first_try, hook):
    task = tune(gated, deferrable=True, timeout=timedelta(seconds=0.5))
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(first_try.context(task))
    assert deferred.value.timeout > timedelta(seconds=0.5)
    time.sleep(0.6)  # the job's time is over now
    with pytest.raises(TuningJobTimeoutError):
        task.resume_execution("__fail__", {"error": "Trigger timeout"}, first_try.context(task))
    assert hook.describe(first_try.xcom["tuning_job_name"]).status in {"Stopping", "Stopped"}


def test_a_trigger_that_failed_leaves_the_job_to_the_next_try_and_stops_it_after_the_last(
    gated, gate, first_try, hook
):
    task = tune(gated, deferrable=True)
    first_try.max_tries = 1
    with pytest.raises(TaskDeferred):
        task.execute(first_try.context(task))
    with pytest.raises(TaskDeferralError):
        task.resume_execution("__fail__", {"error": "boom"}, first_try.context(task))
    name = first_try.xcom["tuning_job_name"]
    assert hook.describe(name).status == "InProgress"

    last = first_try.retry()
    with pytest.raises(TaskDeferred):
        task.execute(last.context(task))
    with pytest.raises(TaskDeferralError):
        task.resume_execution("__fail__", {"error": "boom"}, last.context(task))
    assert hook.describe(name).status in {"Stopping", "Stopped"}


@pytest.mark.parametrize("stop_on_kill", [True, False])
def test_on_kill_on_the_worker(gated, gate, first_try, hook, stop_on_kill, airflow_says):
    airflow_says(first_try, "failed")
    task = tune(gated, deferrable=True, stop_on_kill=stop_on_kill)
    with pytest.raises(TaskDeferred):
        task.execute(first_try.context(task))
    task.on_kill()
    status = hook.describe(first_try.xcom["tuning_job_name"]).status
    assert (status in {"Stopping", "Stopped"}) is stop_on_kill


async def test_on_kill_in_the_triggerer_stops_only_the_tasks_own_job(
    gated, gate, first_try, hook, airflow_says, monkeypatch
):
    for stop_on_kill in (False, True):
        one = first_try.retry()
        one.run_id += str(stop_on_kill)
        airflow_says(one, "failed")
        task = tune(gated, deferrable=True, stop_on_kill=stop_on_kill)
        with pytest.raises(TaskDeferred) as deferred:
            task.execute(one.context(task))
        monkeypatch.setattr(type(deferred.value.trigger), "task_instance", one)
        await deferred.value.trigger.on_kill()
        status = hook.describe(one.xcom["tuning_job_name"]).status
        assert (status in {"Stopping", "Stopped"}) is stop_on_kill


def test_stop_operator(gated, gate, first_try, hook):
    task = tune(gated, wait_for_completion=False)
    name = task.execute(first_try.context(task))["tuning_job_name"]
    result = task.execute(first_try.context(task))
    stop = make(
        StopHyperParameterTuningJobOperator, task_id="stop", tuning_job_name=result, poll_interval=0.1
    )
    assert stop.execute(first_try.context(stop)) == "Stopped"
    stop.tuning_job_name = name
    assert stop.execute(first_try.context(stop)) == "Stopped", "a job that has ended is left alone"


def test_access_denied_is_reported_as_it_is(config, first_try, monkeypatch, service):
    wrong = json.loads(service.airflow_connection)
    wrong["password"] = "not-the-secret"
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(wrong))
    task = tune(config)
    with pytest.raises(ClientError, match="InvalidSignatureException"):
        task.execute(first_try.context(task))


def test_on_kill_stops_the_job_even_if_the_signal_came_while_the_client_was_being_made(
    gated, gate, first_try, hook, airflow_says
):
    """As Airflow calls it: in the middle of the task's own thread, which holds a lock there."""
    airflow_says(first_try, "failed")
    task = tune(gated, deferrable=True)
    with pytest.raises(TaskDeferred):
        task.execute(first_try.context(task))
    name = first_try.xcom["tuning_job_name"]
    with task.hook._client_lock:
        started = time.monotonic()
        task.on_kill()
        assert time.monotonic() - started < 30, "the handler returns, so that the lock is let go"
        assert hook.describe(name).status == "InProgress"
    deadline = time.monotonic() + 60
    while hook.describe(name).status not in {"Stopping", "Stopped"}:
        assert time.monotonic() < deadline
        time.sleep(0.1)


async def test_no_secret_of_the_job_lands_in_xcom_lineage_or_error(config, first_try):
    secret = uuid.uuid4().hex
    config = with_static(config, api_key=secret)
    config["TrainingJobDefinition"]["Environment"] = {"DB_PASSWORD": secret}
    task = make(HyperParameterTuningJobOperator, config=config, deferrable=False, poll_interval=0.1, top_k=4)
    value = await run(task, first_try)
    assert secret not in json.dumps([value, first_try.xcom], default=str)
    if find_spec("airflow.providers.openlineage"):  # not in every cell of the matrix
        assert secret not in repr(task.get_openlineage_facets_on_complete(None))
    other = first_try.retry()
    other.task_id = "failing"
    task = make(
        HyperParameterTuningJobOperator,
        config=with_static(config, fail="always"),
        deferrable=False,
        poll_interval=0.1,
    )
    with pytest.raises(TuningJobFailedError) as raised:
        await run(task, other)
    assert secret not in str(raised.value)
