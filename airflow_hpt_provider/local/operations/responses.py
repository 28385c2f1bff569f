"""Rows of the store as SageMaker's answers, in AWS names."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.db.records import RUNNING, MetricRow, TrainingJob, Transition, TuningJob
from airflow_hpt_provider.local.engine.plan import OBJECTIVE_METRIC, resource_config
from airflow_hpt_provider.local.runners.data.artifacts import output_uri
from airflow_hpt_provider.models.algorithms import find_algorithm, with_known_metrics
from airflow_hpt_provider.models.float32 import float32

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def moment(seconds: float) -> datetime:
    """Return a time of the store as a datetime."""
    return datetime.fromtimestamp(seconds, UTC)


def present(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the structure without the members that have no value."""
    return {name: value for name, value in answer.items() if value is not None}


def _when(seconds: float | None) -> datetime | None:
    return None if seconds is None else moment(seconds)


def _tuning_job_core(job: TuningJob) -> dict[str, Any]:
    return {
        "HyperParameterTuningJobName": job.name,
        "HyperParameterTuningJobArn": job.arn,
        "HyperParameterTuningJobStatus": job.status,
        "CreationTime": moment(job.created_at),
        "HyperParameterTuningEndTime": _when(job.ended_at),
        "LastModifiedTime": moment(job.modified_at),
        **job.counters,
    }


def tuning_job_summary(job: TuningJob) -> dict[str, Any]:
    """Return an entry of ListHyperParameterTuningJobs."""
    limits = job.request["HyperParameterTuningJobConfig"]["ResourceLimits"]
    return present(_tuning_job_core(job) | {"Strategy": job.strategy, "ResourceLimits": limits})


def tuning_job(
    job: TuningJob, *, now: float, best: TrainingJob | None, overall_best: TrainingJob | None
) -> dict[str, Any]:
    """Return the response of DescribeHyperParameterTuningJob."""
    request = job.request
    config = {"TrainingJobEarlyStoppingType": "Off", **request["HyperParameterTuningJobConfig"]}
    definition, definitions = request.get("TrainingJobDefinition"), request.get("TrainingJobDefinitions")
    return present(
        _tuning_job_core(job)
        | {
            "HyperParameterTuningJobConfig": config,
            "TrainingJobDefinition": _described(definition, config) if definition else None,
            "TrainingJobDefinitions": [_described(each, config) for each in definitions]
            if definitions
            else None,
            "BestTrainingJob": _best_training_job(best) if best else None,
            "OverallBestTrainingJob": (
                _best_training_job(overall_best) | {"TuningJobName": overall_best.tuning_job_name}
                if overall_best
                else None
            ),
            "WarmStartConfig": request.get("WarmStartConfig"),
            "Autotune": request.get("Autotune"),
            "FailureReason": job.failure_reason,
            "TuningJobCompletionDetails": present(
                {
                    "NumberOfTrainingJobsObjectiveNotImproving": job.not_improving,
                    "ConvergenceDetectedTime": _when(job.converged_at),
                }
            ),
            "ConsumedResources": {"RuntimeInSeconds": _elapsed(job.created_at, job.ended_at or now)},
        }
    )


def _described(definition: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a training definition as SageMaker shows it: with the name of the objective among its hyperparameters."""
    objective = definition.get("TuningObjective") or config["HyperParameterTuningJobObjective"]
    static = dict(definition.get("StaticHyperParameters") or {}) | {OBJECTIVE_METRIC: objective["MetricName"]}
    switches = {
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
    }
    described = {**switches, **definition, "StaticHyperParameters": static}
    specification = definition["AlgorithmSpecification"]
    if find_algorithm(specification.get("TrainingImage") or "") is not None:
        described["AlgorithmSpecification"] = with_known_metrics(
            specification, static, objective["MetricName"]
        )
    # The SageMaker SDK always sends a HyperParameterTuningResourceConfig, and its attach() reads ResourceConfig.
    tuned = definition.get("HyperParameterTuningResourceConfig") or {}
    if "InstanceType" in tuned and "ResourceConfig" not in definition:
        described["ResourceConfig"] = resource_config(tuned)
    return described


def tuned_training_job(job: TrainingJob) -> dict[str, Any]:
    """Return an entry of ListTrainingJobsForHyperParameterTuningJob; BestTrainingJob."""
    objective = None
    if job.objective_value is not None:
        objective = {
            "Type": job.objective_type,
            "MetricName": job.objective_metric,
            "Value": job.objective_value,
        }
    return present(
        {
            "TrainingJobDefinitionName": job.definition_name,
            "TrainingJobName": job.name,
            "TrainingJobArn": job.arn,
            "CreationTime": moment(job.created_at),
            "TrainingStartTime": _when(job.started_at),
            "TrainingEndTime": _when(job.ended_at),
            "TrainingJobStatus": job.status,
            "TunedHyperParameters": dict(job.tuned),
            "FailureReason": job.failure_reason,
            "FinalHyperParameterTuningJobObjectiveMetric": objective,
            "ObjectiveStatus": job.objective_status,
        }
    )


def _best_training_job(job: TrainingJob) -> dict[str, Any]:
    """Return a training job as Describe shows it: without the objective's Type, as in all recorded responses."""
    summary = tuned_training_job(job)
    objective = summary["FinalHyperParameterTuningJobObjectiveMetric"]
    return summary | {
        "FinalHyperParameterTuningJobObjectiveMetric": {
            "MetricName": objective["MetricName"],
            "Value": objective["Value"],
        }
    }


def training_job_summary(job: TrainingJob, training_plan_arn: str | None) -> dict[str, Any]:
    """Return an entry of ListTrainingJobs."""
    return present(
        {
            "TrainingJobName": job.name,
            "TrainingJobArn": job.arn,
            "CreationTime": moment(job.created_at),
            "TrainingEndTime": _when(job.ended_at),
            "LastModifiedTime": moment(job.modified_at),
            "TrainingJobStatus": job.status,
            "SecondaryStatus": job.secondary_status,
            "TrainingPlanArn": training_plan_arn,
        }
    )


def training_job(
    job: TrainingJob,
    definition: Mapping[str, Any],
    *,
    transitions: Sequence[Transition],
    metrics: Sequence[MetricRow],
) -> dict[str, Any]:
    """Return the response of DescribeTrainingJob."""
    ended = job.status not in RUNNING
    defaults = {
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
    }
    return present(
        {
            **defaults,
            **definition,
            # SageMaker says "" for no key, and the SageMaker SDK's attach() reads it.
            "OutputDataConfig": {"KmsKeyId": "", **definition["OutputDataConfig"]},
            "TrainingJobName": job.name,
            "TrainingJobArn": job.arn,
            "TuningJobArn": job.tuning_job_arn,
            "HyperParameters": dict(job.hyperparameters),
            "ModelArtifacts": {"S3ModelArtifacts": job.model_artifact or _expected_artifact(job, definition)},
            "TrainingJobStatus": job.status,
            "SecondaryStatus": job.secondary_status,
            "FailureReason": job.failure_reason,
            "CreationTime": moment(job.created_at),
            "TrainingStartTime": _when(job.started_at),
            "TrainingEndTime": _when(job.ended_at),
            "LastModifiedTime": moment(job.modified_at),
            "SecondaryStatusTransitions": [_transition(each) for each in transitions],
            "FinalMetricDataList": [_metric(each) for each in metrics] if metrics else None,
            "TrainingTimeInSeconds": (
                math.ceil(max(0.0, (job.ended_at or 0) - job.started_at))
                if ended and job.started_at
                else None
            ),
            "BillableTimeInSeconds": math.ceil(job.billable_seconds) if ended and job.started_at else None,
        }
    )


def _elapsed(start: float, end: float) -> int:
    """Return the whole seconds between two times; 0 if the machine's clock was set back in between."""
    return max(0, int(end - start))


def _expected_artifact(job: TrainingJob, definition: Mapping[str, Any]) -> str:
    """Where the model is to be."""
    compressed = definition["OutputDataConfig"].get("CompressionType", "GZIP") != "NONE"
    return str(output_uri(job.name, definition) / ("model.tar.gz" if compressed else "model"))


def _transition(transition: Transition) -> dict[str, Any]:
    return present(
        {
            "Status": transition.status,
            "StartTime": moment(transition.started_at),
            "EndTime": _when(transition.ended_at),
            "StatusMessage": transition.message,
        }
    )


def _metric(metric: MetricRow) -> dict[str, Any]:
    return {"MetricName": metric.name, "Value": float32(metric.value), "Timestamp": moment(metric.at)}
