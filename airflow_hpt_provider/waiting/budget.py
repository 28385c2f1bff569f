"""The budget of a tuning job, checked during the wait.

``max_failed_training_jobs`` costs no calls: every poll returns the counters. ``max_billable_seconds`` must be measured;
see :mod:`airflow_hpt_provider.waiting.billable_time`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_hpt_provider.exceptions import TuningJobBudgetExceededError
from airflow_hpt_provider.waiting.snapshot import JobSnapshot

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TuningJobDescription


@dataclass(frozen=True)
class BudgetLimits:
    """What one tuning job may use. None: no limit.

    Attributes:
        max_billable_seconds: of all its training jobs together, and of those of the attempts before it; more than 0.
        max_failed_training_jobs: number of its own training jobs that may fail; 0 or more.

    Raises:
        ValueError: naming the argument, the value and the remedy.
    """

    max_billable_seconds: float | None = None
    max_failed_training_jobs: int | None = None

    def __post_init__(self) -> None:
        seconds, trials = self.max_billable_seconds, self.max_failed_training_jobs
        if seconds is not None and not seconds > 0:
            raise ValueError(
                f"max_billable_seconds must be greater than 0, got {seconds!r}. Omit it for no limit."
            )
        if trials is not None and trials < 0:
            raise ValueError(
                f"max_failed_training_jobs must be at least 0, got {trials!r}. Omit it for no limit."
            )

    def check_counters(self, seen: JobSnapshot | TuningJobDescription) -> None:
        """Check the counters of a poll. A job that has ended, or is about to, uses no more budget.

        Raises:
            TuningJobBudgetExceededError: too many training jobs have failed.
        """
        if self.max_failed_training_jobs is None:
            return
        snapshot = seen if isinstance(seen, JobSnapshot) else JobSnapshot.of_description(seen)
        if snapshot.status == "InProgress" and snapshot.failed > self.max_failed_training_jobs:
            raise TuningJobBudgetExceededError(
                f"had {snapshot.failed} failed training jobs "
                f"(max_failed_training_jobs={self.max_failed_training_jobs})",
                snapshot.name,
            )
