"""One training job as the page shows it: what DescribeTrainingJob knows beyond the tuning job's list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.links.console import s3_object_url, training_job_logs_url, training_job_url
from airflow_hpt_provider.models.secret_values import without_secrets
from airflow_hpt_provider.ui.curves import OBJECTIVE
from airflow_hpt_provider.ui.document import finite, seconds
from airflow_hpt_provider.ui.training_config import hidden_names, to_yaml

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TrainingJobSummary


def training_job(
    answer: Mapping[str, Any], summary: TrainingJobSummary, *, is_aws: bool, secrets: Iterable[str] = ()
) -> dict[str, Any]:
    """Return a training job as JSON values. Times are seconds since 1970.

    Neither the values of static hyperparameters nor those of environment variables are in it: see
    :func:`airflow_hpt_provider.ui.document.document`.

    Args:
        answer: DescribeTrainingJob's.
        summary: of the same training job, in its tuning job's list.
        is_aws: whether the console shows it.
        secrets: those of the tuning job, which no text shows.
    """
    secrets = list(secrets)
    name, arn = answer["TrainingJobName"], answer["TrainingJobArn"]
    artifact = (answer.get("ModelArtifacts") or {}).get("S3ModelArtifacts")
    return {
        "name": name,
        "arn": arn,
        "status": answer["TrainingJobStatus"],
        "secondary_status": answer.get("SecondaryStatus"),
        "failure_reason": _hidden(answer.get("FailureReason"), secrets),
        "created": seconds(answer.get("CreationTime")),
        "started": seconds(answer.get("TrainingStartTime")),
        "ended": seconds(answer.get("TrainingEndTime")),
        "training_seconds": answer.get("TrainingTimeInSeconds"),
        "billable_seconds": answer.get("BillableTimeInSeconds"),
        "spot": bool(answer.get("EnableManagedSpotTraining")),
        "machine": _machine(answer.get("ResourceConfig") or {}),
        "max_seconds": (answer.get("StoppingCondition") or {}).get("MaxRuntimeInSeconds"),
        "image": _algorithm(answer),
        "metrics": [
            {"name": one["MetricName"], "value": finite(one["Value"]), "at": seconds(one.get("Timestamp"))}
            for one in answer.get("FinalMetricDataList") or ()
        ],
        "curve_metrics": _metric_names(answer),
        "transitions": [
            {
                "status": one["Status"],
                "started": seconds(one.get("StartTime")),
                "ended": seconds(one.get("EndTime")),
                "message": _hidden(one.get("StatusMessage"), secrets),
            }
            for one in answer.get("SecondaryStatusTransitions") or ()
        ],
        "hidden": hidden_names(answer, summary),
        "artifact": artifact,
        "links": _links(arn, name, artifact) if is_aws else {},
        "config": to_yaml(answer, summary),
    }


def _hidden(text: str | None, secrets: list[str]) -> str | None:
    return text and without_secrets(text, secrets)


def _metric_names(answer: Mapping[str, Any]) -> list[str]:
    """Return the names of the metrics that CloudWatch may have: those defined, and those that have a final value."""
    defined = (answer.get("AlgorithmSpecification") or {}).get("MetricDefinitions") or ()
    names = [one["Name"] for one in defined] + [
        one["MetricName"] for one in answer.get("FinalMetricDataList") or ()
    ]
    return [name for name in dict.fromkeys(names) if name != OBJECTIVE]


def _machine(resources: Mapping[str, Any]) -> dict[str, Any]:
    groups = resources.get("InstanceGroups") or [resources]
    return {
        "instances": [
            {"type": one.get("InstanceType"), "count": one.get("InstanceCount") or 1} for one in groups
        ],
        "volume_gb": resources.get("VolumeSizeInGB"),
    }


def _algorithm(answer: Mapping[str, Any]) -> str | None:
    algorithm = answer.get("AlgorithmSpecification") or {}
    image: str | None = algorithm.get("TrainingImage") or algorithm.get("AlgorithmName")
    return image


def _links(arn: str, name: str, artifact: str | None) -> dict[str, str]:
    links = {"console": training_job_url(arn, name), "logs": training_job_logs_url(arn, name)}
    if artifact:
        links["artifact"] = s3_object_url(arn, artifact)
    return links
