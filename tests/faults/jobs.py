"""The tuning jobs of all runs, and the service that runs them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from airflow_hpt_provider.demo.processes import free_port
from airflow_hpt_provider.demo.service import LocalService

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/faults:1"
BUCKET = "faults"
SCRIPT = Path(__file__).parent / "training" / "train.py"


def start_service(folder: Path) -> LocalService:
    """`airflow-hpt local serve` with room for many training jobs that only sleep.

    At a port of its own: whoever knows it finds it there again after a kill.
    """
    images = folder / "images.toml"
    images.write_text(f'[[image]]\nmatch = "*/faults:*"\ncommand = ["{sys.executable}", "-S", "{SCRIPT}"]\n')
    service = LocalService(folder / "data", images, ["--max-parallel", "64", "--port", str(free_port())])
    service.start()
    service.client("s3").create_bucket(Bucket=BUCKET)
    return service


def job_config(**static: str) -> dict[str, Any]:
    """A tuning job of two training jobs side by side."""
    return {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "objective"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2},
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
            "StaticHyperParameters": {"seconds": "3", **static},
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/models"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 1200},
            "RoleArn": "arn:aws:iam::123456789012:role/tuning",
        },
    }
