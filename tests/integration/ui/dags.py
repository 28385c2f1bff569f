"""Run as a program, in the environment of a private Airflow: tasks that make tuning jobs, and some that do not.

What they leave in Airflow's database is what the page reads. Prints the run ids as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.sdk import DAG, task
from airflow.utils.session import create_session
from sqlalchemy import select

from airflow_hpt_provider.models import Continuous
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger
from tests.support.tuning_jobs import tuning_job


def job(name: str, **static: str) -> dict[str, Any]:
    made = tuning_job(
        "tuning-tests", trials=2, parallel=1, **{"fail": "never", "gate": "", "note": "none", **static}
    )
    made["HyperParameterTuningJobConfig"]["ParameterRanges"] = {"x": Continuous(0.001, 1, log=True)}
    return {"HyperParameterTuningJobName": name, **made}


def child_of(parent: str, name: str, gate: str) -> dict[str, Any]:
    warm_start = {
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": parent}],
        "WarmStartType": "IdenticalDataAndAlgorithm",
    }
    return {**job(name, gate=gate), "WarmStartConfig": warm_start}


@task
def names(tuning_job_name: str, aws_conn_id: str, ti: Any = None) -> None:
    """An XCom that names somebody else's job, as whoever may edit XComs can write it."""
    ti.xcom_push(key="tuning_job_name", value=tuning_job_name)
    ti.xcom_push(key="tuning_connection", value={"aws_conn_id": aws_conn_id, "region_name": None})


@task
def nothing() -> None:
    """Makes no tuning job."""


GATE = os.environ.get("HPT_TEST_GATE", "")

with DAG("theirs", schedule=None) as theirs:
    HyperParameterTuningJobOperator(
        task_id="tune", config=job("theirs", note="their-secret"), deferrable=False, poll_interval=0.5
    )

with DAG("mine", schedule=None) as mine:
    HyperParameterTuningJobOperator(
        task_id="tune", config=job("mine", gate=GATE), deferrable=False, wait_for_completion=False
    )
    HyperParameterTuningJobOperator(
        task_id="child",
        config=child_of("theirs", "child", GATE),
        deferrable=False,
        wait_for_completion=False,
    )
    names.override(task_id="borrowed")("theirs", "aws_default")
    names.override(task_id="deleted")("never-made", "aws_default")
    names.override(task_id="no_connection")("mine", "no_such_connection")
    nothing()

WAITS = {
    "marked": {"stop_on_kill": True},
    "kept": {"stop_on_kill": False},
    "cleared": {"stop_on_kill": True},
    "unmarked": {"stop_on_kill": True},
    "not-mine": {"stop_on_kill": True, "tuning_job_name": "mine"},
    "lost": {"stop_on_kill": True, "aws_conn_id": "no_such_connection"},
}
"""Tasks of DAG ``waiting``, and their triggers' arguments."""

with DAG("waiting", schedule=None) as waiting:
    for name in WAITS:
        HyperParameterTuningJobOperator(
            task_id=name, config=job(name, gate=GATE), deferrable=False, wait_for_completion=False
        )

with DAG("waiting_run", schedule=None) as waiting_run:
    HyperParameterTuningJobOperator(
        task_id="of-run", config=job("of-run", gate=GATE), deferrable=False, wait_for_completion=False
    )


def defer(run: Any, task_id: str, **arguments: Any) -> None:
    """Leave a task as one that waits for its tuning job in the triggerer; there is none here."""
    trigger = HyperParameterTuningJobTrigger(**{"tuning_job_name": task_id, **arguments})
    with create_session() as session:
        row = Trigger.from_object(trigger)
        session.add(row)
        session.flush()
        instance = session.scalars(
            select(TaskInstance).where(
                TaskInstance.dag_id == run.dag_id,
                TaskInstance.run_id == run.run_id,
                TaskInstance.task_id == task_id,
            )
        ).one()
        instance.state, instance.trigger_id = "deferred", row.id


if __name__ == "__main__":
    # theirs first: its job is the child's parent, which has to have ended
    done = [dag.test() for dag in (theirs, mine, waiting, waiting_run)]
    assert all(run.state == "success" for run in done), done
    runs = {run.dag_id: run.run_id for run in done}
    for task_id, arguments in WAITS.items():
        defer(done[2], task_id, **arguments)
    defer(done[3], "of-run", stop_on_kill=True)
    sys.stdout.write(f"\nRUNS {json.dumps(runs)}\n")
