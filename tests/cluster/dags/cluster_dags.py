"""One DAG for each way of waiting; each task is tried again when it fails."""

from __future__ import annotations

import json
import os
import time
import warnings
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, task

from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor

JOBS = json.loads(os.environ["CLUSTER_JOBS"])
"""The config of a tuning job for each suffix of a DAG, such as ``_minute``."""
RETRIES: dict[str, Any] = {"retries": 6, "retry_delay": timedelta(seconds=5)}
MANY: dict[str, Any] = {"schedule": None, "max_active_runs": 400, "max_active_tasks": 400}
USE_BEST = ("", "_minute", "_halves")
CONNECTIONS = ("edited", "deleted", "rotated")
"""Connections that the tests change; they are in Airflow's database."""


def operator_dag(dag_id: str, **arguments: Any) -> None:
    with DAG(dag_id, **MANY):
        HyperParameterTuningJobOperator(task_id="tune", poll_interval=1, **(RETRIES | arguments))


for mode in ("sync", "deferrable"):
    defers = mode == "deferrable"
    for length, config in JOBS.items():
        operator_dag(f"{mode}{length}", config=config, deferrable=defers)
        if length in USE_BEST:
            operator_dag(f"{mode}{length}_use_best", config=config, deferrable=defers, on_stopped="use_best")
    for name in CONNECTIONS:
        operator_dag(f"{mode}_{name}", config=JOBS["_two_minutes"], deferrable=defers, aws_conn_id=name)
operator_dag("sync_three_minutes_once", config=JOBS["_three_minutes"], deferrable=False, retries=0)

SENSORS: dict[str, dict[str, Any]] = {
    "poke": {"deferrable": False},
    "reschedule": {"deferrable": False, "mode": "reschedule"},
    "deferred": {"deferrable": True},
    "start_from_trigger": {"start_from_trigger": True},
    "finish_in_triggerer": {"start_from_trigger": True, "finish_in_triggerer": True},
}
for name, options in SENSORS.items():
    with DAG(f"sensor_{name}", **MANY):
        create = HyperParameterTuningJobOperator(
            task_id="tune", config=JOBS[""], deferrable=True, wait_for_completion=False, **RETRIES
        )
        create >> HyperParameterTuningJobSensor(
            task_id="wait",
            tuning_job_name="{{ ti.xcom_pull(task_ids='tune', key='tuning_job_name') }}",
            poke_interval=20 if name == "reschedule" else 1,
            **options,
            **RETRIES,
        )

with warnings.catch_warnings(), DAG("many_sensors", params={"job": Param("a-job", type="string")}, **MANY):
    warnings.simplefilter("ignore")  # that some of them start on a worker
    for number in range(60):
        HyperParameterTuningJobSensor(
            task_id=f"wait_{number}",
            tuning_job_name="{{ params.job }}",
            poke_interval=5,
            start_from_trigger=True,
            finish_in_triggerer=True,
        )


@task
def fail_as_soon_as_the_other_is_deferred(ti: Any = None) -> None:
    """Fail, which ends all tasks of the DAG run."""
    asked = {"dag_id": ti.dag_id, "task_ids": ["tune"], "run_ids": [ti.run_id]}
    while ti.get_task_states(**asked).get(ti.run_id, {}).get("tune") != "deferred":
        time.sleep(1)
    raise RuntimeError("as the test wants it")


with DAG("fail_fast", fail_fast=True, **MANY):
    HyperParameterTuningJobOperator(task_id="tune", config=JOBS["_long"], deferrable=True, poll_interval=1)
    fail_as_soon_as_the_other_is_deferred()
