"""One waiter, one poll: look at a tuning job until it has ended.

A :class:`Poll` answers tenacity's questions (again? after how long? until when?) for one job. Operator and
sensor run it in a worker with :meth:`Poll.run`, the triggerer without blocking its loop with :meth:`Poll.arun`.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tenacity import AsyncRetrying, RetryCallState, Retrying

from airflow_hpt_provider.exceptions import (
    TuningJobNotFoundError,
    TuningJobTimeoutError,
    TuningServiceUnreachableError,
)
from airflow_hpt_provider.retries import FullJitter, Verdict, brief, classify, retry_after
from airflow_hpt_provider.waiting import outcome_of, utcnow

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TuningJobDescription

log = logging.getLogger(__name__)

NOT_FOUND_TRIES = 4
"""A fresh job may not be visible for a moment; after so many looks in a row it is not there."""


@dataclass
class Poll:
    """How to wait for one job, and what was seen so far.

    Attributes:
        tuning_job_name: for messages.
        poll_interval: seconds between two looks; each is varied by up to 10% so that waiters spread.
        deadline: when to give up with TuningJobTimeoutError; None: never. The last look is at the deadline.
        max_unreachable: for how long every look may fail before TuningServiceUnreachableError; None: as long
            as the wait itself may last.
        on_look: called with each description, the last included.
        rebuild: called when the credentials were refused, before the next look.
    """

    tuning_job_name: str
    poll_interval: float = 30.0
    deadline: datetime | None = None
    max_unreachable: timedelta | None = None
    on_look: Callable[[TuningJobDescription], None] | None = None
    rebuild: Callable[[], None] | None = None
    log: Any = log
    backoff: FullJitter = field(default_factory=FullJitter)
    seen: bool = False
    failures: int = 0
    """Looks that failed in a row."""
    failing_since: datetime | None = None

    def run(self, look: Callable[[], TuningJobDescription]) -> TuningJobDescription:
        """Look until the job has ended; blocks. The first look is immediate.

        Raises:
            TuningJobTimeoutError: the deadline has passed.
            TuningServiceUnreachableError: every look failed for ``max_unreachable``.
            TuningJobNotFoundError: the job is not there, or not any more.
            botocore.exceptions.ClientError: an error that another look would meet again (access denied ...).
        """
        return Retrying(**self._policy())(look)

    async def arun(self, look: Callable[[], Awaitable[TuningJobDescription]]) -> TuningJobDescription:
        """The same without blocking the event loop, which ``look`` must not do either."""
        return await AsyncRetrying(**self._policy())(look)

    def _policy(self) -> dict[str, Any]:
        return {
            "retry": self._again,
            "stop": self._stop,
            "wait": self._wait,
            "before_sleep": self._before_sleep,
            "retry_error_callback": self._give_up,
        }

    def _again(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if error is None:
            return self._still_running(state)
        self.failures += 1
        self.failing_since = self.failing_since or utcnow()
        verdict = classify(error, worked_before=self.seen)
        if verdict is Verdict.NOT_FOUND or isinstance(error, TuningJobNotFoundError):
            if self.seen or self.failures >= NOT_FOUND_TRIES:
                raise TuningJobNotFoundError(
                    f"Tuning job {self.tuning_job_name} "
                    + ("is not there any more: it was deleted." if self.seen else "does not exist here. Check its"
                       " name, the connection's account and the region."),
                    self.tuning_job_name,
                ) from error  # fmt: skip
            return True
        if verdict is Verdict.CREDENTIALS and self.rebuild:
            self.rebuild()
        return verdict in {Verdict.TRANSIENT, Verdict.CREDENTIALS}

    def _still_running(self, state: RetryCallState) -> bool:
        description: TuningJobDescription = state.outcome.result()  # type: ignore[union-attr]
        self.seen, self.failures, self.failing_since = True, 0, None
        if self.on_look:
            self.on_look(description)
        return outcome_of(description.status) is None

    def _stop(self, state: RetryCallState) -> bool:
        now = utcnow()
        return (self.deadline is not None and now >= self.deadline) or (
            self.max_unreachable is not None
            and self.failing_since is not None
            and now - self.failing_since >= self.max_unreachable
        )

    def _wait(self, state: RetryCallState) -> float:
        if self.failures:
            error = state.outcome.exception() if state.outcome else None
            seconds = max(self.backoff.after(self.failures), retry_after(error))
        else:
            seconds = self.poll_interval * random.uniform(0.9, 1.1)  # noqa: S311 - not cryptography
        if self.deadline is not None:
            seconds = min(seconds, max(0.0, (self.deadline - utcnow()).total_seconds()))
        return seconds

    def _before_sleep(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if error is not None:
            self.log.warning(
                "Could not look at tuning job %s (%s); the wait goes on, next look in %.1f s.",
                self.tuning_job_name,
                brief(error),
                state.next_action.sleep if state.next_action else 0.0,
            )

    def _give_up(self, state: RetryCallState) -> Any:
        error = state.outcome.exception() if state.outcome else None
        if self.deadline is not None and utcnow() >= self.deadline:
            raise TuningJobTimeoutError(
                f"Tuning job {self.tuning_job_name} had not ended by {self.deadline.isoformat(timespec='seconds')}.",
                self.tuning_job_name,
            ) from error
        raise TuningServiceUnreachableError(
            f"Tuning job {self.tuning_job_name} could not be looked at for {self.max_unreachable}"
            f" (last error: {brief(error) if error else 'none'}). The job itself goes on.",
            self.tuning_job_name,
        ) from error
