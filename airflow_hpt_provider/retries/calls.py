"""Retries a single call to the API: the first of three levels (see ``docs/retries.md``)."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_delay,
)

from airflow_hpt_provider.retries.classify import ErrorClass, classify
from airflow_hpt_provider.retries.errors import one_line, retry_after


class FullJitter:
    """tenacity wait: a random time up to an exponentially growing bound, and never before Retry-After.

    Full jitter spreads the retries of many callers best; see the AWS Architecture Blog, "Exponential Backoff
    And Jitter". Seconds.
    """

    def __init__(self, base: float = 1.0, cap: float = 60.0) -> None:
        self.base, self.cap = base, cap

    def __call__(self, state: RetryCallState) -> float:
        """Seconds to wait after this failed attempt."""
        return max(
            self.after(state.attempt_number),
            retry_after(state.outcome.exception() if state.outcome else None),
        )

    def after(self, failures: int) -> float:
        """Return the delay after `failures` consecutive failures, in seconds."""
        bound = min(self.cap, self.base * 2 ** min(failures - 1, 30))
        return random.uniform(0.0, bound)  # noqa: S311 - not cryptography


def retrying(
    *,
    max_delay: timedelta = timedelta(minutes=5),
    rebuild: Callable[[], Any] | None = None,
    connection_worked: Callable[[], bool] = lambda: False,
    log: Callable[..., Any] | None = None,
) -> Retrying:
    """Return a blocking retry loop: transient errors are retried, others are raised immediately.

    Args:
        max_delay: total time after which the last error is raised.
        rebuild: called before the next try when the credentials were refused.
        connection_worked: see :func:`classify`.
        log: called with a format string and its arguments before each new try.
    """

    def again(error: BaseException) -> bool:
        return classify(error, connection_worked=connection_worked()) in {
            ErrorClass.TRANSIENT,
            ErrorClass.CREDENTIALS,
        }

    def before_sleep(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if error is None:
            return
        if rebuild and classify(error, connection_worked=connection_worked()) is ErrorClass.CREDENTIALS:
            rebuild()
        if log:
            delay = state.next_action.sleep if state.next_action else 0.0
            log("%s; retrying in %.1f s (try %d).", one_line(error), delay, state.attempt_number + 1)

    jitter, limit = FullJitter(), max_delay.total_seconds()
    return Retrying(
        retry=retry_if_exception(again),
        wait=lambda state: min(jitter(state), max(0.0, limit - (state.seconds_since_start or 0.0))),
        stop=stop_after_delay(limit),
        before_sleep=before_sleep,
        reraise=True,
    )
