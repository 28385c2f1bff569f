"""A tuning job and its training jobs as SageMaker answers them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_hpt_provider.models import TrainingJobSummary, TuningJobDescription

START = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)
DESCRIPTION = TuningJobDescription.model_validate(
    {
        "HyperParameterTuningJobName": "tune-1",
        "HyperParameterTuningJobArn": "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/tune-1",
        "HyperParameterTuningJobStatus": "InProgress",
        "CreationTime": START,
        "TrainingJobStatusCounters": {},
        "ObjectiveStatusCounters": {},
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "ResourceLimits": {"MaxParallelTrainingJobs": 1},
            "ParameterRanges": {
                "IntegerParameterRanges": [{"Name": "depth", "MinValue": "1", "MaxValue": "9"}],
                "ContinuousParameterRanges": [{"Name": "rate", "MinValue": "0", "MaxValue": "1"}],
                "CategoricalParameterRanges": [{"Name": "status", "Values": ["on", "off"]}],
            },
        },
    }
)


def described_with(*spaces: dict[str, Any]) -> TuningJobDescription:
    """The tuning job with a training job definition for each of these search spaces."""
    definitions = [
        {
            "DefinitionName": f"definition-{number}",
            "HyperParameterRanges": space,
            "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
            "RoleArn": "arn:aws:iam::123456789012:role/tuning",
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
            "StoppingCondition": {},
        }
        for number, space in enumerate(spaces)
    ]
    answer = DESCRIPTION.to_aws()
    del answer["HyperParameterTuningJobConfig"]["ParameterRanges"]
    return TuningJobDescription.model_validate({**answer, "TrainingJobDefinitions": definitions})


def span(low: str, high: str, **members: str) -> list[dict[str, Any]]:
    """One range, of the hyperparameter ``rate``."""
    return [{"Name": "rate", "MinValue": low, "MaxValue": high, **members}]


def trial(number: int, metric: float | None, **values: str) -> TrainingJobSummary:
    answer: dict[str, Any] = {
        "TrainingJobName": f"tune-1-{number:03}",
        "TrainingJobArn": f"arn:aws:sagemaker:us-east-1:123456789012:training-job/tune-1-{number:03}",
        "CreationTime": START,
        "TrainingJobStatus": "InProgress" if metric is None else "Completed",
        "TunedHyperParameters": values,
    }
    if metric is not None:
        answer |= {
            "TrainingStartTime": START,
            "TrainingEndTime": START + timedelta(seconds=90),
            "FinalHyperParameterTuningJobObjectiveMetric": {"MetricName": "auc", "Value": metric},
        }
    return TrainingJobSummary.model_validate(answer)
