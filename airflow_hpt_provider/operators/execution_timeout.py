"""Enforces ``execution_timeout`` while a task is deferred, when Airflow does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowTaskTimeout

from airflow_hpt_provider.operators.stop_on_exit import StopOnExitMixin
from airflow_hpt_provider.waiting.outcome import Outcome, outcome_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import Context

    from airflow_hpt_provider.models import TuningJobDescription


class ExecutionTimeoutMixin(StopOnExitMixin):
    """Ends a deferred wait when the ``execution_timeout`` of the task's try is over.

    The trigger's deadline includes it, and the worker that resumes the task raises what Airflow raises. The time counts
    from the start of the try on its first worker.

    Attributes:
        _execution_deadline: when it is over; None if the task has no ``execution_timeout``.
    """

    execution_timeout: timedelta | None
    _execution_deadline: datetime | None = None

    def _start_execution_timeout(self, context: Context) -> None:
        """Note when it is over, at the start of a try."""
        if self.execution_timeout is not None:
            started = getattr(context["ti"], "start_date", None) or datetime.now(UTC)
            self._execution_deadline = started + self.execution_timeout

    def _resume_execution_timeout(self, deadline: str | None) -> None:
        """Take it over from the worker before the deferral."""
        self._execution_deadline = datetime.fromisoformat(deadline) if deadline else None

    def _wait_limit(self, limit: datetime | None) -> datetime | None:
        """Return the earlier of the job's own limit and this one."""
        return min((each for each in (limit, self._execution_deadline) if each), default=None)

    def _raise_if_execution_timed_out(
        self, description: TuningJobDescription, event: Mapping[str, Any], limit: datetime | None
    ) -> None:
        """Fail as Airflow does on a worker, if the time is over before the job has ended.

        Args:
            description: the job.
            event: the trigger's, which may have stopped the job.
            limit: when the job's own ``timeout`` is over. The one that is over first counts.

        Raises:
            AirflowTaskTimeout: the time is over. The job is stopped, unless ``stop_on_kill`` is False.
        """
        over = self._execution_deadline
        if over is None or datetime.now(UTC) < over or (limit is not None and limit <= over):
            return
        running = outcome_of(description.status) is None
        if not running and (event.get("status") != Outcome.TIMEOUT or description.status != "Stopped"):
            return
        name = description.name
        if running:
            self._stop_or_log(name)
        self._running_job, self._found = None, True
        raise AirflowTaskTimeout(
            f"The task's execution_timeout of {self.execution_timeout} is over, and tuning job {name} has not ended. "
            "Raise it, or give timeout= and on_timeout= for a result in that case."
        )
