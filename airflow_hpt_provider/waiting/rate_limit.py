"""Limits how often to poll.

Two independent limits: :func:`next_poll_delay` says when the next poll of a job is worthwhile, and an
:class:`AdaptiveTokenBucket` limits this process's calls per account and region.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from airflow_hpt_provider.compat import setting

if TYPE_CHECKING:
    from airflow_hpt_provider.waiting.snapshot import JobSnapshot

CALLS_PER_SECOND = 5.0
MIN_POLL_INTERVAL = 5.0
POLLS_AHEAD = 10
"""The next poll is due after 1/POLLS_AHEAD of the estimated remaining time."""

_budgets: dict[tuple[str, ...], AdaptiveTokenBucket] = {}
_budgets_lock = threading.Lock()


def calls_per_second() -> float:
    """``[hpt] polling_calls_per_second``: for each account and region, in each triggerer process."""
    return max(0.01, setting("polling_calls_per_second", CALLS_PER_SECOND))


def min_poll_interval() -> float:
    """Return ``[hpt] min_poll_interval``: seconds between two polls when a job is about to end."""
    return max(0.0, setting("min_poll_interval", MIN_POLL_INTERVAL))


def shared_budget(*key: str) -> AdaptiveTokenBucket:
    """Return the process's rate limiter for one endpoint, account and region."""
    with _budgets_lock:
        return _budgets.setdefault(key, AdaptiveTokenBucket(calls_per_second()))


class AdaptiveTokenBucket:
    """A token bucket that learns from throttling: additive increase, multiplicative decrease.

    Each call takes a token; what is not used is saved up for two seconds' worth of calls. A throttled call
    makes the rate fall by 30% (once a second at most: calls under way together meet the same limit), each
    call that succeeds lets it rise again by a twentieth of ``limit``. Safe to share between threads.

    Args:
        limit: calls per second, at most.
    """

    BURST_SECONDS = 2.0
    DECREASE = 0.7
    INCREASE = 1 / 20
    FLOOR = 1 / 20

    def __init__(self, limit: float) -> None:
        self.limit = self.rate = limit
        self._capacity = max(1.0, limit * self.BURST_SECONDS)
        self._tokens = self._capacity
        self._stamp: float | None = None
        self._paused_until = self._decreased_at = float("-inf")
        self._lock = threading.Lock()

    def acquire(self, now: float) -> float:
        """Take a token, if need be of the future; returns for how many seconds to wait before the call.

        Args:
            now: seconds on any steady clock, the same for all calls.
        """
        with self._lock:
            elapsed = 0.0 if self._stamp is None else max(0.0, now - self._stamp)
            self._stamp = now
            self._tokens = min(self._capacity, self._tokens + elapsed * self.rate) - 1
            return max(0.0, -self._tokens / self.rate, self._paused_until - now)

    def on_throttle(self, now: float) -> None:
        """Reduce the rate after a throttled call."""
        with self._lock:
            if now - self._decreased_at >= 1.0:
                self._decreased_at = now
                self.rate = max(self.limit * self.FLOOR, self.rate * self.DECREASE)

    def pause(self, now: float, seconds: float) -> None:
        """Make no calls for this many seconds (Retry-After)."""
        with self._lock:
            self._paused_until = max(self._paused_until, now + seconds)

    def on_success(self) -> None:
        """Raise the rate a little after a successful call."""
        if self.rate < self.limit:
            with self._lock:
                self.rate = min(self.limit, self.rate + self.limit * self.INCREASE)


def next_poll_delay(seen: JobSnapshot, *, now: float, quiet: float, shortest: float, longest: float) -> float:
    """Return the seconds until the next poll of a job: a tenth of its estimated remaining time.

    The estimate comes from the job's counters: the number of missing training jobs times the average time between two
    completions. A current gap longer than the average replaces it, so that a long last training job is polled less and
    less often. Before the first training job has ended, the job's age is the estimate.

    Args:
        seen: the job; a job that is not InProgress (Stopping ...) is about to end.
        now: the time of the snapshot, in seconds since the epoch.
        quiet: seconds since its counters last changed.
        shortest: never sooner.
        longest: never later.
    """
    longest = max(longest, 0.0)
    shortest = min(shortest, longest)
    if seen.status != "InProgress":
        return shortest
    if seen.created is None:
        return longest
    age = max(0.0, now - seen.created)
    if not seen.finished:
        expected = age
    elif seen.limit is None:
        return longest
    else:
        missing = max(1, seen.limit - seen.finished)
        expected = missing * max(age / seen.finished, quiet)
    return min(longest, max(shortest, expected / POLLS_AHEAD))
