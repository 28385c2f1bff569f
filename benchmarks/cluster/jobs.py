"""The tuning jobs of both operators' DAGs, each in a file of its own: no task imports the other operator."""

from __future__ import annotations

import os
from typing import Any

from tests.support.tuning_jobs import tuning_job

JOBS = int(os.environ["BENCH_JOBS"])
INTERVAL = 30
AT_ONCE = 2 * JOBS
MANY: dict[str, Any] = {"schedule": None, "max_active_tasks": AT_ONCE}


def configs(who: str) -> list[dict[str, Any]]:
    """Return the requests of all tuning jobs, named after the operator."""
    return [_config(f"{who}-{number}") for number in range(JOBS)]


def _config(name: str) -> dict[str, Any]:
    made = tuning_job("bench", trials=20) | {"HyperParameterTuningJobName": name}
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bench/data/"}}
    # SageMakerTuningOperator does not take a job without one.
    made["TrainingJobDefinition"]["InputDataConfig"] = [{"ChannelName": "train", "DataSource": source}]
    return made
