"""One waiter, one poll: look at a tuning job until it has ended, in a worker that waits itself.

Operator and sensor in sync mode run a :class:`Poll`; the triggerer, where many wait at once, uses
:mod:`airflow_hpt_provider.waiting.shared_poller`. What ends a wait is the same in both:
:mod:`airflow_hpt_provider.waiting.limits`.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tenacity import RetryCallState, Retrying

from airflow_hpt_provider.retries.calls import FullJitter
from airflow_hpt_provider.retries.classify import ErrorClass
from airflow_hpt_provider.retries.errors import one_line, retry_after
from airflow_hpt_provider.waiting.limits import NOT_FOUND_TRIES, WaitLimits
from airflow_hpt_provider.waiting.outcome import outcome_of

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TuningJobDescription

__all__ = ["NOT_FOUND_TRIES", "Poll"]

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True, eq=False)
class Poll(WaitLimits):
    """How to wait for one job, and what was seen so far: answers tenacity's questions (again? when? until when?).

    Attributes:
        poll_interval: seconds between two looks; each is varied by up to 10% so that waiters spread.
        on_look: called with each description, the last included.
        rebuild: called when the credentials were refused, before the next look.
    """

    poll_interval: float = 30.0
    on_look: Callable[[TuningJobDescription], None] | None = None
    rebuild: Callable[[], None] | None = None
    log: Any = log
    backoff: FullJitter = field(default_factory=FullJitter)

    def run(self, look: Callable[[], TuningJobDescription]) -> TuningJobDescription:
        """Look until the job has ended; blocks. The first look is immediate.

        Raises:
            TuningJobTimeoutError: the deadline has passed.
            TuningServiceUnreachableError: every look failed for ``unreachable_timeout``.
            TuningJobNotFoundError: the job is not there, or not any more.
            botocore.exceptions.ClientError: an error that another look would meet again (access denied ...).
        """
        return Retrying(
            retry=self._again,
            stop=lambda state: self.exhausted() is not None,
            wait=self._wait,
            before_sleep=self._before_sleep,
            retry_error_callback=self._give_up,
        )(look)

    def _again(self, state: RetryCallState) -> bool:
        error = _error_of(state)
        if error is None:
            description: TuningJobDescription = state.outcome.result()  # type: ignore[union-attr]
            self.answered()
            if self.on_look:
                self.on_look(description)
            return outcome_of(description.status) is None
        if self.failed(error) is ErrorClass.CREDENTIALS and self.rebuild:
            self.rebuild()
        return True

    def _wait(self, state: RetryCallState) -> float:
        if self.failures:
            seconds = max(self.backoff.after(self.failures), retry_after(_error_of(state)))
        else:
            seconds = self.poll_interval * random.uniform(0.9, 1.1)  # noqa: S311 - not cryptography
        return min(seconds, self.seconds_left())

    def _before_sleep(self, state: RetryCallState) -> None:
        error = _error_of(state)
        if error is not None:
            self.log.warning(
                "Could not look at tuning job %s (%s); the wait goes on, next look in %.1f s.",
                self.tuning_job_name,
                one_line(error),
                state.next_action.sleep if state.next_action else 0.0,
            )

    def _give_up(self, state: RetryCallState) -> Any:
        error = _error_of(state)
        raise self.exhausted(error) or RuntimeError("unreachable: the wait had not been given up")


def _error_of(state: RetryCallState) -> Exception | None:
    error = state.outcome.exception() if state.outcome else None
    if error is not None and not isinstance(error, Exception):
        raise error
    return error
