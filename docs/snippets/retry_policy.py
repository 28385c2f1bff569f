"""Airflow's own retries, by the reason of the failure (Airflow 3.3+)."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.retries.policy import TuningRetryPolicy

with DAG("retry_policy", schedule=None) as dag:
    HyperParameterTuningJobOperator(
        task_id="tune",
        config="tuning.yaml",
        retries=5,
        retry_policy=TuningRetryPolicy(capacity_delay=timedelta(minutes=30)),
    )
