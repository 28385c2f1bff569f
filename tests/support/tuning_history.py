"""A small tuning job with its training jobs, metrics and curves, as JSON and as the exporters take it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from airflow_hpt_provider.export.tuning_history import TuningHistory
from airflow_hpt_provider.hooks.metric_curves import CurveKey, MetricPoint
from airflow_hpt_provider.models import TrainingJobSummary, TuningJobDescription

START = datetime(2026, 11, 29, 12, tzinfo=UTC)
ARN = "arn:aws:sagemaker:us-east-1:123456789012"


def _training_job(number: int, status: str, **more: object) -> dict[str, object]:
    return {
        "TrainingJobName": f"exported-00{number}",
        "TrainingJobArn": f"{ARN}:training-job/exported-00{number}",
        "CreationTime": START.isoformat(),
        "TrainingStartTime": START.isoformat(),
        "TrainingEndTime": (START + timedelta(minutes=3)).isoformat(),
        "TrainingJobStatus": status,
        "TunedHyperParameters": {"rate": "0.1", "kind": '"a"'},
        **more,
    }


def history_as_json() -> str:
    """Return the responses of SageMaker and CloudWatch: one training job has completed, one has failed, one runs."""
    final = {"MetricName": "loss", "Value": 0.25}
    description = {
        "HyperParameterTuningJobName": "exported",
        "HyperParameterTuningJobArn": f"{ARN}:hyper-parameter-tuning-job/exported",
        "HyperParameterTuningJobStatus": "InProgress",
        "CreationTime": START.isoformat(),
        "TrainingJobStatusCounters": {"Completed": 1, "InProgress": 1, "NonRetryableError": 1},
        "ObjectiveStatusCounters": {"Succeeded": 1, "Pending": 1, "Failed": 1},
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 1},
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {"TrainingImage": "registry/x:1", "TrainingInputMode": "File"},
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            "RoleArn": "arn:aws:iam::123456789012:role/tune",
        },
    }
    running = _training_job(3, "InProgress")
    del running["TrainingEndTime"]
    return json.dumps(
        {
            "description": description,
            "training_jobs": [
                _training_job(1, "Completed", FinalHyperParameterTuningJobObjectiveMetric=final),
                _training_job(2, "Failed", FailureReason="AlgorithmError: no luck"),
                running,
            ],
            "final_metrics": {"exported-001": {"accuracy": 0.8}},
            "loss": [0.75, 0.5],
        }
    )


def history_from_json(text: str) -> TuningHistory:
    """Return the same as models."""
    read = json.loads(text)
    points = [
        MetricPoint(START + timedelta(minutes=minute), value) for minute, value in enumerate(read["loss"])
    ]
    return TuningHistory(
        TuningJobDescription.model_validate(read["description"]),
        [TrainingJobSummary.model_validate(each) for each in read["training_jobs"]],
        read["final_metrics"],
        {CurveKey("exported-001", "loss"): points},
    )
