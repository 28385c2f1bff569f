"""What a training definition allows a training job: time, attempts, and being interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_hpt_provider.local.db.records import TrainingJob

MAX_RUNTIME_SECONDS = 86_400
"""Default where the definition gives none."""


def runtime_deadline(definition: Mapping[str, Any], job: TrainingJob, started_at: float) -> float:
    """When the present attempt is stopped. MaxRuntimeInSeconds counts all attempts together.

    Args:
        started_at: when the attempt began, as all times in seconds since the epoch.
    """
    limit = (definition.get("StoppingCondition") or {}).get("MaxRuntimeInSeconds") or MAX_RUNTIME_SECONDS
    return float(started_at + limit - job.billable_seconds)


def wait_deadline(definition: Mapping[str, Any], job: TrainingJob) -> float | None:
    """When a spot training job has waited and run for MaxWaitTimeInSeconds; None: there is no such limit."""
    limit = (definition.get("StoppingCondition") or {}).get("MaxWaitTimeInSeconds")
    return float(job.created_at + limit) if limit and is_spot(definition) else None


def retries(definition: Mapping[str, Any]) -> int:
    """Return the maximum number of attempts that follow internal errors."""
    return int((definition.get("RetryStrategy") or {}).get("MaximumRetryAttempts", 0))


def is_spot(definition: Mapping[str, Any]) -> bool:
    """Return whether the training job runs on spot capacity, which AWS may interrupt."""
    return bool(definition.get("EnableManagedSpotTraining"))


def change_time(now: float, job: TrainingJob) -> float:
    """Return the time of a change of a training job: not before its last one, though the clock may be set back."""
    return max(now, job.modified_at)
