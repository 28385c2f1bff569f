"""How a wait ends: the outcome of each status, and the policies for jobs that did not complete.

Which statuses are final is said once, in :mod:`airflow_hpt_provider.models.status`. Operator, sensor and trigger all
use :func:`outcome_of`, so that a status means the same in every mode.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Literal, get_args

OnUnfinished = Literal["fail", "skip", "use_best"]
"""Policy for a job that was stopped or has timed out: fail the task, skip it, or use the best model so far."""


class Outcome(StrEnum):
    """How a wait ends. The first four are AWS's status words in lower case."""

    COMPLETED = "completed"
    FAILED = "failed"
    STOPPED = "stopped"
    DELETE_FAILED = "deletefailed"
    NOT_FOUND = "gone"
    """The job is not there (any more)."""
    TIMEOUT = "timeout"
    """The waiter's own deadline has passed; the job may still be running."""
    BUDGET = "budget"
    """A limit on what the job may spend has been reached; it may still be running."""
    UNREACHABLE = "unreachable"
    """The service could not be asked for ``unreachable_timeout``; the job may still be running."""


@cache
def _outcomes() -> dict[str, Outcome]:
    from airflow_hpt_provider.models.status import TERMINAL_TUNING_STATUSES  # not when a DAG file is parsed

    return {str(status): Outcome(status.lower()) for status in TERMINAL_TUNING_STATUSES}


def outcome_of(status: str) -> Outcome | None:
    """Return the outcome of a HyperParameterTuningJobStatus, or None: keep waiting.

    A status that AWS may add later is waited on: it is bounded by the timeout, while taking it for an end
    could report a running job as done.
    """
    return _outcomes().get(status)


def check_policy(name: str, value: str) -> OnUnfinished:
    """Check an ``on_stopped`` or ``on_timeout`` argument when the DAG is parsed.

    Raises:
        ValueError: naming the argument, the value and the choices.
    """
    choices = get_args(OnUnfinished)
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}.")
    return value  # type: ignore[return-value]


def deadline(created: datetime, timeout: timedelta | None) -> datetime | None:
    """When a job's time is over: ``timeout`` after its creation.

    Counting from the creation, not from this attempt of the task, makes the timeout total: retries,
    deferrals and triggerer restarts do not extend it.
    """
    return None if timeout is None else created + timeout
