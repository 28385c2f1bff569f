"""Tuning jobs that fail through no fault of their own are submitted again, in every mode, and only those."""

from __future__ import annotations

import copy
import itertools
import json
import uuid
from datetime import timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk import DAG

from airflow_hpt_provider.compat import TaskDeferred
from airflow_hpt_provider.creation.ownership import RETRY_OF_TAG
from airflow_hpt_provider.exceptions import (
    TuningJobFailedError,
    TuningJobPermanentFailureError,
    TuningJobTimeoutError,
)
from airflow_hpt_provider.models import TuningResult
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.retries.strategy import TuningRetryStrategy
from tests.integration.provider.conftest import fire, make, run, wait_for, with_static

pytestmark = pytest.mark.integration


@pytest.fixture(params=[False, True], ids=["sync", "deferrable"])
def deferrable(request):
    return request.param


@pytest.fixture
def named(config):
    """A config whose tuning job fails as `conftest.FAILING_JOBS` says of its kind of name."""

    def named(kind):
        one = copy.deepcopy(config)
        one["HyperParameterTuningJobName"] = f"{kind}-{uuid.uuid4().hex[:6]}"
        return one

    return named


def tune(config, **kwargs):
    arguments = {"deferrable": False, "poll_interval": 0.1, "retry_strategy": 2}
    return make(HyperParameterTuningJobOperator, config=config, **{**arguments, **kwargs})


def parents(hook, name):
    warm = hook.describe(name).warm_start_config
    names = warm.parent_hyper_parameter_tuning_jobs if warm else ()
    return [parent.hyper_parameter_tuning_job_name for parent in names]


async def test_a_failed_job_is_retried_warm_started(named, deferrable, first_try, hook):
    config = named("flaky")
    name = config["HyperParameterTuningJobName"]
    value = await run(tune(config, deferrable=deferrable), first_try)
    result = TuningResult.from_xcom(value)
    assert (result.tuning_job_name, result.status) == (f"{name}-2", "Completed")
    assert [(a.number, a.tuning_job_name, a.status) for a in result.attempts] == [
        (1, name, "Failed"),
        (2, f"{name}-2", "Completed"),
    ]
    assert result.attempts[0].failure_reason.startswith("InternalServerError")
    assert result.attempts[0].creation_time <= result.attempts[0].end_time <= result.attempts[1].creation_time
    assert parents(hook, f"{name}-2") == [name]
    assert result.overall_best_training_job is not None
    assert hook.tags(result.tuning_job_arn)[RETRY_OF_TAG] == name
    assert first_try.xcom["tuning_job_name"] == f"{name}-2"


async def test_every_attempt_is_a_parent_of_the_next(named, deferrable, first_try, hook):
    config = named("twice")
    name = config["HyperParameterTuningJobName"]
    value = await run(
        tune(config, deferrable=deferrable, retry_strategy={"MaximumRetryAttempts": 2}), first_try
    )
    assert [attempt["tuning_job_name"] for attempt in value["attempts"]] == [name, f"{name}-2", f"{name}-3"]
    assert value["attempts"][1]["failure_reason"].startswith("CapacityError")
    assert parents(hook, f"{name}-3") == [name, f"{name}-2"]


async def test_the_number_of_attempts_is_bounded(named, deferrable, first_try, hook):
    config = named("hopeless")
    name = config["HyperParameterTuningJobName"]
    with pytest.raises(TuningJobFailedError) as raised:
        await run(tune(config, deferrable=deferrable), first_try)
    text = str(raised.value)
    assert "InternalServerError" in text
    assert f"Attempt 3, after {name} Failed; {name}-2 Failed" in text
    assert len(text.splitlines()) <= 15
    assert len(list(hook.list(name_contains=name))) == 3


async def test_a_config_that_renders_again_each_time_is_no_new_series(
    named, deferrable, first_try, hook, tmp_path
):
    """``{{ macros.datetime.now() }}`` in it must not make the attempts endless."""
    config = named("hopeless")
    name = config["HyperParameterTuningJobName"]
    config["TrainingJobDefinition"]["StaticHyperParameters"]["note"] = "{{ params.next() }}"
    (tmp_path / "job.json").write_text(json.dumps(config))
    with DAG("dag", schedule=None, template_searchpath=str(tmp_path)):
        task = HyperParameterTuningJobOperator(
            task_id="tune", config="job.json", deferrable=deferrable, poll_interval=0.1, retry_strategy=1
        )
    values = itertools.count()
    context = first_try.context
    first_try.context = lambda task: {**context(task), "params": SimpleNamespace(next=lambda: next(values))}
    first_try.once_running(lambda name: pytest.fail("a third attempt") if name.endswith("-3") else None)
    with pytest.raises(TuningJobFailedError, match=f"Attempt 2, after {name} Failed"):
        await run(task, first_try)
    assert hook.tags(hook.describe(f"{name}-2").hyper_parameter_tuning_job_arn)[RETRY_OF_TAG] == name
    assert parents(hook, f"{name}-2") == [name]


async def test_airflows_next_try_starts_a_new_series(named, first_try, hook):
    """The level above: each of Airflow's own retries has the whole number of attempts."""
    config = named("hopeless")
    name = config["HyperParameterTuningJobName"]
    one = first_try
    for _ in range(2):
        with pytest.raises(TuningJobFailedError):
            await run(tune(config, retry_strategy=1), one)
        one = one.retry()
    assert len(list(hook.list(name_contains=name))) == 4
    tags = [
        hook.tags(hook.describe(f"{name}{n}").hyper_parameter_tuning_job_arn).get(RETRY_OF_TAG)
        for n in ("", "-2", "-3", "-4")
    ]
    assert tags == [None, name, None, f"{name}-3"]


async def test_a_config_that_was_changed_between_two_tries_starts_again(named, first_try, hook):
    """What a job of another config has learnt, and cost, is not this one's."""
    config = named("flaky")
    name = config["HyperParameterTuningJobName"]
    start = tune(config, wait_for_completion=False)
    start.execute(first_try.context(start))
    wait_for(hook, name, "Failed")
    value = await run(tune(with_static(config, depth="9")), first_try.retry())
    assert (value["tuning_job_name"], value["attempts"]) == (f"{name}-2", [])
    assert parents(hook, f"{name}-2") == []


@pytest.mark.parametrize("kind", ["wrong", "none"])
async def test_what_another_attempt_cannot_mend_is_not_retried(kind, named, deferrable, first_try, hook):
    config = named("wrong" if kind == "wrong" else "fine")
    config["TrainingJobDefinition"]["StaticHyperParameters"]["fail"] = (
        "never" if kind == "wrong" else "always"
    )
    with pytest.raises(TuningJobPermanentFailureError):
        await run(tune(config, deferrable=deferrable), first_try)
    assert len(list(hook.list(name_contains=config["HyperParameterTuningJobName"]))) == 1


async def test_without_a_strategy_nothing_is_retried(named, first_try, hook):
    config = named("flaky")
    with pytest.raises(TuningJobFailedError):
        await run(tune(config, retry_strategy=None), first_try)
    assert len(list(hook.list(name_contains=config["HyperParameterTuningJobName"]))) == 1


async def second_attempt(config, one):
    """Run a task until its second attempt waits in the triggerer; its trigger and what it is resumed with."""
    task = tune(config, deferrable=True, timeout=timedelta(hours=1))
    with pytest.raises(TaskDeferred) as first:
        task.execute(one.context(task))
    event = await fire(first.value.trigger)
    with pytest.raises(TaskDeferred) as second:
        task.execute_complete(one.context(task), event=event, **first.value.kwargs)
    return second.value


@pytest.fixture
def flaky(named, gate):
    """The first attempt fails after two training jobs, the second waits for the gate with its third."""
    config = named("flaky")
    config["TrainingJobDefinition"]["StaticHyperParameters"] |= {"gate": str(gate), "gate_from": "3"}
    return config


async def test_the_timeout_counts_over_all_attempts(flaky, deferrable, first_try, hook):
    """The second attempt has what the first has left of the time."""
    name = flaky["HyperParameterTuningJobName"]
    waiting = await second_attempt(flaky, first_try)
    first = hook.describe(name).creation_time
    assert waiting.trigger.deadline == (first + timedelta(hours=1)).isoformat()
    with pytest.raises(TuningJobTimeoutError):
        await run(tune(flaky, deferrable=deferrable, timeout=0.5), first_try.retry())
    assert {job.name for job in hook.list(name_contains=name)} == {name, f"{name}-2"}
    assert hook.describe(f"{name}-2").status in {"Stopping", "Stopped"}


async def test_no_attempt_is_made_when_the_time_is_over(named, deferrable, first_try, hook):
    config = named("flaky")
    name = config["HyperParameterTuningJobName"]
    start = tune(config, wait_for_completion=False)
    start.execute(first_try.context(start))
    wait_for(hook, name, "Failed")
    with pytest.raises(TuningJobTimeoutError, match="1 tuning job failed since .* is over"):
        await run(tune(config, deferrable=deferrable, timeout=0.01), first_try.retry())
    assert [job.name for job in hook.list(name_contains=name)] == [name]


@pytest.mark.parametrize("store", [None, {}], ids=["no_store", "store"])
async def test_a_crash_between_two_attempts(named, deferrable, store, first_try, hook):
    """The worker is lost when the first attempt has failed and the second is not created: a retry creates it."""
    first_try.store = store
    config = named("flaky")
    name = config["HyperParameterTuningJobName"]
    start = tune(config, deferrable=deferrable, wait_for_completion=False)
    start.execute(first_try.context(start))
    wait_for(hook, name, "Failed")
    value = await run(tune(config, deferrable=deferrable), first_try.retry())
    assert [attempt["tuning_job_name"] for attempt in value["attempts"]] == [name, f"{name}-2"]
    assert parents(hook, f"{name}-2") == [name]


async def test_a_crash_in_the_second_attempt(flaky, deferrable, first_try, hook, gate):
    """A retry of the task rejoins the newest attempt, and knows of those before."""
    name = flaky["HyperParameterTuningJobName"]
    await second_attempt(flaky, first_try)  # its worker and its trigger are lost
    again = first_try.retry()
    again.once_running(lambda _: gate.touch())
    value = await run(tune(flaky, deferrable=deferrable), again)
    assert [attempt["tuning_job_name"] for attempt in value["attempts"]] == [name, f"{name}-2"]


async def test_a_lost_trigger_finds_the_attempts_by_their_tags(flaky, first_try):
    name = flaky["HyperParameterTuningJobName"]
    await second_attempt(flaky, first_try)
    task = tune(flaky, deferrable=True)
    with pytest.raises(TaskDeferred) as deferred:
        task.resume_execution("__fail__", {"error": "Trigger timeout"}, first_try.context(task))
    assert deferred.value.trigger.previous_jobs == [name]
    assert [attempt["tuning_job_name"] for attempt in deferred.value.kwargs["previous_attempts"]] == [name]


async def test_a_person_who_clears_the_task_starts_again(named, first_try, hook):
    config = named("hopeless")
    name = config["HyperParameterTuningJobName"]
    with pytest.raises(TuningJobFailedError):
        await run(tune(config, retry_strategy=None), first_try)
    with pytest.raises(TuningJobFailedError):
        await run(tune(config, retry_strategy=1), first_try.cleared())
    assert len(list(hook.list(name_contains=name))) == 3
    assert parents(hook, f"{name}-2") == []


async def test_attempts_of_a_given_name_are_known_without_tags(
    untagged_service, named, deferrable, first_try, monkeypatch
):
    """Nothing on the jobs says whose they are; but this very try has made them."""
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", untagged_service.airflow_connection)
    config = named("twice")
    name = config["HyperParameterTuningJobName"]
    value = await run(tune(config, deferrable=deferrable), first_try)
    assert [attempt["tuning_job_name"] for attempt in value["attempts"]] == [name, f"{name}-2", f"{name}-3"]


# -- warm starts where they are possible -------------------------------------------------------------------


async def test_no_warm_start_when_nothing_was_learnt(named, first_try, hook):
    config = named("barren")
    name = config["HyperParameterTuningJobName"]
    value = await run(tune(config), first_try)
    assert value["tuning_job_name"] == f"{name}-2"
    assert parents(hook, f"{name}-2") == []


async def test_no_warm_start_when_it_is_not_wanted(named, first_try, hook):
    config = named("flaky")
    name = config["HyperParameterTuningJobName"]
    await run(tune(config, retry_strategy=TuningRetryStrategy(1, warm_start=False)), first_try)
    assert parents(hook, f"{name}-2") == []


async def test_the_authors_parents_stay(named, config, first_try, hook):
    parent = {**config, "HyperParameterTuningJobName": f"parent-{first_try.run_id[-6:]}"}
    await run(tune(parent), first_try)
    child = named("flaky")
    name = child["HyperParameterTuningJobName"]
    child["WarmStartConfig"] = {
        "WarmStartType": "TransferLearning",
        "ParentHyperParameterTuningJobs": [
            {"HyperParameterTuningJobName": parent["HyperParameterTuningJobName"]}
        ],
    }
    one = first_try.retry()
    one.task_id = "child"
    await run(tune(child), one)
    assert parents(hook, f"{name}-2") == [parent["HyperParameterTuningJobName"], name]
    assert hook.describe(f"{name}-2").warm_start_config.warm_start_type == "TransferLearning"


async def test_a_refused_warm_start_is_done_without(named, first_try, hook, capsys):
    """A user deletes the failed job at that very moment: the attempt starts without a warm start."""
    config = named("flaky")
    name = config["HyperParameterTuningJobName"]
    task = tune(config)

    def delete_parent(params, **_):
        if b"WarmStartConfig" in params["body"]:
            hook.delete(name)

    events = task.hook.conn.meta.events
    events.register("before-call.sagemaker.CreateHyperParameterTuningJob", delete_parent)
    value = await run(task, first_try)
    assert [attempt["tuning_job_name"] for attempt in value["attempts"]] == [name, f"{name}-2"]
    assert "No warm start: SageMaker rejects it" in capsys.readouterr().out
    assert parents(hook, f"{name}-2") == []


async def test_a_deleted_attempt_does_not_hide_those_after_it(flaky, first_try, hook, gate):
    name = flaky["HyperParameterTuningJobName"]
    await second_attempt(flaky, first_try)
    hook.delete(name)
    again = first_try.retry()
    again.once_running(lambda _: gate.touch())
    assert (await run(tune(flaky), again))["tuning_job_name"] == f"{name}-2"
