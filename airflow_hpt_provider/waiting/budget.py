"""The spend guard: what a tuning job may use, watched while it is waited for.

``max_failed_training_jobs`` costs nothing: every look at a job brings its counters. ``max_billable_seconds`` has to be
measured: see :mod:`airflow_hpt_provider.waiting.billable_time`.
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
        max_failed_training_jobs: so many of its own training jobs may fail, not one more; 0 or more.

    Raises:
        ValueError: naming the argument, the value and the remedy.
    """

    max_billable_seconds: float | None = None
    max_failed_training_jobs: int | None = None

    def __post_init__(self) -> None:
        seconds, trials = self.max_billable_seconds, self.max_failed_training_jobs
        if seconds is not None and not seconds > 0:
            raise ValueError(
                f"max_billable_seconds={seconds!r} is not more than 0; leave it out for no limit."
            )
        if trials is not None and trials < 0:
            raise ValueError(
                f"max_failed_training_jobs={trials!r} is less than 0; leave it out for no limit."
            )

    def check_counters(self, seen: JobSnapshot | TuningJobDescription) -> None:
        """Check what every look shows. A job that has ended, or is about to, spends no more.

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
