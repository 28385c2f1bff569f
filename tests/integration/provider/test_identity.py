"""One tuning job per task, however often it is tried: every state of the job before x every way to try again."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from airflow_hpt_provider.creation.ownership import OWNER_TAG
from airflow_hpt_provider.exceptions import (
    TuningJobNameConflictError,
    TuningJobPermanentFailureError,
    TuningJobStoppedError,
)
from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
from airflow_hpt_provider.models import TuningResult
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from tests.integration.provider.conftest import TaskTry, jobs_of, make, run, wait_for, with_static

pytestmark = pytest.mark.integration
RETRIES = 6
ONE_TRY = Path(__file__).parent / "processes" / "one_try.py"


@pytest.fixture(params=[False, True], ids=["sync", "deferrable"])
def deferrable(request):
    return request.param


@pytest.fixture(params=[None, {}], ids=["no_store", "store"])
def first(request):
    return TaskTry(store=copy.copy(request.param))


@pytest.fixture
def small(config):
    """One quick training job."""
    config["HyperParameterTuningJobConfig"]["ResourceLimits"] = {
        "MaxNumberOfTrainingJobs": 1,
        "MaxParallelTrainingJobs": 1,
    }
    return config


@pytest.fixture
def gated_small(small, gate):
    return with_static(small, gate=str(gate))


def tune(config, **kwargs):
    return make(
        HyperParameterTuningJobOperator,
        **{"config": config, "deferrable": False, "poll_interval": 0.1, **kwargs},
    )


class WorkerLost(BaseException):
    """As a SIGKILL: nothing of the task's runs any more."""


def start(config, one, **kwargs):
    """Create the job in a try that does not live to see its end; the job's name."""

    def die(name):
        raise WorkerLost

    one.once_running(die)
    task = tune(config, **kwargs)
    with pytest.raises(WorkerLost):
        task.execute(one.context(task))
    one.on_push = None
    return one.xcom["tuning_job_name"]


# -- the matrix --------------------------------------------------------------------------------------------


async def test_running(gated_small, gate, first, deferrable, hook):
    name = start(gated_small, first)
    again = first.retry()
    again.once_running(lambda _: gate.touch())
    value = await run(tune(gated_small, deferrable=deferrable), again)
    assert TuningResult.from_xcom(value).succeeded
    assert again.xcom["tuning_job_name"] == value["tuning_job_name"] == name
    assert jobs_of(hook, first) == [name]


async def test_finished_undelivered(small, first, deferrable, hook):
    name = start(small, first)
    wait_for(hook, name, "Completed")
    value = await run(tune(small, deferrable=deferrable), first.retry())
    assert (value["tuning_job_name"], value["status"]) == (name, "Completed")
    assert jobs_of(hook, first) == [name]


async def test_finished_undelivered_then_cleared(small, first, deferrable, hook):
    """The result is not delivered yet: a person who clears the task gets it, and pays nothing."""
    name = start(small, first)
    wait_for(hook, name, "Completed")
    value = await run(tune(small, deferrable=deferrable), first.cleared())
    assert value["tuning_job_name"] == name
    assert jobs_of(hook, first) == [name]


async def test_delivered_then_retried(small, first, deferrable, hook):
    """The worker was lost between the result and the end of the task: the result is delivered again."""
    value = await run(tune(small, deferrable=deferrable), first)
    again = await run(tune(small, deferrable=deferrable), first.retry())
    assert again == value
    assert jobs_of(hook, first) == [value["tuning_job_name"]]


async def test_delivered_then_cleared(small, first, deferrable, hook):
    name = (await run(tune(small, deferrable=deferrable), first))["tuning_job_name"]
    value = await run(tune(small, deferrable=deferrable), first.cleared())
    assert (value["tuning_job_name"], value["status"]) == (f"{name}-2", "Completed")
    assert jobs_of(hook, first) == [name, f"{name}-2"]


async def test_delivered_after_clearing_then_retried(small, first, hook):
    """The round in which a result has arrived is noted, so that a retry in that round takes it again."""
    name = (await run(tune(small), first))["tuning_job_name"]
    cleared = first.cleared()
    for one in (cleared, cleared.retry()):
        assert (await run(tune(small), one))["tuning_job_name"] == f"{name}-2"
    assert jobs_of(hook, first) == [name, f"{name}-2"]


async def test_completed_without_success(small, first, deferrable, hook, monkeypatch):
    """A failure that a retry would only repeat; but a person who has cleared the task asks for another job."""
    describe = HyperParameterTuningHook._describe

    def without_best(hook, call, name):  # the local service calls such a job Failed
        return describe(hook, call, name).model_copy(update={"best_training_job": None})

    monkeypatch.setattr(HyperParameterTuningHook, "_describe", without_best)
    for one, count in ((first, 1), (first.retry(), 1), (first.cleared(), 2)):
        with pytest.raises(TuningJobPermanentFailureError, match="no training job reported the objective"):
            await run(tune(small, deferrable=deferrable), one)
        assert len(jobs_of(hook, first)) == count


async def test_not_waited_for(gated_small, gate, first, hook):
    """What ``wait_for_completion=False`` delivers is the job's name: to each generation of the task once."""

    def submit(one):
        task = tune(gated_small, wait_for_completion=False)
        return task.execute(one.context(task))["tuning_job_name"]

    name, cleared = submit(first), first.retry().cleared()
    assert submit(first.retry()) == submit(cleared) == name, "it is still running"
    gate.touch()
    wait_for(hook, name, "Completed")
    assert submit(cleared.retry()) == name
    again = cleared.retry().cleared()
    assert submit(again) == submit(again.retry()) == f"{name}-2"


async def test_not_waited_for_and_never_delivered(gated_small, gate, first, hook):
    """The API server was away when the job was created, and until all tries were spent: it is not paid again."""
    first.max_tries = RETRIES

    def submit(one):
        task = tune(gated_small, wait_for_completion=False, retries=RETRIES)
        return task.execute(one.context(task))["tuning_job_name"]

    def refuse(key, value):
        raise ConnectionError("the API server is away")

    first.on_push = refuse
    with pytest.raises(ConnectionError):
        submit(first)
    first.on_push = None
    (name,) = jobs_of(hook, first)
    gate.touch()
    wait_for(hook, name, "Completed")
    cleared = first.cleared(RETRIES)
    assert submit(cleared) == submit(cleared.retry()) == name
    assert submit(cleared.retry().cleared(RETRIES)) == f"{name}-2"


async def test_delivered_and_not_taken(small, first, deferrable, hook):
    """The API server was away when the try ended, and until all tries were spent: it is not paid again."""
    first.max_tries = RETRIES

    async def submit(one):
        return (await run(tune(small, deferrable=deferrable, retries=RETRIES), one))["tuning_job_name"]

    name = await submit(first)
    cleared = first.retry().retry().cleared(RETRIES)  # two tries that did not run
    assert await submit(cleared) == name
    again = cleared.cleared(RETRIES)
    assert await submit(again) == f"{name}-2", "now it was taken"
    assert await submit(again.cleared(RETRIES)) == f"{name}-3", "and the first job stays done"


def test_delivered_by_a_last_try_that_then_failed(small, first):
    task = tune(small)
    name = task.execute(first.context(task))["tuning_job_name"]
    task._began = True
    for callback in task.on_failure_callback:  # Airflow could not store the return value
        callback(first.context(task))
    task, cleared = tune(small), first.cleared()
    assert task.execute(cleared.context(task))["tuning_job_name"] == name
    task, again = tune(small), cleared.cleared()
    assert task.execute(again.context(task))["tuning_job_name"] == f"{name}-2"


async def test_the_dag_run_was_deleted_and_made_again(small, first, deferrable, hook):
    """Its id is the same, and so is the name; but what was delivered was delivered to another."""
    value = await run(tune(small, deferrable=deferrable), first)
    again = await run(
        tune(small, deferrable=deferrable), TaskTry(run_id=first.run_id, store=first.store and {})
    )
    assert again["tuning_job_name"] == f"{value['tuning_job_name']}-2"


async def test_failed(small, first, deferrable, hook):
    failing = with_static(small, fail="always")
    with pytest.raises(TuningJobPermanentFailureError):
        await run(tune(failing, deferrable=deferrable), first)
    again = first.cleared()
    with pytest.raises(TuningJobPermanentFailureError):
        await run(tune(failing, deferrable=deferrable), again)
    assert jobs_of(hook, first) == [first.xcom["tuning_job_name"], f"{first.xcom['tuning_job_name']}-2"]


async def test_stopped(gated_small, gate, first, deferrable, hook):
    name = start(gated_small, first)
    hook.stop(name)
    wait_for(hook, name, "Stopped")
    gate.touch()
    value = await run(tune(gated_small, deferrable=deferrable), first.retry())
    assert (value["tuning_job_name"], value["status"]) == (f"{name}-2", "Completed")


async def test_stopped_and_delivered_then_retried(gated_small, gate, first, deferrable, hook):
    """``use_best`` took the best of a stopped job, then the worker was lost: it is taken again, not paid again."""
    config = copy.deepcopy(gated_small)
    config["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"] = 2
    config["TrainingJobDefinition"]["StaticHyperParameters"]["gate_from"] = "2"
    first.once_running(
        lambda name: (wait_for_best(hook, name), hook.stop(name), wait_for(hook, name, "Stopped"))
    )
    value = await run(tune(config, deferrable=deferrable, on_stopped="use_best"), first)
    first.on_push = None
    again = await run(tune(config, deferrable=deferrable, on_stopped="use_best"), first.retry())
    assert again["tuning_job_name"] == value["tuning_job_name"]
    assert again["best_training_job"] == value["best_training_job"]
    assert again["status"] == "Stopped"
    assert jobs_of(hook, first) == [value["tuning_job_name"]]


async def test_timed_out_and_delivered_then_retried(gated_small, gate, first, deferrable, hook):
    """The same for a job whose time was over: it is a stopped one, which ``on_stopped`` would fail."""
    config = copy.deepcopy(gated_small)
    config["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"] = 2
    config["TrainingJobDefinition"]["StaticHyperParameters"]["gate_from"] = "2"
    arguments = {"deferrable": deferrable, "timeout": 0.1, "on_timeout": "use_best"}
    first.once_running(lambda name: wait_for_best(hook, name))
    value = await run(tune(config, **arguments), first)
    first.on_push = None
    wait_for(hook, value["tuning_job_name"], "Stopped")
    again = await run(tune(config, **arguments), first.retry())
    assert again["best_training_job"] == value["best_training_job"]
    assert jobs_of(hook, first) == [value["tuning_job_name"]]


def wait_for_best(hook, name):
    deadline = time.monotonic() + 60
    while hook.describe(name).best_training_job is None:
        assert time.monotonic() < deadline, f"{name} has no best training job"
        time.sleep(0.05)


async def test_foreign(gated_small, gate, first, deferrable, hook):
    """A job of the wanted name that another task has made is left alone, and never taken for one's own."""
    name = f"given-{first.run_id[-12:]}"
    named = {**gated_small, "HyperParameterTuningJobName": name}
    other = first.retry()
    other.task_id, other.try_number = "another", 1
    start(named, other)
    with pytest.raises(TuningJobNameConflictError, match="another task, or has no owner tag"):
        await run(tune(named, deferrable=deferrable), first)
    assert hook.describe(name).status == "InProgress"
    gate.touch()
    value = await run(tune(named, deferrable=deferrable, on_name_conflict="next"), first)
    assert value["tuning_job_name"] == f"{name}-2"
    assert (
        hook.tags(hook.describe(name).hyper_parameter_tuning_job_arn)[OWNER_TAG]
        != (hook.tags(value["tuning_job_arn"])[OWNER_TAG])
    )


async def test_changed_config(gated_small, gate, first, deferrable, hook):
    """The DAG was edited while the old job ran: it is stopped, because no task waits for it any more."""
    name = start(gated_small, first)
    changed = with_static(gated_small, depth="9")
    again = first.cleared()
    again.once_running(lambda _: gate.touch())
    value = await run(tune(changed, deferrable=deferrable), again)
    assert value["tuning_job_name"] == f"{name}-2"
    wait_for(hook, name, "Stopped")


async def test_changed_config_without_stopping(gated_small, gate, first, deferrable, hook):
    name = start(gated_small, first)
    changed = tune(with_static(gated_small, depth="9"), deferrable=deferrable, stop_on_kill=False)
    with pytest.raises(TuningJobNameConflictError, match="created from another config"):
        await run(changed, first.cleared())
    assert hook.describe(name).status == "InProgress"


# -- tags denied: the same by name alone -------------------------------------------------------------------


@pytest.fixture
def untagged(untagged_service, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", untagged_service.airflow_connection)


async def test_tags_denied_running(untagged, gated_small, gate, first, deferrable, hook, capsys):
    name = start(gated_small, first)
    assert "sagemaker:AddTags" in capsys.readouterr().out
    again = first.retry()
    again.once_running(lambda _: gate.touch())
    value = await run(tune(gated_small, deferrable=deferrable), again)
    assert value["tuning_job_name"] == name
    assert jobs_of(hook, first) == [name]


async def test_tags_denied_delivered_then_cleared(untagged, small, first, deferrable, hook):
    name = (await run(tune(small, deferrable=deferrable), first))["tuning_job_name"]
    assert (await run(tune(small, deferrable=deferrable), first.retry()))["tuning_job_name"] == name
    value = await run(tune(small, deferrable=deferrable), first.cleared())
    assert value["tuning_job_name"] == f"{name}-2"


async def test_tags_denied_finished_undelivered(untagged, small, first, deferrable, hook):
    name = start(small, first)
    wait_for(hook, name, "Completed")
    assert (await run(tune(small, deferrable=deferrable), first.retry()))["tuning_job_name"] == name
    assert jobs_of(hook, first) == [name]


async def test_tags_denied_stopped(untagged, gated_small, gate, first, deferrable, hook):
    name = start(gated_small, first)
    hook.stop(name)
    wait_for(hook, name, "Stopped")
    gate.touch()
    value = await run(tune(gated_small, deferrable=deferrable), first.retry())
    assert (value["tuning_job_name"], value["status"]) == (f"{name}-2", "Completed")


async def test_tags_denied_failed(untagged, small, first, deferrable, hook):
    failing = with_static(small, fail="always")
    for one in (first, first.cleared()):
        with pytest.raises(TuningJobPermanentFailureError):
            await run(tune(failing, deferrable=deferrable), one)
    name = first.xcom["tuning_job_name"]
    assert jobs_of(hook, first) == [name, f"{name}-2"]


async def test_tags_denied_changed_config(untagged, gated_small, gate, first, deferrable, hook):
    """Only the state store knows it then. Without it the job continues, and its result is delivered."""
    name = start(gated_small, first)
    again = first.cleared()
    again.once_running(lambda _: gate.touch())
    value = await run(tune(with_static(gated_small, depth="9"), deferrable=deferrable), again)
    assert value["tuning_job_name"] == (name if first.store is None else f"{name}-2")


async def test_tags_denied_given_name(untagged, gated_small, gate, first, deferrable, hook):
    """A given name does not say whose job it is: only the state store does."""
    name = f"given-{first.run_id[-12:]}"
    named = {**gated_small, "HyperParameterTuningJobName": name}
    start(named, first)
    again = first.retry()
    again.once_running(lambda _: gate.touch())
    if first.store is None:
        with pytest.raises(TuningJobNameConflictError, match="has no owner tag"):
            await run(tune(named, deferrable=deferrable), again)
    else:
        assert (await run(tune(named, deferrable=deferrable), again))["tuning_job_name"] == name


# -- crashes and races, in processes of their own ----------------------------------------------------------


def one_try(config_file, run_id, *arguments):
    """A try of the task in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["."])}
    return subprocess.Popen(
        [sys.executable, str(ONE_TRY), str(config_file), run_id, *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def write(config, tmp_path):
    import json

    file = tmp_path / "config.json"
    file.write_text(json.dumps(config))
    return file


@pytest.mark.parametrize("when", ["store", "xcom"])
async def test_killed_between_create_and_the_first_write(when, gated_small, gate, tmp_path, hook):
    """SIGKILL when the job exists, and nothing is written anywhere yet."""
    one = TaskTry(store={} if when == "store" else None)
    process = one_try(write(gated_small, tmp_path), one.run_id, "--kill-at", when)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == -9, errors
    [name] = jobs_of(hook, one)
    assert (one.xcom, one.store or {}) == ({}, {})
    again = one.retry()
    again.once_running(lambda _: gate.touch())
    assert (await run(tune(gated_small), again))["tuning_job_name"] == name
    assert jobs_of(hook, one) == [name]


def test_processes_that_race_create_one_job(gated_small, gate, tmp_path, hook):
    one, line = TaskTry(), tmp_path / "go"
    file = write(gated_small, tmp_path)
    racers = [one_try(file, one.run_id, "--start-when", line, "--ready", tmp_path / f"{n}") for n in range(3)]
    deadline = time.monotonic() + 120
    while sum((tmp_path / f"{n}").exists() for n in range(3)) < 3:
        assert time.monotonic() < deadline
        assert all(racer.poll() is None for racer in racers), [racer.communicate() for racer in racers]
        time.sleep(0.02)
    line.touch()
    ends = [racer.communicate(timeout=120) for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0, 0], ends
    assert len({out.strip().splitlines()[-1] for out, _ in ends}) == 1
    assert len(jobs_of(hook, one)) == 1


async def test_a_stopped_job_fails_by_the_default_policy(gated_small, gate, first, deferrable, hook):
    first.once_running(hook.stop)
    with pytest.raises(TuningJobStoppedError):
        await run(tune(gated_small, deferrable=deferrable), first)
