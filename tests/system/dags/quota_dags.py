"""A DAG whose tuning job waits for a quota when another one is in progress."""

from __future__ import annotations

from airflow.sdk import DAG, Param
from quick_jobs import job

from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator

with DAG("quota", schedule=None, params={"seconds": Param("600", type="string")}):
    HyperParameterTuningJobOperator(
        task_id="tune",
        config=job(seconds="{{ params.seconds }}"),
        deferrable=True,
        poll_interval=1,
        on_resource_limit="wait",
    )
