"""The tuning job that most tests create on a local tuning service, and the image that it trains with.

A test says what matters to it and takes the rest from here. Each call makes a new dict, which the test may change.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/quick:1"
ROLE = "arn:aws:iam::123456789012:role/tuning"


def tuning_job(bucket: str, *, trials: int = 4, parallel: int = 2, **static: str) -> dict[str, Any]:
    """A request without a name: a random search of ``x`` from 0 to 1 for the smallest ``objective``.

    The objective is read from lines such as ``objective=0.25;``. The seed is fixed: each run tries the same points.

    Args:
        bucket: where models go, to ``models/``.
        trials: how many training jobs.
        parallel: how many of them at a time, at most.
        static: static hyperparameters; without any the request has no such member.
    """
    definition = {
        "AlgorithmSpecification": {
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "objective", "Regex": "objective=([-+.0-9e]+);"}],
        },
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        "RoleArn": ROLE,
    }
    return {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "RandomSeed": 7,
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "objective"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": trials, "MaxParallelTrainingJobs": parallel},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]
            },
        },
        "TrainingJobDefinition": {**definition, **({"StaticHyperParameters": static} if static else {})},
    }


def ended_job(sagemaker: Any, name: str) -> dict[str, Any]:
    """Wait for the end of a tuning job, and return its description."""
    return _ended(
        lambda: sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name),
        "HyperParameterTuningJobStatus",
    )


def ended_training_job(sagemaker: Any, name: str) -> dict[str, Any]:
    """Wait for the end of a training job, and return its description."""
    return _ended(lambda: sagemaker.describe_training_job(TrainingJobName=name), "TrainingJobStatus")


def _ended(describe: Callable[[], dict[str, Any]], status: str) -> dict[str, Any]:
    deadline = time.monotonic() + 240
    while (job := describe())[status] in ("InProgress", "Stopping"):
        assert time.monotonic() < deadline, job
        time.sleep(0.05)
    return job


def images_file(folder: Path, script: Path, *options: str) -> Path:
    """A file for ``airflow-hpt local serve --images`` in a folder: :data:`IMAGE` stands for a script.

    Args:
        folder: where the file goes; it must exist.
        script: what each training job runs with this Python.
        options: Python's own, such as ``-S``.
    """
    command = json.dumps([sys.executable, *options, str(script)])
    file = folder / "images.toml"
    file.write_text(f'[[image]]\nmatch = "*/quick:*"\ncommand = {command}\n')
    return file
