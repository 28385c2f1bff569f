"""What the page gets of a tuning job, in one piece: by columns, which a thousand training jobs compress well in."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.models.constant_objective import constant_objective, constant_objective_warning
from airflow_hpt_provider.models.failure_groups import headline
from airflow_hpt_provider.models.secret_values import secrets_of, without_secrets
from airflow_hpt_provider.ui.parameters import parameters, value_of

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TrainingJobSummary, TuningJobDescription
    from airflow_hpt_provider.ui.parameters import Parameter

VERSION = 1


def document(
    description: TuningJobDescription,
    training_jobs: Sequence[TrainingJobSummary],
    metrics: Mapping[str, Mapping[str, float]] | None = None,
) -> dict[str, Any]:
    """Return a tuning job as JSON values. Times are seconds since 1970.

    ``metrics`` are the final values of each training job's metrics, by the training job's name.

    Neither static hyperparameters nor the environment are in it: they may hold what not everybody should read. Where a
    failure reason quotes one of the job's secrets, it is hidden.
    """
    searched = parameters(description, training_jobs)
    return {
        "version": VERSION,
        "job": {**_job(description), "warning": _warning(description, training_jobs)},
        "parameters": searched,
        **_training_jobs(description, training_jobs, searched, metrics or {}),
    }


def encode(value: Any) -> bytes:
    """As compact JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def seconds(moment: datetime | None) -> float | None:
    """Seconds since 1970, to a tenth."""
    return None if moment is None else round(moment.timestamp(), 1)


def finite(value: float | None) -> float | None:
    """Return a number that JSON can hold; None for NaN and infinities, which training scripts do print."""
    return value if value is not None and math.isfinite(value) else None


def _job(description: TuningJobDescription) -> dict[str, Any]:
    config, objective = description.hyper_parameter_tuning_job_config, description.objective_of()
    counters, limits = description.training_job_status_counters, config.resource_limits
    warm_start, best = description.warm_start_config, description.best_training_job
    overall = description.overall_best_training_job
    parents = warm_start.parent_hyper_parameter_tuning_jobs if warm_start else ()
    return {
        "name": description.name,
        "arn": description.hyper_parameter_tuning_job_arn,
        "status": str(description.status),
        "ended": description.is_terminal,
        "failure_reason": description.shown_failure_reason,
        "strategy": config.strategy,
        "early_stopping": config.training_job_early_stopping_type,
        "objective": objective and {"metric": objective.metric_name, "type": objective.type},
        "created_at": seconds(description.creation_time),
        "ended_at": seconds(description.hyper_parameter_tuning_end_time),
        "max_training_jobs": limits.max_number_of_training_jobs,
        "max_parallel": limits.max_parallel_training_jobs,
        "max_seconds": limits.max_runtime_in_seconds,
        "counters": {
            "completed": counters.completed or 0,
            "in_progress": counters.in_progress or 0,
            "failed": counters.failed,
            "stopped": counters.stopped or 0,
        },
        "best": best and best.training_job_name,
        "overall_best": overall
        and {
            "training_job": overall.training_job_name,
            "job": overall.tuning_job_name,
            "metric": overall.final_metric,
        },
        "warm_start": warm_start
        and {
            "type": warm_start.warm_start_type,
            "parents": [parent.hyper_parameter_tuning_job_name for parent in parents],
        },
        "instances": [_instances(definition) for definition in description.definitions],
    }


def _warning(description: TuningJobDescription, training_jobs: Sequence[TrainingJobSummary]) -> str | None:
    objective = description.objective_of()
    value = constant_objective((job.tuned_hyper_parameters, job.final_metric) for job in training_jobs)
    return (
        constant_objective_warning(objective.metric_name, value) if objective and value is not None else None
    )


def _instances(definition: Any) -> dict[str, Any]:
    resources = definition.resource_config
    return {
        "definition": definition.definition_name,
        "type": resources and resources.instance_type,
        "count": (resources and resources.instance_count) or 1,
    }


def _training_jobs(
    description: TuningJobDescription,
    training_jobs: Sequence[TrainingJobSummary],
    searched: Sequence[Parameter],
    metrics: Mapping[str, Mapping[str, float]],
) -> dict[str, Any]:
    given = [metrics.get(job.training_job_name, {}) for job in training_jobs]
    reasons: dict[str, int] = {}
    secrets = list(secrets_of(description))
    texts: list[str] = []
    headlines: list[str] = []
    reason_of: list[int | None] = []
    for job in training_jobs:
        if not job.failure_reason:
            reason_of.append(None)
            continue
        if job.failure_reason not in reasons:
            reasons[job.failure_reason] = len(reasons)
            texts.append(without_secrets(job.failure_reason, secrets))
            headlines.append(headline(texts[-1]))
        reason_of.append(reasons[job.failure_reason])
    return {
        "training_jobs": {
            "name": [job.training_job_name for job in training_jobs],
            "status": [str(job.training_job_status) for job in training_jobs],
            "metric": [finite(job.final_metric) for job in training_jobs],
            "created": [seconds(job.creation_time) for job in training_jobs],
            "started": [seconds(job.training_start_time) for job in training_jobs],
            "ended": [seconds(job.training_end_time) for job in training_jobs],
            "definition": [job.training_job_definition_name for job in training_jobs],
            "reason": reason_of,
            "values": {
                one["name"]: [
                    value_of(job.tuned_hyper_parameters.get(one["name"]), one) for job in training_jobs
                ]
                for one in searched
            },
            "metrics": {
                name: [finite(values.get(name)) for values in given]
                for name in sorted({name for values in given for name in values})
            },
        },
        "reasons": [{"text": text, "headline": line} for text, line in zip(texts, headlines, strict=True)],
    }
