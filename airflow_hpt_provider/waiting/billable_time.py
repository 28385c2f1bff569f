"""Measures the billable time of a tuning job.

The billable seconds are the sum over the job's training jobs, whose list takes one call per 100 jobs. The list is read
only when the limit can have been reached: P concurrent training jobs use at most P seconds per second.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.exceptions import TuningJobBudgetExceededError
from airflow_hpt_provider.retries.classify import ErrorClass, classify
from airflow_hpt_provider.retries.errors import one_line

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
    from airflow_hpt_provider.models import TuningJobDescription

MEASURE_SECONDS = 120.0
"""Minimum time between two measurements. Usage in between may exceed the limit."""


@dataclass
class BillableTimeMonitor:
    """Measures the billable seconds of one job, as seldom as its limit allows.

    Attributes:
        hook: the way to the API; its calls block.
        tuning_job_name: the job.
        limit: ``max_billable_seconds``.
        previous_jobs: the attempts before it, whose training jobs count too.
    """

    hook: HyperParameterTuningHook
    tuning_job_name: str
    limit: float
    previous_jobs: Sequence[str] = ()
    log: Any = field(default_factory=lambda: logging.getLogger(__name__))
    _spent_before: float | None = None
    _due: float = 0.0

    def check(self, description: TuningJobDescription | None = None) -> float:
        """Measure if it is time; returns for how many seconds there is no need to.

        Args:
            description: of the job, if it is known; else it is described.

        Raises:
            TuningJobBudgetExceededError: the limit is reached.
            botocore.exceptions.ClientError: the training jobs cannot be listed, now or ever (access denied ...).
        """
        if (left := self._due - time.monotonic()) > 0:
            return left
        try:
            seconds = self._measure(description or self.hook.describe(self.tuning_job_name))
        except TuningJobBudgetExceededError:
            raise
        except Exception as error:
            if classify(error, connection_worked=True) is ErrorClass.FATAL:
                raise
            self.log.warning("Could not measure the billable seconds (%s); retrying.", one_line(error))
            seconds = MEASURE_SECONDS
        self._due = time.monotonic() + seconds
        return seconds

    def _measure(self, description: TuningJobDescription) -> float:
        if description.status != "InProgress":
            return MEASURE_SECONDS
        parallel = description.hyper_parameter_tuning_job_config.resource_limits.max_parallel_training_jobs
        if self._spent_before is None:
            self._spent_before = sum(map(self.hook.billable_seconds, self.previous_jobs))
        age = (datetime.now(UTC) - description.creation_time).total_seconds()
        spent = self._spent_before
        if spent + age * parallel >= self.limit:  # else it cannot have been reached yet
            spent += self.hook.billable_seconds(self.tuning_job_name)
            if spent >= self.limit:
                raise TuningJobBudgetExceededError(
                    f"has used {spent:.0f} billable seconds (max_billable_seconds={self.limit:g})",
                    self.tuning_job_name,
                )
            return max(MEASURE_SECONDS, (self.limit - spent) / parallel)
        return max(1.0, (self.limit - spent) / parallel - age)
