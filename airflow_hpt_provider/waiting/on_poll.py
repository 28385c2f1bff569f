"""What a task on a worker does after each poll: log the progress and check the budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.exceptions import TuningJobBudgetExceededError
from airflow_hpt_provider.retries.errors import one_line
from airflow_hpt_provider.waiting.billable_time import BillableTimeMonitor
from airflow_hpt_provider.waiting.progress import ProgressLog

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
    from airflow_hpt_provider.models import TuningJobDescription
    from airflow_hpt_provider.waiting.budget import BudgetLimits


class PollCallback:
    """Called with each description of a job.

    Args:
        hook: to measure with, and to confirm counters that exceed the budget.
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
        self._hook, self._log = hook, log
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
        try:
            self._limits.check_counters(description)
        except TuningJobBudgetExceededError as error:
            self._confirm(description.name, error)
        if self._meter is not None and description.status == "InProgress":
            self._meter.check(description)

    def _confirm(self, tuning_job_name: str, error: TuningJobBudgetExceededError) -> None:
        """Describe the job again before it is stopped: one response is not enough for that.

        Raises:
            TuningJobBudgetExceededError: a second response exceeds the limit too.
        """
        try:
            second = self._hook.describe(tuning_job_name)
        except Exception as unknown:  # noqa: BLE001 - the next poll finds it out, or ends the wait
            self._log.warning(
                "Could not confirm that tuning job %s %s (%s); it keeps running, and the next poll checks again.",
                tuning_job_name,
                error.message,
                one_line(unknown),
            )
        else:
            self._limits.check_counters(second)
