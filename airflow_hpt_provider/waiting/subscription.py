"""One of the many that share a poll: what it waits for, and what it was told last."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.retries.calls import FullJitter
from airflow_hpt_provider.retries.errors import one_line, retry_after
from airflow_hpt_provider.waiting.limits import WaitLimits
from airflow_hpt_provider.waiting.outcome import outcome_of
from airflow_hpt_provider.waiting.rate_limit import next_poll_delay

if TYPE_CHECKING:
    from airflow_hpt_provider.waiting.snapshot import JobSnapshot

log = logging.getLogger(__name__)

BACKOFF = FullJitter(base=1.0, cap=60.0)


@dataclass(slots=True, kw_only=True, eq=False)
class PollSubscription(WaitLimits):
    """One job that a coroutine waits for, through `SharedPoller.wait` of `waiting.shared_poller`.

    Attributes:
        poll_interval: seconds between two looks, at most.
        on_look: called with each snapshot, the last included, in the context of the waiter's own task: so that
            what it logs lands in that task's log.
        log: for failed looks; called in the same context.
        has_events: an event tells the job's end: no look comes before ``poll_interval``, but when it has come.
        hurry_until: loop time until which the end is expected at any moment.
        due: loop time of the next look. The first is immediate.
        interval: seconds wanted between two looks now.
        last: the last snapshot.
        changed_at: loop time at which the counters last changed.
        best_at, best_completed: loop time and counter when the best training job was last told.
    """

    poll_interval: float = 30.0
    on_look: Callable[[JobSnapshot], None] | None = None
    log: Any = log
    has_events: bool = False
    hurry_until: float = 0.0
    due: float = 0.0
    interval: float = 0.0
    last: JobSnapshot | None = None
    changed_at: float = 0.0
    best_at: float = 0.0
    best_completed: int = 0
    future: asyncio.Future[JobSnapshot] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    context: contextvars.Context = field(default_factory=contextvars.copy_context)

    @property
    def key(self) -> str:
        """Equal for names that AWS takes for the same."""
        return self.tuning_job_name.lower()

    @property
    def is_waiting(self) -> bool:
        """Neither answered nor cancelled."""
        return not self.future.done()

    def saw(self, seen: JobSnapshot, now: float, shortest: float) -> None:
        """A look has shown the job: the end of the wait, or the measure of the next look.

        Args:
            seen: what it showed.
            now: loop time.
            shortest: seconds to the next look, at least.
        """
        if not self.is_waiting:
            return
        self.answered()
        if self.last is None or self.last.counters != seen.counters:
            self.changed_at = now
        if seen.best_metric is not None:
            self.best_at, self.best_completed = now, seen.completed
        self.last = seen
        try:
            if self.on_look:
                self.context.run(self.on_look, seen)
        except Exception as error:  # noqa: BLE001 - whatever the caller's function raises is the caller's
            self.future.set_exception(error)
            return
        if outcome_of(seen.status) is not None:
            self.future.set_result(seen)
        elif over := self.exhausted():
            self.future.set_exception(over)
        elif self.has_events:
            self.interval = (
                min(shortest, self.poll_interval) if now < self.hurry_until else self.poll_interval
            )
        else:
            self.interval = next_poll_delay(
                seen,
                now=time.time(),
                quiet=now - self.changed_at,
                shortest=shortest,
                longest=self.poll_interval,
            )

    def missed(self, error: Exception, now: float, *, connection_worked: bool) -> None:
        """A look has failed: the end of the wait, or another one after a while.

        Args:
            error: as the look raised it.
            now: loop time.
            connection_worked: the connection has worked, for this waiter or another.
        """
        if not self.is_waiting:
            return
        try:
            self.failed(error, connection_worked=connection_worked)
        except Exception as final:  # noqa: BLE001 - handed to whoever waits
            self.future.set_exception(final)
            return
        if over := self.exhausted(error):
            self.future.set_exception(over)
            return
        seconds = max(BACKOFF.after(self.failures), retry_after(error))
        self.due_in(seconds, now)
        if self.failures & (self.failures - 1) == 0:  # the 1st, 2nd, 4th, 8th ... in a row
            self.context.run(
                self.log.warning,
                "Could not look at tuning job %s (%s; %d in a row); the wait goes on, next look in %.1f s.",
                self.tuning_job_name,
                one_line(error),
                self.failures,
                seconds,
            )

    def hurry(self, now: float, seconds: float) -> None:
        """The job is said to have ended: look now, and until then again soon."""
        self.due = now
        self.interval = 0.0  # what a look of this round wanted is out of date
        self.hurry_until = now + seconds

    def due_in(self, seconds: float, now: float) -> None:
        """Look again after so many seconds, or when the wait is over by itself if that is sooner."""
        self.due = now + min(seconds, self.seconds_left())

    def wants_best(self, now: float, every: float) -> bool:
        """Whether there may be a new best training job, and the last was told long enough ago."""
        return (
            self.last is not None
            and self.last.completed > self.best_completed
            and now - self.best_at >= every
        )
