"""Rows as objects."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

RUNNING = ("InProgress", "Stopping")
"""The statuses of a job that has not ended."""


class _Row:
    """Built from a row by column name; columns in ``_json`` are decoded."""

    _json: frozenset[str] = frozenset()

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        names = [field.name for field in fields(cls)]  # type: ignore[arg-type]
        return cls(**{name: json.loads(row[name]) if name in cls._json else row[name] for name in names})


@dataclass(frozen=True, slots=True)
class TuningJob(_Row):
    """A tuning job; the columns are explained in ``migrations/``."""

    _json = frozenset({"request"})

    id: int
    name: str
    arn: str
    status: str
    strategy: str
    request: Mapping[str, Any]
    seed: int
    created_at: float
    modified_at: float
    ended_at: float | None
    failure_reason: str | None
    ending: str | None
    launched: int
    not_improving: int
    converged_at: float | None
    completed: int
    in_progress: int
    retryable_error: int
    non_retryable_error: int
    stopped: int
    objective_succeeded: int
    objective_pending: int
    objective_failed: int

    @property
    def counters(self) -> dict[str, dict[str, int]]:
        """Both groups of counters, as SageMaker names them."""
        return {
            "TrainingJobStatusCounters": {
                "Completed": self.completed,
                "InProgress": self.in_progress,
                "RetryableError": self.retryable_error,
                "NonRetryableError": self.non_retryable_error,
                "Stopped": self.stopped,
            },
            "ObjectiveStatusCounters": {
                "Succeeded": self.objective_succeeded,
                "Pending": self.objective_pending,
                "Failed": self.objective_failed,
            },
        }


@dataclass(frozen=True, slots=True)
class TrainingJob(_Row):
    """A training job; the columns are explained in ``migrations/``."""

    _json = frozenset({"point", "hyperparameters", "tuned"})

    id: int
    name: str
    arn: str
    definition_id: int
    definition_name: str | None
    definition_index: int
    tuning_job_id: int | None
    tuning_job_name: str | None
    tuning_job_arn: str | None
    number: int
    point: Mapping[str, float | int | str]
    budget: int | None
    bracket: int | None
    hyperparameters: Mapping[str, str]
    tuned: Mapping[str, str]
    status: str
    secondary_status: str
    stop_reason: str | None
    failure_reason: str | None
    retryable: int
    attempt: int
    retries: int
    log_position: int
    objective_status: str
    objective_type: str | None
    objective_metric: str | None
    objective_value: float | None
    loss: float | None
    model_artifact: str | None
    billable_seconds: float
    attempt_started_at: float | None
    created_at: float
    modified_at: float
    started_at: float | None
    ended_at: float | None
    directory: str | None


@dataclass(frozen=True, slots=True)
class NewTrainingJob:
    """What a training job is created from."""

    name: str
    arn: str
    definition_id: int
    hyperparameters: Mapping[str, str]
    definition_name: str | None = None
    definition_index: int = 0
    tuning_job_id: int | None = None
    tuning_job_name: str | None = None
    tuning_job_arn: str | None = None
    number: int = 0
    point: Mapping[str, float | int | str] | None = None
    tuned: Mapping[str, str] | None = None
    budget: int | None = None
    bracket: int | None = None
    objective_type: str | None = None
    objective_metric: str | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """One of a training job's SecondaryStatusTransitions."""

    status: str
    message: str
    started_at: float
    ended_at: float | None


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A metric's value and when it was emitted."""

    name: str
    value: float
    at: float
