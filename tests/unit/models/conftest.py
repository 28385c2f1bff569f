"""Requests and answers to start from; each test gets its own."""

import datetime as dt
from typing import Any

import pytest

NOW = dt.datetime(2026, 3, 1, 12, 30, tzinfo=dt.UTC)
ARN = "arn:aws:sagemaker:us-east-1:123456789012"


def definition(**members: Any) -> dict[str, Any]:
    return {
        "AlgorithmSpecification": {
            "TrainingImage": "registry.example/train:1",
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "rmse", "Regex": "rmse=([0-9.]+)"}],
        },
        "RoleArn": "arn:aws:iam::123456789012:role/tune",
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        "StaticHyperParameters": {"epochs": "3"},
        **members,
    }


@pytest.fixture
def config() -> dict[str, Any]:
    """A valid request with one definition, in AWS's names."""
    return {
        "HyperParameterTuningJobName": "demo-1",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "rmse"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 12, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": {
                "ContinuousParameterRanges": [
                    {"Name": "rate", "MinValue": "0.0001", "MaxValue": "0.1", "ScalingType": "Logarithmic"}
                ],
                "IntegerParameterRanges": [{"Name": "depth", "MinValue": "2", "MaxValue": "10"}],
                "CategoricalParameterRanges": [{"Name": "booster", "Values": ["gbtree", "dart"]}],
            },
        },
        "TrainingJobDefinition": definition(),
        "Tags": [{"Key": "team", "Value": "forecasting"}],
    }


@pytest.fixture
def several() -> dict[str, Any]:
    """A valid request with two definitions."""

    def one(name: str) -> dict[str, Any]:
        return definition(
            DefinitionName=name,
            TuningObjective={"Type": "Minimize", "MetricName": "rmse"},
            HyperParameterRanges={
                "ContinuousParameterRanges": [{"Name": "rate", "MinValue": "0", "MaxValue": "1"}]
            },
        )

    return {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 12, "MaxParallelTrainingJobs": 2},
        },
        "TrainingJobDefinitions": [one("linear"), one("trees")],
    }


@pytest.fixture
def summary() -> dict[str, Any]:
    """A training job as boto3 gives it."""
    return {
        "TrainingJobName": "demo-1-003-0e830ada",
        "TrainingJobArn": f"{ARN}:training-job/demo-1-003-0e830ada",
        "TuningJobName": "demo-1",
        "CreationTime": NOW,
        "TrainingStartTime": NOW + dt.timedelta(seconds=30),
        "TrainingEndTime": NOW + dt.timedelta(seconds=90),
        "TrainingJobStatus": "Completed",
        "TunedHyperParameters": {"rate": "0.01", "depth": "7", "booster": "dart"},
        "FinalHyperParameterTuningJobObjectiveMetric": {"MetricName": "rmse", "Value": 0.25},
        "ObjectiveStatus": "Succeeded",
    }


@pytest.fixture
def answer(config: dict[str, Any], summary: dict[str, Any]) -> dict[str, Any]:
    """DescribeHyperParameterTuningJob's answer as boto3 gives it."""
    return {
        **{name: value for name, value in config.items() if name != "Tags"},
        "HyperParameterTuningJobArn": f"{ARN}:hyper-parameter-tuning-job/demo-1",
        "HyperParameterTuningJobStatus": "Completed",
        "CreationTime": NOW,
        "HyperParameterTuningEndTime": NOW + dt.timedelta(minutes=9),
        "LastModifiedTime": NOW + dt.timedelta(minutes=9),
        "TrainingJobStatusCounters": {
            "Completed": 9,
            "InProgress": 0,
            "RetryableError": 1,
            "NonRetryableError": 1,
            "Stopped": 1,
        },
        "ObjectiveStatusCounters": {"Succeeded": 10, "Pending": 0, "Failed": 2},
        "BestTrainingJob": summary,
        "ConsumedResources": {"RuntimeInSeconds": 540},
        "ResponseMetadata": {"RequestId": "0e830ada", "HTTPStatusCode": 200},
    }
