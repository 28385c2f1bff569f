"""Well-formed lies that would stop or settle a job: no single response of that kind does either."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque

import pytest

from airflow_hpt_provider.exceptions import TuningError, TuningJobBudgetExceededError
from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.triggers.task_completion import TaskCompletion
from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger
from airflow_hpt_provider.waiting import shared_poller
from airflow_hpt_provider.waiting.budget import BudgetLimits
from airflow_hpt_provider.waiting.on_poll import PollCallback
from airflow_hpt_provider.waiting.outcome import Outcome
from tests.support.lying_endpoint import Lie, LyingEndpoint, changed
from tests.support.scripted_sagemaker import ScriptedJob, ScriptedSageMaker

pytestmark = [pytest.mark.integration, pytest.mark.timeout(60)]

NAME = "honest-job"
LIMIT = 3
FAILED = {"TrainingJobStatusCounters": {"Completed": 2, "InProgress": 2, "NonRetryableError": 9}}
TOO_MANY_FAILED = Lie(body=changed(FAILED))
COMPLETED = {"HyperParameterTuningJobStatus": "Completed"}
ENDS = {
    "without a best training job": Lie(
        body=changed(
            COMPLETED | {"HyperParameterTuningEndTime": time.time(), "TrainingJobStatusCounters": {}},
            without=("BestTrainingJob",),
        )
    ),
    "while training jobs run": Lie(body=changed(COMPLETED | {"HyperParameterTuningEndTime": time.time()})),
    "without an end": Lie(body=changed(COMPLETED | {"TrainingJobStatusCounters": {}})),
    "stopped while training jobs run": Lie(body=changed({"HyperParameterTuningJobStatus": "Stopped"})),
    "failed while training jobs run": Lie(body=changed({"HyperParameterTuningJobStatus": "Failed"})),
}


@pytest.fixture
def job():
    """Half of its training jobs have ended, and two are running."""
    now = time.time()
    return ScriptedJob(NAME, created=now - 3600, ends=now + 3600)


@pytest.fixture
def liar(job, monkeypatch):
    monkeypatch.setenv("AIRFLOW__HPT__MIN_POLL_INTERVAL", "0.1")
    monkeypatch.setattr(shared_poller, "GATHER", 0.0)
    monkeypatch.setattr("airflow_hpt_provider.triggers.tuning.FIRST_EVENT_SECONDS", 0.0)
    script = ScriptedSageMaker()
    script.add([job])
    with LyingEndpoint(script) as running:
        once = {"config_kwargs": {"retries": {"total_max_attempts": 1}}}
        monkeypatch.setenv("AIRFLOW_CONN_LIAR", running.connection(**once))
        yield running


@pytest.fixture
def end(job):
    """A true response, after which the job ends."""

    def body(true):
        job.ends = time.time() - 1
        return true

    return Lie(body=body)


@pytest.fixture
def hook(liar):
    hook = ConnectionSettings("liar").hook()
    hook.ready()
    return hook


def on_a_worker(hook):
    callback = PollCallback(hook, NAME, BudgetLimits(max_failed_training_jobs=LIMIT), (), logging.getLogger())
    return hook.wait(NAME, poll_interval=0.1, on_poll=callback)


async def in_the_triggerer(**kwargs):
    trigger = HyperParameterTuningJobTrigger(
        tuning_job_name=NAME,
        poll_interval=0.1,
        aws_conn_id="liar",
        stop_on_kill=False,
        max_failed_training_jobs=LIMIT,
        **kwargs,
    )
    async with asyncio.timeout(30):
        return (await anext(trigger.run())).payload


def test_on_a_worker_one_lie_about_failed_training_jobs_exceeds_no_budget(liar, hook, end):
    liar.lies.extend([Lie(), TOO_MANY_FAILED, Lie(), TOO_MANY_FAILED, end])
    assert on_a_worker(hook).status == "Completed"
    assert not liar.lies


def test_on_a_worker_an_unconfirmed_count_exceeds_no_budget(liar, hook, end, monkeypatch):
    monkeypatch.setattr(hook, "call", hook.call_once)
    liar.lies.extend([TOO_MANY_FAILED, Lie(503, lambda true: b"<html>Bad gateway</html>"), end])
    assert on_a_worker(hook).status == "Completed"
    assert not liar.lies


def test_on_a_worker_two_responses_that_agree_exceed_the_budget(liar, hook):
    liar.lies.extend([Lie(), TOO_MANY_FAILED, TOO_MANY_FAILED])
    with pytest.raises(TuningJobBudgetExceededError, match="9 failed training jobs"):
        on_a_worker(hook)


async def test_in_the_triggerer_one_lie_about_failed_training_jobs_stops_nothing(liar, end):
    liar.lies.extend([Lie(), TOO_MANY_FAILED, Lie(), TOO_MANY_FAILED, end])
    assert (await in_the_triggerer())["status"] == Outcome.COMPLETED
    assert not liar.lies
    assert not liar.script.calls["Stop"]


async def test_in_the_triggerer_two_responses_that_agree_stop_the_job(liar):
    liar.lies.extend([Lie(), TOO_MANY_FAILED, TOO_MANY_FAILED])
    event = await in_the_triggerer()
    assert (event["status"], liar.script.calls["Stop"]) == (Outcome.BUDGET, 1)
    assert "9 failed training jobs" in event["message"]


async def test_the_second_response_comes_soon_where_events_replace_polls(liar, monkeypatch):
    """Polls are an hour apart there, and a budget that is exceeded cannot wait that long."""
    monkeypatch.setattr("airflow_hpt_provider.triggers.tuning.SAFETY_SECONDS", 3600.0)
    monkeypatch.setattr(HyperParameterTuningJobTrigger, "_woken_by_events", _without_events)
    liar.lies.extend([TOO_MANY_FAILED, TOO_MANY_FAILED])
    event = await in_the_triggerer(event_queue_url="http://127.0.0.1/queue")
    assert event["status"] == Outcome.BUDGET


def _without_events(self):
    return _Nothing()


class _Nothing:
    async def __aenter__(self):
        return None

    async def __aexit__(self, *_):
        return None


@pytest.mark.parametrize("lie", ENDS.values(), ids=ENDS)
def test_one_response_that_contradicts_itself_is_no_end(liar, hook, end, lie):
    for describe in (hook.describe, hook.describe_once):
        liar.lies.append(lie)
        assert describe(NAME).status == "InProgress"
    liar.lies.extend([Lie(), lie, end])
    description = on_a_worker(hook)
    assert (description.status, liar.lies) == ("Completed", deque())
    assert description.best_training_job is not None


def test_two_responses_that_agree_are_an_end(liar, hook):
    """A job may have completed without a training job that reported the metric."""
    lie = ENDS["without a best training job"]
    liar.lies.extend([lie, lie])
    description = hook.describe(NAME)
    assert (description.status, description.best_training_job) == ("Completed", None)


async def test_the_triggerer_ends_no_task_whose_job_still_runs(liar):
    """Though its poll has heard that the job was stopped, and the best training job so far would do."""
    with pytest.raises(TuningError, match="InProgress"):
        await TaskCompletion(ConnectionSettings("liar"), "use_best").push(NAME, None, logging.getLogger())
