"""Every example DAG that tunes, in every mode: one tuning job for each task that tunes."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_hpt_provider.creation.ownership import Owner
from airflow_hpt_provider.demo.data import upload
from airflow_hpt_provider.demo.waiting import wait_until
from tests.cluster.runs import Account, paid_jobs
from tests.cluster.scenario import END_SECONDS
from tests.cluster.table import Record

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService
    from tests.cluster.stack import Stack

pytestmark = [pytest.mark.cluster, pytest.mark.heavy, pytest.mark.timeout(2400)]

EXAMPLES = Path(__file__).parents[2] / "dags"
SYNC = "sync_"
"""Prefix of the examples that wait on a worker."""
RUN_SECONDS = 1200
"""Maximum time of a run. The weekly example runs one after the other, its scheduled one with eight training jobs."""
WEEKLY = "retrain_weekly"
"""The example with a schedule, which starts when the DAG is switched on."""
PARAMS: dict[str, dict[str, Any]] = {
    "cheap_spot": {"training_jobs": 2, "epochs": 3},
    "compare_algorithms": {"training_jobs": 3},
    WEEKLY: {"training_jobs": 2},
    "tune_and_register": {"training_jobs": 2},
    "tune_from_ui": {},
    "tune_from_yaml": {},
    "tune_many": {"training_jobs": 2},
    "tune_with_a_function": {},
}


@dataclass(frozen=True)
class TaskWithJob:
    """A task instance that has pushed a tuning job's name to XCom."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    state: str
    tries: int
    tuning_job_name: str
    result: dict[str, Any] | None


def test_the_parameters_name_every_example() -> None:
    tuned = {file.stem for file in EXAMPLES.glob("*.py")} - {"on_tuning_finished"}
    assert set(PARAMS) == tuned


def copy_examples(target: Path, prefix: str) -> None:
    """Put the examples into Airflow's folder, those with a prefix in the mode that holds a worker."""
    shutil.copytree(EXAMPLES, target, ignore=shutil.ignore_patterns("__pycache__", "on_tuning_finished.py"))
    for file in target.glob("*.py") if prefix else ():
        name, text = file.stem, file.read_text()
        assert "deferrable=True" in text, file
        named = text.replace(f'"{name}"', f'"{prefix}{name}"').replace(f"{name}()", f"{prefix}{name}()")
        assert named != text, file
        file.write_text(named.replace("deferrable=True", "deferrable=False"))


@pytest.mark.parametrize("prefix", ["", SYNC], ids=["deferrable", "sync"])
def test_every_example(stack: Stack, service: LocalService, records: list[Record], prefix: str) -> None:
    upload(service.client("s3"), EXAMPLES)
    account = Account(stack.api, service)
    copy_examples(stack.dags / f"{prefix}examples", prefix)
    for name, params in PARAMS.items():
        stack.api.wait_for_dag(f"{prefix}{name}", timeout=END_SECONDS)
        stack.api.trigger(f"{prefix}{name}", params)
    weekly = f"{prefix}{WEEKLY}"
    stack.api.switch_on(weekly)
    wait_until(
        lambda: any(run["run_type"] == "scheduled" for run in stack.api.runs(weekly)),
        END_SECONDS,
        f"{weekly} has no run of its schedule",
        every=1,
    )
    runs = [
        (f"{prefix}{name}", run["dag_run_id"]) for name in PARAMS for run in stack.api.runs(f"{prefix}{name}")
    ]
    ended = {run: stack.api.wait_for_run(*run, RUN_SECONDS) for run in runs}
    assert set(ended.values()) == {"success"}, failures(stack, ended)

    names, pushed = [], set()
    for task in [task for run in runs for task in tasks_with_a_job(stack, *run)]:
        pushed.add(task.tuning_job_name)
        owner = Owner(task.dag_id, task.task_id, task.run_id, task.map_index)
        jobs = paid_jobs(service, owner.base_name)
        if not jobs:
            continue  # it has chosen one of the jobs of others
        assert [job.status for job in jobs] == ["Completed"], (task, jobs)
        assert task.result is not None
        assert task.result["tuning_job_name"] == task.tuning_job_name == jobs[0].name
        assert task.state == "success"
        names.append(jobs[0].name)
        records.append(Record("example DAG, no fault", task.dag_id, "delivered", task.tries, len(jobs)))
    assert Counter(account.all_jobs()) == Counter(names), "each job belongs to a task"
    assert pushed == set(names)


def tasks_with_a_job(stack: Stack, dag_id: str, run_id: str) -> list[TaskWithJob]:
    """Return the task instances of a run that have pushed a tuning job's name: that of their own, or of another."""
    found = []
    for task in stack.api.tasks(dag_id, run_id):
        key = (dag_id, run_id, task["task_id"])
        name = stack.api.xcom(*key, "tuning_job_name", task["map_index"])
        if not name:
            continue
        result = stack.api.xcom(*key, map_index=task["map_index"])
        found.append(
            TaskWithJob(*key, task["map_index"], str(task["state"]), int(task["try_number"]), name, result)
        )
    assert found, f"{dag_id} has no task that tunes"
    return found


def failures(stack: Stack, ended: dict[tuple[str, str], str]) -> str:
    """Return the logs of the tasks that have failed."""
    return "\n".join(
        f"--- {run} {task['task_id']}\n{stack.api.log(*run, task['task_id'], task['try_number'])[-3000:]}"
        for run, state in ended.items()
        if state != "success"
        for task in stack.api.tasks(*run)
        if task["state"] == "failed"
    )
