"""One DAG for each operator, with as many mapped tasks as tuning jobs."""

from __future__ import annotations

import os
from typing import Any

from airflow.providers.amazon.aws.operators.sagemaker import SageMakerTuningOperator
from airflow.sdk import DAG

from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from tests.support.tuning_jobs import tuning_job

JOBS = int(os.environ["BENCH_JOBS"])
INTERVAL = 30
MANY: dict[str, Any] = {"schedule": None, "max_active_tasks": 2 * JOBS}


def config(name: str) -> dict[str, Any]:
    made = tuning_job("bench", trials=20) | {"HyperParameterTuningJobName": name}
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bench/data/"}}
    # SageMakerTuningOperator does not take a job without one.
    made["TrainingJobDefinition"]["InputDataConfig"] = [{"ChannelName": "train", "DataSource": source}]
    return made


with DAG("ours", **MANY):
    HyperParameterTuningJobOperator.partial(
        task_id="tune", deferrable=True, poll_interval=INTERVAL, max_active_tis_per_dag=2 * JOBS
    ).expand(config=[config(f"ours-{number}") for number in range(JOBS)])

with DAG("amazon", **MANY):
    SageMakerTuningOperator.partial(
        task_id="tune",
        deferrable=True,
        check_interval=INTERVAL,
        aws_conn_id="aws_default",
        max_active_tis_per_dag=2 * JOBS,
    ).expand(config=[config(f"amazon-{number}") for number in range(JOBS)])
