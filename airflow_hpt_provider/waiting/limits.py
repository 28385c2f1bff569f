"""What a waiter bears: which failed looks end a wait, and when its time is over. The same in every mode."""

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

NOT_FOUND_TRIES = 4
"""A fresh job may not be visible for a moment; after so many looks in a row it is not there."""


@dataclass(slots=True, kw_only=True, eq=False)
class WaitLimits:
    """One waiter's limits, and what it has met so far.

    Attributes:
        tuning_job_name: the job waited for.
        deadline: when to give up with TuningJobTimeoutError; None: never. The last look is at the deadline.
        unreachable_timeout: for how long every look may fail before TuningServiceUnreachableError; None: as long
            as the wait itself may last.
        seen: whether the job has been seen before.
        failures: looks that failed in a row.
        failing_since: when the first of them failed.
    """

    tuning_job_name: str = field(kw_only=False)
    deadline: datetime | None = None
    unreachable_timeout: timedelta | None = None
    seen: bool = False
    failures: int = 0
    failing_since: datetime | None = None

    def answered(self) -> None:
        """A look has shown the job."""
        self.seen, self.failures, self.failing_since = True, 0, None

    def failed(self, error: Exception, *, connection_worked: bool = False) -> ErrorClass:
        """A look has failed; returns why, if another look may succeed.

        Args:
            error: as the look raised it.
            connection_worked: the same connection has worked for others.

        Raises:
            TuningJobNotFoundError: the job is not there, or not any more.
            Exception: the error itself, if another look would meet it again.
        """
        self.failures += 1
        self.failing_since = self.failing_since or datetime.now(UTC)
        verdict = classify(error, connection_worked=self.seen or connection_worked)
        if verdict is ErrorClass.NOT_FOUND or isinstance(error, TuningJobNotFoundError):
            if self.seen or self.failures >= NOT_FOUND_TRIES:
                raise TuningJobNotFoundError(
                    f"Tuning job {self.tuning_job_name} "
                    + ("is not there any more: it was deleted." if self.seen else "does not exist here. Check its"
                       " name, the connection's account and the region."),
                    self.tuning_job_name,
                ) from error  # fmt: skip
            return ErrorClass.NOT_FOUND
        if verdict is ErrorClass.FATAL:
            raise error
        return verdict

    def exhausted(self, error: BaseException | None = None) -> TuningError | None:
        """The error that ends the wait now although the job has not ended; None: wait on.

        Args:
            error: of the last look, if it failed; told as the cause.
        """
        now = datetime.now(UTC)
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
                f"Tuning job {self.tuning_job_name} could not be looked at for {self.unreachable_timeout}"
                f" (last error: {one_line(error) if error else 'none'}). The job itself goes on.",
                self.tuning_job_name,
            )
        if over is not None:
            over.__cause__ = error
        return over

    def seconds_left(self) -> float:
        """Until a limit is reached: when the last look is due. Infinite without limits."""
        limits = [self.deadline] if self.deadline else []
        if self.unreachable_timeout is not None and self.failing_since is not None:
            limits.append(self.failing_since + self.unreachable_timeout)
        return max(0.0, (min(limits) - datetime.now(UTC)).total_seconds()) if limits else float("inf")
