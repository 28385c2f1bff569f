"""DAGs whose runs the scheduler starts, orders and ends: backfills, setups and teardowns, cleared upstreams."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import DAG, task
from quick_jobs import job

from airflow_hpt_provider.operators.tuning import (
    HyperParameterTuningJobOperator,
    StopHyperParameterTuningJobOperator,
)


def tune(task_id: str = "tune", seconds: str = "600", **kwargs: Any) -> HyperParameterTuningJobOperator:
    return HyperParameterTuningJobOperator(
        task_id=task_id, config=job(seconds=seconds), deferrable=True, poll_interval=1, **kwargs
    )


# It ends in the past: no run of it but by a backfill.
with DAG(
    "filled",
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    end_date=datetime(2026, 1, 10, tzinfo=UTC),
    catchup=False,
):
    tune(seconds="1", depends_on_past=True, wait_for_downstream=True)


@task
def quickly() -> None:
    """Succeeds."""


@task
def slowly() -> None:
    """Runs until it is killed."""
    time.sleep(600)


with DAG("torn_down", schedule=None):
    create = tune("create", wait_for_completion=False).as_setup()
    stop = StopHyperParameterTuningJobOperator(task_id="stop", tuning_job_name=create.output, poll_interval=1)
    create >> slowly() >> stop.as_teardown(setups=create)

with DAG("torn_around", schedule=None):
    made = quickly.override(task_id="make")().as_setup()
    made >> tune() >> quickly.override(task_id="clean")().as_teardown(setups=made)

with DAG("torn_by_tuning", schedule=None):
    made = quickly.override(task_id="make")().as_setup()
    made >> slowly() >> tune(seconds="3").as_teardown(setups=made)
