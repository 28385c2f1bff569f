"""A disk that a training job has filled: the job's failure says so, and the job gives the space back."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.disk import has_none_left, is_full, what_to_do
from airflow_hpt_provider.local.runners.contract import AttemptResult
from airflow_hpt_provider.local.runners.failures import MAX_FAILURE, ClientFailure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from airflow_hpt_provider.local.runners.host_run import HostRun

KEPT_LOG_BYTES = 1 << 20
"""Length of the beginning of a log that is kept when the job has filled the disk."""


def reason(directory: Path) -> str:
    """Return why a training job cannot continue, and what to do."""
    return f"Not enough disk space. {what_to_do(directory.parent)}."


def failure_of(error: Exception, directory: Path) -> ClientFailure | None:
    """Return the failure of a training job for a write that found the disk full; None for any other error."""
    return ClientFailure(reason(directory)) if is_full(error, directory) else None


def explained(ended: AttemptResult, directory: Path) -> AttemptResult:
    """Add to the failure of an attempt that the disk is full now.

    The log of a job that has filled the disk lacks its end, and the file of its exit code may be empty: the job
    then seems to have been killed, and would be tried again with the same result.
    """
    if ended.failure_reason is None or not has_none_left(directory):
        return ended
    if ended.internal:
        return AttemptResult(failure_reason=str(ClientFailure(reason(directory))))
    remedy = f" ({reason(directory)})"
    return replace(ended, failure_reason=ended.failure_reason[: MAX_FAILURE - len(remedy)] + remedy)


def shorten_logs(runs: Sequence[HostRun]) -> None:
    """Cut the logs of an attempt that fill the disk."""
    for run in runs:
        log = run.job.directory / "log"
        with contextlib.suppress(OSError):
            if log.stat().st_size > KEPT_LOG_BYTES and has_none_left(log):
                os.truncate(log, KEPT_LOG_BYTES)
