"""Run as a program, in the environment of a private Airflow: tasks that make tuning jobs, and some that do not.

What they leave in Airflow's database is what the page reads. Prints the run ids as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from airflow.models.renderedtifields import RenderedTaskInstanceFields
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.models.xcom import XComModel
from airflow.sdk import DAG, task
from airflow.utils.session import create_session
from sqlalchemy import delete, select

from airflow_hpt_provider.config.loading import validate
from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
from airflow_hpt_provider.models import Continuous
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
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


THIEF = {
    "aws_conn_id": "aws_default",
    "region_name": None,
    "verify": False,
    "botocore_config": {"proxies": {"http": os.environ.get("HPT_TEST_THIEF", "")}},
}
"""What an attacker writes into an XCom, so that requests and credentials go to a program of his."""


@task
def stolen(ti: Any = None) -> None:
    """Leaves the XComs of a tuning task; as a user may write them who may edit XComs."""
    ti.xcom_push(key="tuning_job_name", value="mine")
    ti.xcom_push(key="tuning_connection", value=THIEF)


@task
def nothing() -> None:
    """Makes no tuning job."""


def waits(task_id: str, tuning_job_name: str = "outside", **arguments: Any) -> None:
    """A sensor whose job has ended when it starts."""
    HyperParameterTuningJobSensor(
        task_id=task_id, tuning_job_name=tuning_job_name, deferrable=False, poke_interval=0.5, **arguments
    )


class DerivedOperator(HyperParameterTuningJobOperator):
    """A DAG author's own class."""


GATE = os.environ.get("HPT_TEST_GATE", "")

with DAG("theirs", schedule=None) as theirs:
    HyperParameterTuningJobOperator(
        task_id="tune", config=job("theirs", note="their-secret"), deferrable=False, poll_interval=0.5
    )

with DAG("mine", schedule=None) as mine:
    HyperParameterTuningJobOperator(
        task_id="tune", config=job("mine", gate=GATE), deferrable=False, wait_for_completion=False
    )
    DerivedOperator(
        task_id="child",
        config=child_of("theirs", "child", GATE),
        deferrable=False,
        wait_for_completion=False,
    )
    unnamed = job("", gate=GATE)
    del unnamed["HyperParameterTuningJobName"]
    HyperParameterTuningJobOperator(
        task_id="derived", config=unnamed, deferrable=False, wait_for_completion=False, aws_conn_id="denied"
    )
    waits("borrowed", "theirs")
    waits("throttled", "theirs", aws_conn_id="throttled")
    waits("denied", "theirs", aws_conn_id="denied")
    waits("outside")
    waits("claims")
    waits("deleted")
    waits("guessed")
    waits("forgotten")
    waits("templated", aws_conn_id="{{ 'aws_default' }}")
    waits("no_connection", aws_conn_id="workers_only")
    stolen()
    nothing()

with DAG("quiet", schedule=None) as quiet:
    waits("silent", aws_conn_id="silent")

OUTSIDE = ("outside", "outside-too")
"""Jobs without tags of the provider."""
XCOMS: dict[str, dict[str, Any]] = {
    "claims": {"tuning_job_name": "outside-too"},
    "deleted": {"tuning_job_name": "never-made"},
    "guessed": {"tuning_job_name": "theirs"},
    "forgotten": {"tuning_connection": THIEF},
    "templated": {"tuning_connection": THIEF},
}
"""What users have made of XComs, by task of DAG ``mine``."""
FORGOTTEN = ("forgotten", "templated")
"""Tasks whose rendered fields Airflow no longer has."""

WAITS = {
    "marked": {"stop_on_kill": True},
    "kept": {"stop_on_kill": False},
    "cleared": {"stop_on_kill": True},
    "unmarked": {"stop_on_kill": True},
    "not-mine": {"stop_on_kill": True, "tuning_job_name": "mine"},
    "lost": {"stop_on_kill": True, "aws_conn_id": "no_such_connection"},
    "throttled": {"stop_on_kill": True, "tuning_job_name": "mine", "aws_conn_id": "throttled"},
    "denied": {"stop_on_kill": True, "tuning_job_name": "mine", "aws_conn_id": "denied"},
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

ON_WORKERS = {
    "on-worker": {},
    "kept-on-worker": {"stop_on_kill": False},
    "not-waited-for": {},
    "foreign-on-worker": {},
    "cleared-on-worker": {},
}
"""Tasks of DAG ``on_workers``, and their arguments."""

with DAG("on_workers", schedule=None) as on_workers:
    for name, arguments in ON_WORKERS.items():
        HyperParameterTuningJobOperator(
            task_id=name,
            config=job(name, gate=GATE),
            deferrable=False,
            wait_for_completion=False,
            **arguments,
        )

with DAG("on_worker_run", schedule=None) as on_worker_run:
    HyperParameterTuningJobOperator(
        task_id="of-worker-run",
        config=job("of-worker-run", gate=GATE),
        deferrable=False,
        wait_for_completion=False,
    )


def wait_on_workers(run: Any) -> None:
    """Leave a run's tasks as ones that wait for their tuning jobs on workers, which have been lost."""
    fields = RenderedTaskInstanceFields
    with create_session() as session:
        for instance in session.scalars(select(TaskInstance).where(TaskInstance.run_id == run.run_id)):
            instance.state = "running"
        for row in session.scalars(select(fields).where(fields.run_id == run.run_id)):
            assert row.rendered_fields["wait_for_completion"] is False
            if row.task_id != "not-waited-for":
                row.rendered_fields = {**row.rendered_fields, "wait_for_completion": True}
        if run.dag_id == "on_workers":
            XComModel.set(
                "tuning_job_name",
                "mine",
                dag_id=run.dag_id,
                task_id="foreign-on-worker",
                run_id=run.run_id,
                session=session,
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


def create_outside() -> None:
    """Create jobs as another program than Airflow does."""
    hook = HyperParameterTuningHook(aws_conn_id="aws_default")
    for name in OUTSIDE:
        hook.create(validate(job(name), ""))


def tamper(run: Any) -> None:
    """Change XComs as users may who may edit the DAG's XComs, and forget rendered fields as Airflow does."""
    with create_session() as session:
        for task_id, values in XCOMS.items():
            for key, value in values.items():
                XComModel.set(
                    key, value, dag_id=run.dag_id, task_id=task_id, run_id=run.run_id, session=session
                )
        fields = RenderedTaskInstanceFields
        session.execute(delete(fields).where(fields.dag_id == run.dag_id, fields.task_id.in_(FORGOTTEN)))


if __name__ == "__main__":
    create_outside()
    # DAG ``theirs`` first: its job is the child's parent, which has to have ended
    done = [dag.test() for dag in (theirs, mine, waiting, waiting_run, on_workers, on_worker_run, quiet)]
    tamper(done[1])
    assert all(run.state == "success" for run in done), done
    runs = {run.dag_id: run.run_id for run in done}
    for task_id, arguments in WAITS.items():
        defer(done[2], task_id, **arguments)
    defer(done[3], "of-run", stop_on_kill=True)
    for run in done[4:6]:
        wait_on_workers(run)
    sys.stdout.write(f"\nRUNS {json.dumps(runs)}\n")
