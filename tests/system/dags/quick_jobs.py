"""The tuning jobs of the system tests."""

from __future__ import annotations

from typing import Any

from airflow_hpt_provider.models import Continuous


def job(**static: str) -> dict[str, Any]:
    """A tuning job of four runs of training/quick.py; ``static`` are further arguments of the script."""
    return {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "objective"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": {"position": Continuous(0, 10)},
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {
                "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/quick:1",
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "objective", "Regex": "objective=([-+.0-9e]+)"}],
            },
            "StaticHyperParameters": {
                "sagemaker_program": "quick.py",
                "sagemaker_submit_directory": "s3://hpt-demo/system/sourcedir.tar.gz",
                **static,
            },
            "OutputDataConfig": {"S3OutputPath": "s3://hpt-demo/system/models"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            "RoleArn": "arn:aws:iam::123456789012:role/sagemaker",
        },
    }
