"""One service, and tuning jobs for clients that know nothing of it but its address and key."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_hpt_provider.demo.service import LocalService

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/quick:1"
BUCKET = "real-clients"
ROLE = "arn:aws:iam::123456789012:role/tuning"
SCRIPT = Path(__file__).parent / "train.py"


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    folder = tmp_path_factory.mktemp("real-clients")
    images = folder / "images.toml"
    images.write_text(f'[[image]]\nmatch = "*/quick:*"\ncommand = ["{sys.executable}", "{SCRIPT}"]\n')
    with LocalService(folder / "data", images) as running:
        s3 = running.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="train/rows.csv", Body=b"1,2\n")
        yield running


@pytest.fixture
def environment(service: LocalService, tmp_path: Path) -> dict[str, str]:
    """What a program gets: local.env and a home of its own, nothing of this process's."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", **service.environment}


@pytest.fixture
def name() -> str:
    """Of a tuning job that is not there yet."""
    return f"job-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Path]:
    """Trials with the static hyperparameter ``gate`` run until this file is there."""
    path = tmp_path / "open"
    yield path
    path.touch()


def request(name: str, trials: int = 3, **static: str) -> dict[str, Any]:
    """A tuning job of so many quick trials with one channel of data."""
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "RandomSeed": 7,
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "objective"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": trials, "MaxParallelTrainingJobs": min(2, trials)},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]
            },
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {
                "TrainingImage": IMAGE,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "objective", "Regex": "objective=([0-9.]+);"}],
            },
            "InputDataConfig": [
                {
                    "ChannelName": "train",
                    "DataSource": {
                        "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/train/"}
                    },
                }
            ],
            "StaticHyperParameters": {"epochs": "1", **static},
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/models"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            "RoleArn": ROLE,
        },
    }
