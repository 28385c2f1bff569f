"""A tuning job that is retried on each of the three levels."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.retries.strategy import TuningRetryStrategy

with DAG("retries", schedule=None) as dag:
    HyperParameterTuningJobOperator(
        task_id="tune",
        config="tuning.yaml",
        retry_strategy=TuningRetryStrategy(maximum_retry_attempts=2),
        timeout=timedelta(hours=12),
        max_billable_seconds=200_000,
        max_failed_training_jobs=10,
        on_budget_exceeded="use_best",
        retries=2,
    )
