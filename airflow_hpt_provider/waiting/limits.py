"""When to give up waiting: deadlines, unreachability, and errors that end the wait. Shared by all modes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from airflow_hpt_provider.exceptions import (
    TuningError,
    TuningJobNotFoundError,
    TuningJobTimeoutError,
    TuningServiceUnreachableError,
)
from airflow_hpt_provider.retries.classify import ErrorClass, classify
from airflow_hpt_provider.retries.errors import one_line

MAX_NOT_FOUND = 4
"""SageMaker may not show a fresh job for a moment; after this many failed polls in a row it does not exist."""


@dataclass(slots=True, kw_only=True, eq=False)
class WaitLimits:
    """The limits of one wait, and the failures so far.

    Attributes:
        tuning_job_name: the job waited for.
        deadline: when to give up with TuningJobTimeoutError; None: never. The last poll is at the deadline.
        unreachable_timeout: for how long every poll may fail before TuningServiceUnreachableError; None: as long
            as the wait itself may last.
        seen: whether the job has been seen before.
        max_not_found: after this many failed polls in a row, a job that was never seen does not exist.
        failures: consecutive failed polls.
        failing_since: when the first of them failed.
    """

    tuning_job_name: str = field(kw_only=False)
    deadline: datetime | None = None
    unreachable_timeout: timedelta | None = None
    seen: bool = False
    max_not_found: int = MAX_NOT_FOUND
    failures: int = 0
    failing_since: datetime | None = None

    def record_success(self) -> None:
        """Note that a poll has shown the job."""
        self.seen, self.failures, self.failing_since = True, 0, None

    def record_failure(self, error: Exception, *, connection_worked: bool = False) -> ErrorClass:
        """Note that a poll has failed, and return the kind of error if another poll may succeed.

        Args:
            error: what the poll raised.
            connection_worked: the same connection has worked for others.

        Raises:
            TuningJobNotFoundError: the job does not exist, or no longer exists.
            Exception: the error itself, if it would repeat.
        """
        self.failures += 1
        self.failing_since = self.failing_since or datetime.now(UTC)
        kind = classify(error, connection_worked=self.seen or connection_worked)
        if kind is ErrorClass.NOT_FOUND or isinstance(error, TuningJobNotFoundError):
            if self.seen or self.failures >= self.max_not_found:
                raise TuningJobNotFoundError(
                    f"Tuning job {self.tuning_job_name} "
                    + ("no longer exists: it was deleted." if self.seen else "does not exist here. Check its"
                       " name, the connection's account and the region."),
                    self.tuning_job_name,
                ) from error  # fmt: skip
            return ErrorClass.NOT_FOUND
        if kind is ErrorClass.FATAL:
            raise error
        return kind

    def expired_error(
        self, error: BaseException | None = None, grace: timedelta = timedelta()
    ) -> TuningError | None:
        """Return the error that ends the wait although the job has not ended; None while no limit is reached.

        Args:
            error: of the last poll, if it failed; becomes the cause.
            grace: how long ago the limit must have been reached.
        """
        now = datetime.now(UTC) - grace
        over: TuningError | None = None
        if self.deadline is not None and now >= self.deadline:
            over = TuningJobTimeoutError(
                f"Tuning job {self.tuning_job_name} had not ended by {self.deadline.isoformat(timespec='seconds')}.",
                self.tuning_job_name,
            )
        elif (
            self.unreachable_timeout is not None
            and self.failing_since is not None
            and now - self.failing_since >= self.unreachable_timeout
        ):
            over = TuningServiceUnreachableError(
                f"Tuning job {self.tuning_job_name} has been unreachable for {self.unreachable_timeout}"
                f" (last error: {one_line(error) if error else 'none'}). It may still be running.",
                self.tuning_job_name,
            )
        if over is not None:
            over.__cause__ = error
        return over

    def seconds_left(self) -> float:
        """Return the seconds until a limit is reached and the last poll is due; infinite without limits."""
        limits = [self.deadline] if self.deadline else []
        if self.unreachable_timeout is not None and self.failing_since is not None:
            limits.append(self.failing_since + self.unreachable_timeout)
        return max(0.0, (min(limits) - datetime.now(UTC)).total_seconds()) if limits else float("inf")
