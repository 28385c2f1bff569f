"""Deferring again when the triggerer did not find a job that the worker sees."""

from __future__ import annotations

from typing import Any

MAX_SECONDS = 60.0


def delay_after(misses: int) -> float:
    """Return the seconds that a worker waits before it defers again: 5, 10, 20 ... up to a minute.

    Args:
        misses: how often in a row the triggerer has not found the job, at least once.
    """
    return min(MAX_SECONDS, 2.5 * 2.0 ** min(misses, 10))


def warn(log: Any, tuning_job_name: str, aws_conn_id: str | None, misses: int, seconds: float) -> None:
    """Log why the task defers again, and when."""
    log.warning(
        "The triggerer has not found tuning job %s, which is running (%d times in a row): connection %s seems to lead"
        " to another account or region there. Deferring again in %.0f s. Define the connection in the same way for"
        " workers and triggerers.",
        tuning_job_name,
        misses,
        aws_conn_id,
        seconds,
    )
