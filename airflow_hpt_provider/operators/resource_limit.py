"""Waits for SageMaker's quotas before a tuning job is created (``on_resource_limit``)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from airflow.sdk.exceptions import AirflowTaskTimeout

from airflow_hpt_provider.exceptions import TuningJobResourceLimitError
from airflow_hpt_provider.operators.arguments import TuningArgumentsMixin
from airflow_hpt_provider.operators.execution_timeout import ExecutionTimeoutMixin

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.settings import ConnectionSettings
    from airflow_hpt_provider.retries.quotas import QuotaShortage

OnResourceLimit = Literal["wait", "fail"]

RETRY_SECONDS = 60.0
"""On a worker, the next try follows after this long on average, then after twice as long, ..."""
MAX_RETRY_SECONDS = 600.0
"""... up to this."""
DEFER_MARGIN = timedelta(minutes=5)
"""Airflow's own deferral timeout, the safety net, expires this much later than the trigger's."""


class ResourceLimitMixin(ExecutionTimeoutMixin, TuningArgumentsMixin):
    """Waits until a tuning job may be created. While it waits, the task has no tuning job that runs.

    Attributes:
        _limited_since: when SageMaker refused the first Create of this wait; None: it has not.
        _refusals: how often in a row it has refused, on this worker.
        _series_limit: when the ``timeout`` of a series of attempts is over.
    """

    deferrable: bool
    connection_settings: ConnectionSettings
    defer: Any
    _limited_since: datetime | None = None
    _refusals: int = 0
    _series_limit: datetime | None = None

    def _wait_for_quota(self, shortage: QuotaShortage, error: Exception, failed: Sequence[str]) -> None:
        """Wait, or defer, after SageMaker has refused to create a job; return to try again.

        Args:
            shortage: what SageMaker said.
            error: its error.
            failed: the attempts that the job would retry.

        Raises:
            TuningJobResourceLimitError: waiting is not wanted, cannot help, or has lasted too long.
        """
        from airflow_hpt_provider.metrics import CREATE_REFUSALS

        CREATE_REFUSALS.send()
        now = datetime.now(UTC)
        since = self._limited_since = self._limited_since or now
        deadline = since + self._limit_timeout if self._limit_timeout is not None else None
        why = ""
        if shortage.is_permanent:
            why = "The quota is smaller than what the job needs. Ask for more in the Service Quotas console, lower"
            why += " MaxParallelTrainingJobs, or take another InstanceType."
        elif self.on_resource_limit == "fail":
            why = "Set on_resource_limit='wait' to wait until there is room."
        elif deadline is not None and now >= deadline:
            why = f"There was no room within resource_limit_timeout ({self._limit_timeout}). Raise it, or the quota."
        if why:
            raise TuningJobResourceLimitError(
                f"SageMaker refuses another tuning job ({shortage}). Nothing was created. {why}"
            ) from error
        until = f" until {deadline.isoformat(timespec='seconds')} at most" if deadline else ""
        self.log.warning("SageMaker refuses another tuning job (%s); waiting for room%s.", shortage, until)
        self._wait_for_turn(deadline, failed)

    def _wait_for_capacity(self, name: str, failed: Sequence[str], limit: datetime | None) -> None:
        """Wait, or defer, before a job that failed for lack of capacity is retried.

        Args:
            name: the job that has failed.
            failed: all failed attempts, that one included.
            limit: when the ``timeout`` of the series is over.
        """
        self._series_limit = limit
        self.log.warning(
            "SageMaker had no capacity for tuning job %s; waiting before the next attempt.", name
        )
        self._wait_for_turn(None, failed)

    def _wait_for_turn(self, deadline: datetime | None, failed: Sequence[str]) -> None:
        limits = [each for each in (deadline, self._series_limit) if each]
        if self.deferrable:
            self._raise_if_task_ended()
            self._raise_if_no_time_left()
            self._defer_creation(self._wait_limit(min(limits, default=None)), failed)
        self._refusals += 1
        bound = min(MAX_RETRY_SECONDS, RETRY_SECONDS * 2.0 ** min(self._refusals - 1, 10))
        seconds = bound * random.uniform(0.5, 1.5)  # noqa: S311 - not cryptography
        left = [(each - datetime.now(UTC)).total_seconds() for each in limits]
        self._sleep(max(0.0, min([seconds, *left])))

    def _raise_if_no_time_left(self) -> None:
        """Fail as Airflow does on a worker, if the try's ``execution_timeout`` is over.

        Raises:
            AirflowTaskTimeout: it is over.
        """
        if self._execution_deadline is not None and datetime.now(UTC) >= self._execution_deadline:
            raise AirflowTaskTimeout(
                f"The task's execution_timeout of {self.execution_timeout} is over, and SageMaker's quotas did not"
                " allow its tuning job. Raise execution_timeout, or the quota."
            )

    def _defer_creation(self, limit: datetime | None, failed: Sequence[str]) -> None:
        from airflow_hpt_provider.triggers.creation_turn import CreationTurnTrigger

        def text(time: datetime | None) -> str | None:
            return time.isoformat() if time else None

        self.defer(
            trigger=CreationTurnTrigger(
                deadline=text(limit),
                refused_at=text(datetime.now(UTC)),
                **self.connection_settings.as_kwargs(),
            ),
            method_name="create_in_turn",
            kwargs={
                "failed": list(failed),
                "since": text(self._limited_since),
                "series_limit": text(self._series_limit),
                "execution_deadline": text(self._execution_deadline),
            },
            timeout=max(limit - datetime.now(UTC), timedelta()) + DEFER_MARGIN if limit else None,
        )

    def _resume_creation(
        self, since: str | None, series_limit: str | None, execution_deadline: str | None
    ) -> None:
        """Take over from the worker before the deferral."""

        def time(text: str | None) -> datetime | None:
            return datetime.fromisoformat(text) if text else None

        self._limited_since, self._series_limit = time(since), time(series_limit)
        self._resume_execution_timeout(execution_deadline)
