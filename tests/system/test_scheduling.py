"""What the scheduler, and people who change DAGs, do to tasks that wait: one job for each run, and none forgotten."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from airflow_hpt_provider.compat import has
from airflow_hpt_provider.demo.waiting import wait_until

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.session import DemoSession

pytestmark = [pytest.mark.system, pytest.mark.timeout(1200)]

WAIT_SECONDS = 420
"""Seconds; generous, for a busy machine."""
DATES = ("2026-01-05T00:00:00Z", "2026-01-07T00:00:00Z")
VANISHING = '''
from airflow.sdk import DAG, task
from quick_jobs import job

from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator

with DAG("{dag_id}", schedule=None):
    @task
    def stays():
        """So that the DAG is not empty without the other."""

    stays()
'''
TUNE = """
    HyperParameterTuningJobOperator(
        task_id="tune", config=job(seconds="{seconds}"), deferrable=True, poll_interval=1
    )
"""


def job_of(demo: DemoSession, dag_id: str, run_id: str, task_id: str = "tune") -> dict[str, Any]:
    """What the service says of the job that a task has announced."""
    name = demo.airflow.api.xcom(dag_id, run_id, task_id, "tuning_job_name")
    return described(demo, name)


def described(demo: DemoSession, name: str) -> dict[str, Any]:
    answer: dict[str, Any] = demo.service.client("sagemaker").describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name
    )
    return answer


def status(demo: DemoSession, name: str) -> str:
    return str(described(demo, name)["HyperParameterTuningJobStatus"])


def states(demo: DemoSession, dag_id: str, run_id: str) -> dict[str, str]:
    return {task["task_id"]: task["state"] for task in demo.airflow.api.tasks(dag_id, run_id)}


def waiting(demo: DemoSession, dag_id: str, run_id: str) -> str:
    """The name of the job that task ``tune`` waits for in the triggerer, which has polled it."""
    api = demo.airflow.api

    def waits() -> str | None:
        name = api.xcom(dag_id, run_id, "tune", "tuning_job_name")
        deferred = name and api.task(dag_id, run_id, "tune")["state"] == "deferred"
        return str(name) if deferred and f"{name}: InProgress" in api.log(dag_id, run_id, "tune") else None

    return wait_until(waits, WAIT_SECONDS, f"{dag_id} does not wait", every=0.5)


def backfilled(demo: DemoSession) -> list[dict[str, Any]]:
    """The jobs of three runs in the runs' order, once a backfill is over and all have succeeded."""
    api = demo.airflow.api
    backfill = api.backfill("filled", *DATES)
    wait_until(lambda: api.backfill_has_ended(backfill), WAIT_SECONDS, "the backfill still runs", every=0.5)
    runs = {run["dag_run_id"]: run["state"] for run in api.runs("filled")}
    assert list(runs.values()) == ["success"] * 3, runs
    return [job_of(demo, "filled", run_id) for run_id in sorted(runs)]


def test_each_run_of_a_backfill_has_its_own_job_one_after_the_other(demo: DemoSession) -> None:
    """``depends_on_past`` holds back the tasks of later dates: their jobs are not even created.

    Filled once only: to run dates again, Airflow deletes their runs, and its scheduler ends when it has just taken one
    up (ObjectDeletedError in ``_schedule_all_dag_runs``, 3.3.2).
    """
    demo.airflow.api.wait_for_dag("filled")
    jobs = backfilled(demo)
    names = [job["HyperParameterTuningJobName"] for job in jobs]
    assert len(set(names)) == 3
    for earlier, later in pairwise(jobs):
        assert earlier["HyperParameterTuningEndTime"] <= later["CreationTime"]


def test_teardowns_run_when_the_run_is_failed_and_nothing_is_left_training(demo: DemoSession) -> None:
    api = demo.airflow.api
    runs = {}
    for dag_id in ("torn_down", "torn_around", "torn_by_tuning"):
        api.wait_for_dag(dag_id)
        runs[dag_id] = api.trigger(dag_id)
    jobs = {"torn_around": waiting(demo, "torn_around", runs["torn_around"])}
    for dag_id in ("torn_down", "torn_by_tuning"):
        wait_until(
            lambda dag_id=dag_id: states(demo, dag_id, runs[dag_id])["slowly"] == "running",  # type: ignore[misc]
            WAIT_SECONDS,
            f"{dag_id} does not run",
        )
    jobs["torn_down"] = job_of(demo, "torn_down", runs["torn_down"], "create")["HyperParameterTuningJobName"]
    for dag_id, run_id in runs.items():
        api.mark_run(dag_id, run_id, "failed")
    last = {"torn_down": "stop", "torn_around": "clean", "torn_by_tuning": "tune"}
    for dag_id, task_id in last.items():
        wait_until(
            lambda d=dag_id, t=task_id: states(demo, d, runs[d])[t] == "success",  # type: ignore[misc]
            WAIT_SECONDS,
            f"the teardown of {dag_id} does not run",
        )
    if not has("trigger_on_kill"):  # a deferred task that is failed leaves its job: docs/guarantees.md
        jobs.pop("torn_around")
    for name in jobs.values():
        wait_until(lambda name=name: status(demo, name) == "Stopped", WAIT_SECONDS, f"{name} still runs")  # type: ignore[misc]
    assert (
        job_of(demo, "torn_by_tuning", runs["torn_by_tuning"])["HyperParameterTuningJobStatus"] == "Completed"
    )


def test_a_dag_that_changes_while_its_task_waits(demo: DemoSession) -> None:
    """A task that is gone from its DAG leaves no job; a file that is gone and comes back gets its result."""
    api = demo.airflow.api
    files = {dag_id: demo.dags / f"{dag_id}.py" for dag_id in ("task_gone", "file_gone")}
    whole = {
        dag_id: VANISHING.format(dag_id=dag_id) + TUNE.format(seconds=seconds)
        for dag_id, seconds in (("task_gone", "600"), ("file_gone", "15"))
    }
    runs, jobs = {}, {}
    for dag_id, file in files.items():
        file.write_text(whole[dag_id])
    for dag_id in files:
        api.wait_for_dag(dag_id, WAIT_SECONDS)
        runs[dag_id] = api.trigger(dag_id)
    for dag_id in files:
        jobs[dag_id] = waiting(demo, dag_id, runs[dag_id])

    files["task_gone"].write_text(VANISHING.format(dag_id="task_gone"))
    files["file_gone"].unlink()
    wait_until(
        lambda: states(demo, "task_gone", runs["task_gone"])["tune"] == "removed",
        WAIT_SECONDS,
        "it is still there",
    )
    if has("trigger_on_kill"):
        wait_until(
            lambda: status(demo, jobs["task_gone"]) == "Stopped", WAIT_SECONDS, "the job keeps running"
        )

    wait_until(lambda: status(demo, jobs["file_gone"]) == "Completed", WAIT_SECONDS, "the job was disturbed")
    # No worker, or none that finds the DAG, takes the task up: Airflow waits until there is one again.
    without = states(demo, "file_gone", runs["file_gone"])["tune"]
    assert without in ("deferred", "scheduled", "queued", "running", "up_for_reschedule")
    files["file_gone"].write_text(whole["file_gone"])
    assert api.wait_for_run("file_gone", runs["file_gone"], WAIT_SECONDS) == "success"
    assert api.xcom("file_gone", runs["file_gone"], "tune", "tuning_job_name") == jobs["file_gone"]
    assert api.xcom("file_gone", runs["file_gone"], "tune")["status"] == "Completed"
    for file in files.values():
        file.unlink()
