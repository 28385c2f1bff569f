"""Waits for one tuning job in the calling thread: for operator, sensor, command line and programs.

The triggerer, where many tasks wait in one process, uses :mod:`airflow_hpt_provider.waiting.shared_poller`. What
ends a wait is the same in both: :mod:`airflow_hpt_provider.waiting.limits`.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.metrics import LATENESS, POLLS, WAITS
from airflow_hpt_provider.retries.calls import FullJitter
from airflow_hpt_provider.retries.classify import ErrorClass
from airflow_hpt_provider.retries.errors import one_line, retry_after
from airflow_hpt_provider.waiting.outcome import outcome_of
from airflow_hpt_provider.waiting.time_limit import LAST_POLL_SECONDS, CallTimeoutError, call_within

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TuningJobDescription
    from airflow_hpt_provider.waiting.limits import WaitLimits

logger = logging.getLogger(__name__)

BACKOFF = FullJitter()


def poll_until_done(
    poll: Callable[[], TuningJobDescription],
    limits: WaitLimits,
    *,
    poll_interval: float = 30.0,
    on_poll: Callable[[TuningJobDescription], None] | None = None,
    on_refused_credentials: Callable[[], None] | None = None,
    backoff: FullJitter = BACKOFF,
    until_ended: bool = True,
    sleep: Callable[[float], None] = time.sleep,
    log: Any = logger,
) -> TuningJobDescription:
    """Poll until the job has ended, and return its last description. The first poll is immediate.

    Args:
        poll: describes the job once, without retries of its own.
        limits: when to give up.
        poll_interval: seconds between two polls; each is varied by up to 10% so that waiting tasks spread.
        on_poll: called with each description, the last included; what it raises ends the wait.
        on_refused_credentials: called when the service refused the credentials, before the next poll.
        backoff: delays after failed polls.
        until_ended: False: return the first description, whatever the job's status.
        sleep: called with the seconds between two polls; what it raises ends the wait.
        log: receives a warning for each failed poll.

    Raises:
        TuningJobTimeoutError: the deadline has passed.
        TuningServiceUnreachableError: every poll failed for ``unreachable_timeout``.
        TuningJobNotFoundError: the job does not exist, or no longer exists.
        botocore.exceptions.ClientError: an error that would repeat, such as denied access.
    """
    if until_ended:
        WAITS.send(where="worker")
    polled = False
    while True:
        error: Exception | None = None
        description = poll_once(poll, limits, on_refused_credentials=on_refused_credentials)
        if isinstance(description, Exception):
            error = description
            delay = max(backoff.after(limits.failures), retry_after(error))
        else:
            if on_poll:
                _report(on_poll, description, limits)
            if not until_ended or outcome_of(description.status) is not None:
                if polled:
                    send_lateness(description)
                return description
            polled = True
            delay = poll_interval * random.uniform(0.9, 1.1)  # noqa: S311 - not cryptography
        if expired := limits.expired_error(error):
            raise expired
        delay = min(delay, limits.seconds_left())
        if error is not None:
            log.warning(
                "Could not poll tuning job %s (%s); retrying in %.1f s.",
                limits.tuning_job_name,
                one_line(error),
                delay,
            )
        sleep(delay)


def poll_once(
    poll: Callable[[], TuningJobDescription],
    limits: WaitLimits,
    *,
    prepare: Callable[[], None] | None = None,
    on_refused_credentials: Callable[[], None] | None = None,
) -> TuningJobDescription | Exception:
    """Poll once, and return the job's description or, after a failed poll, its error.

    Every wait in a worker takes this step: :func:`poll_until_done` in a loop, the sensor each time Airflow calls
    ``poke``.

    Args:
        poll: describes the job once, without retries of its own; it may run in another thread.
        limits: how long the call may take; they count the failures.
        prepare: called in this thread before the poll; its error counts as the poll's.
        on_refused_credentials: called when the service refused the credentials.

    Raises:
        TuningJobNotFoundError: the job does not exist, or no longer exists.
        Exception: the poll's error, if it would repeat.
    """
    POLLS.send(where="worker")
    try:
        if prepare:
            prepare()
        description = call_within(call_limit(limits), poll)
    except Exception as error:  # noqa: BLE001 - the limits raise what is final
        if limits.record_failure(error) is ErrorClass.CREDENTIALS and on_refused_credentials:
            on_refused_credentials()
        return error
    limits.record_success()
    return description


def send_lateness(description: TuningJobDescription) -> None:
    """Send how long ago a job ended that an earlier poll of the same wait saw running."""
    if ended := description.hyper_parameter_tuning_end_time:
        LATENESS.send(max(0.0, time.time() - ended.timestamp()), where="worker")


def call_limit(limits: WaitLimits) -> float:
    """Return the seconds after which a call is abandoned, so that the limits hold even if a connection hangs."""
    return limits.seconds_left() + LAST_POLL_SECONDS


def _report(
    on_poll: Callable[[TuningJobDescription], None], description: TuningJobDescription, limits: WaitLimits
) -> None:
    """Call ``on_poll``, which may call the API, as long as the wait may last."""
    try:
        call_within(call_limit(limits), lambda: on_poll(description))
    except CallTimeoutError:
        if outcome_of(description.status) is None:
            raise (limits.expired_error() or TimeoutError) from None
