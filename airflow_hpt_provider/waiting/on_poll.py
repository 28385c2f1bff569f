"""What a task on a worker does after each poll: log the progress and check the budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.waiting.billable_time import BillableTimeMonitor
from airflow_hpt_provider.waiting.progress import ProgressLog

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
    from airflow_hpt_provider.models import TuningJobDescription
    from airflow_hpt_provider.waiting.budget import BudgetLimits


class PollCallback:
    """Called with each description of a job.

    Args:
        hook: to measure with.
        tuning_job_name: the job.
        limits: its budget.
        previous_jobs: the names of the attempts before it.
        log: the task's.
    """

    def __init__(
        self,
        hook: HyperParameterTuningHook,
        tuning_job_name: str,
        limits: BudgetLimits,
        previous_jobs: Sequence[str],
        log: Any,
    ) -> None:
        self._progress = ProgressLog(log)
        self._limits = limits
        self._meter: BillableTimeMonitor | None = None
        if limits.max_billable_seconds is not None:
            self._meter = BillableTimeMonitor(
                hook, tuning_job_name, limits.max_billable_seconds, previous_jobs, log
            )

    def __call__(self, description: TuningJobDescription) -> None:
        """Log new progress and check the limits.

        Raises:
            TuningJobBudgetExceededError: a limit is reached.
        """
        self._progress(description)
        self._limits.check_counters(description)
        if self._meter is not None and description.status == "InProgress":
            self._meter.check(description)
