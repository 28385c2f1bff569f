"""One task's wait in the shared poll: its job, its next poll, and the last snapshot."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.metrics import LATENESS
from airflow_hpt_provider.retries.calls import FullJitter
from airflow_hpt_provider.retries.errors import one_line, retry_after
from airflow_hpt_provider.waiting.limits import WaitLimits
from airflow_hpt_provider.waiting.outcome import outcome_of
from airflow_hpt_provider.waiting.rate_limit import next_poll_delay
from airflow_hpt_provider.waiting.time_limit import LAST_POLL_SECONDS

if TYPE_CHECKING:
    from airflow_hpt_provider.waiting.snapshot import JobSnapshot

log = logging.getLogger(__name__)

BACKOFF = FullJitter(base=1.0, cap=60.0)
MAX_SLEEP = 86_400.0


@dataclass(slots=True, kw_only=True, eq=False)
class PollSubscription(WaitLimits):
    """One job that a coroutine waits for, through `SharedPoller.wait` of `waiting.shared_poller`.

    Attributes:
        poll_interval: longest time between two polls, in seconds.
        on_poll: called with each snapshot, the last included, in the context of the waiter's own task: so that
            what it logs lands in that task's log.
        log: receives failed polls; called in the same context.
        connection_worked: a worker has used the connection for this wait: credentials that are refused were rotated.
        has_events: an event announces the job's end: until it arrives, polls are ``poll_interval`` apart.
        expect_end_until: loop time until which the end is expected at any moment.
        confirm: set by ``on_poll``: the snapshot has to be confirmed, so the next poll comes as soon as polls may.
        due: loop time of the next poll. The first is immediate.
        interval: seconds to the next poll that the last snapshot asks for.
        last: the last snapshot.
        changed_at: loop time at which the counters last changed.
        best_at, best_completed: loop time and counter when a snapshot last held the best training job.
    """

    poll_interval: float = 30.0
    on_poll: Callable[[JobSnapshot], None] | None = None
    log: Any = log
    connection_worked: bool = False
    has_events: bool = False
    expect_end_until: float = 0.0
    confirm: bool = False
    due: float = 0.0
    interval: float = 0.0
    last: JobSnapshot | None = None
    changed_at: float = 0.0
    best_at: float = 0.0
    best_completed: int = 0
    timer: asyncio.TimerHandle | None = None
    future: asyncio.Future[JobSnapshot] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    context: contextvars.Context = field(default_factory=contextvars.copy_context)

    @property
    def key(self) -> str:
        """Return a key that is equal for names that AWS treats as the same."""
        return self.tuning_job_name.lower()

    @property
    def is_waiting(self) -> bool:
        """Whether the wait has neither ended nor been cancelled."""
        return not self.future.done()

    def on_snapshot(self, seen: JobSnapshot, now: float, shortest: float) -> None:
        """Take a snapshot of the job: end the wait, or set the interval to the next poll.

        Args:
            seen: the snapshot.
            now: loop time.
            shortest: least seconds to the next poll.
        """
        if not self.is_waiting:
            return
        if self.last is not None and self.last.arn.lower() != seen.arn.lower():
            from airflow_hpt_provider.hooks.responses import BadResponseError

            other = BadResponseError(
                error=f"tuning job {self.tuning_job_name} has the ARN {seen.arn}, it had {self.last.arn}"
            )
            self.on_error(other, now, connection_worked=True)
            return
        self.record_success()
        if self.last is not None and seen.ended is not None and outcome_of(seen.status) is not None:
            LATENESS.send(max(0.0, time.time() - seen.ended), where="triggerer")
        if self.last is None or self.last.counters != seen.counters:
            self.changed_at = now
        if seen.best_metric is not None:
            self.best_at, self.best_completed = now, seen.completed
        self.last, self.confirm = seen, False
        try:
            if self.on_poll:
                self.context.run(self.on_poll, seen)
        except Exception as error:  # noqa: BLE001 - whatever the caller's function raises is the caller's
            self.future.set_exception(error)
            return
        if outcome_of(seen.status) is not None:
            self.future.set_result(seen)
        elif over := self.expired_error():
            self.future.set_exception(over)
        elif self.confirm:
            self.interval = min(shortest, self.poll_interval)
        elif self.has_events:
            self.interval = (
                min(shortest, self.poll_interval) if now < self.expect_end_until else self.poll_interval
            )
        else:
            self.interval = next_poll_delay(
                seen,
                now=time.time(),
                quiet=now - self.changed_at,
                shortest=shortest,
                longest=self.poll_interval,
            )

    def on_error(self, error: Exception, now: float, *, connection_worked: bool) -> None:
        """Take a failed poll: end the wait, or schedule the next poll after a backoff.

        Args:
            error: what the poll raised.
            now: loop time.
            connection_worked: the connection has worked, for this waiter or another.
        """
        if not self.is_waiting:
            return
        try:
            self.record_failure(error, connection_worked=connection_worked)
        except Exception as final:  # noqa: BLE001 - handed to the waiting task
            self.future.set_exception(final)
            return
        if over := self.expired_error(error):
            self.future.set_exception(over)
            return
        seconds = max(BACKOFF.after(self.failures), retry_after(error))
        self.schedule_in(seconds, now)
        if self.failures & (self.failures - 1) == 0:  # the 1st, 2nd, 4th, 8th ... in a row
            self.context.run(
                self.log.warning,
                "Could not poll tuning job %s (%s; %d failures in a row); retrying in %.1f s.",
                self.tuning_job_name,
                one_line(error),
                self.failures,
                seconds,
            )

    def keep_limits(self) -> None:
        """End the wait some seconds after a limit is reached, whatever holds up the poll.

        Usually the poll ends it: the last one is at the limit. But calls that hang may hold up the poll.
        """
        if not self.is_waiting:
            return
        if over := self.expired_error(grace=timedelta(seconds=LAST_POLL_SECONDS)):
            self.future.set_exception(over)
            return
        left = self.seconds_left()
        if self.unreachable_timeout is not None:  # it begins to count at a failure
            left = min(left, LAST_POLL_SECONDS)
        if left < float("inf"):
            seconds = min(left + LAST_POLL_SECONDS, MAX_SLEEP)
            self.timer = asyncio.get_running_loop().call_later(seconds, self.keep_limits)

    def start_again(self) -> None:
        """Wait once more, through another connection. What is known of the job stays, its ARN above all."""
        self.future = asyncio.get_running_loop().create_future()
        self.seen, self.failures, self.failing_since = False, 0, None

    def close(self) -> None:
        """Forget the timer: the wait is over."""
        if self.timer is not None:
            self.timer.cancel()

    def poll_soon(self, now: float, seconds: float) -> None:
        """Poll now, and often until ``seconds`` have passed: an event has announced the job's end."""
        self.due = now
        self.interval = 0.0  # the interval from this round is out of date
        self.expect_end_until = now + seconds

    def schedule_in(self, seconds: float, now: float) -> None:
        """Poll again after ``seconds``, or when a limit is reached if that is sooner."""
        self.due = now + min(seconds, self.seconds_left())

    def wants_best(self, now: float, every: float) -> bool:
        """Return whether there may be a new best training job, and the last was read at least ``every`` seconds ago."""
        return (
            self.last is not None
            and self.last.completed > self.best_completed
            and now - self.best_at >= every
        )
