"""The task log while a job runs: one line per change of counters, with the best so far."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.display.format import format_duration, format_number, parameters
from airflow_hpt_provider.waiting.snapshot import JobSnapshot

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TuningJobDescription


class ProgressLog:
    """Logs what is seen of a job when it says something new."""

    __slots__ = ("_best", "_last", "_log")

    def __init__(self, log: Any) -> None:
        self._log = log
        self._last: tuple[Any, ...] = ()
        self._best = ""

    def __call__(self, seen: JobSnapshot | TuningJobDescription) -> None:
        """Log one line if status, counters or best training job have changed.

        A list does not return the best training job: the last known one is logged again.
        """
        snapshot = seen if isinstance(seen, JobSnapshot) else JobSnapshot.of_description(seen)
        self._best = best(snapshot) or self._best
        now = (snapshot.status, snapshot.counters, self._best)
        if now != self._last:
            self._last = now
            self._log.info("%s", progress_line(snapshot, self._best))


def progress_line(seen: JobSnapshot, best_before: str = "", now: float | None = None) -> str:
    """Format a job's state in one line.

    For example ``tune-3f9: InProgress · 7 of 12 completed, 2 running, 1 failed · 3 min 20 s · best 0.0811538
    (tune-3f9-004-1c: depth=4, rate=0.178752)``. What may be long stands last: Airflow's UI cuts lines.

    Args:
        seen: the job.
        best_before: the best training job, if the snapshot itself has none.
        now: seconds since the epoch, for the time that the job has taken so far; default: the clock's.
    """
    until = seen.ended or (time.time() if now is None else now)
    age = None if seen.created is None else until - seen.created
    parts = [seen.status, counts(seen), format_duration(age), best(seen) or best_before]
    return f"{seen.name}: {' · '.join(part for part in parts if part)}"


def counts(seen: JobSnapshot) -> str:
    """Return the number of training jobs by status: ``7 of 12 completed, 2 running, 1 failed``."""
    parts = [f"{seen.completed} of {seen.limit} completed" if seen.limit else f"{seen.completed} completed"]
    parts += [
        f"{count} {word}"
        for count, word in ((seen.in_progress, "running"), (seen.failed, "failed"), (seen.stopped, "stopped"))
        if count
    ]
    return ", ".join(parts)


def best(seen: JobSnapshot) -> str:
    """Format the best training job so far with its hyperparameters; empty if the snapshot has none."""
    if seen.best_metric is None:
        return ""
    values = parameters(seen.best_parameters or {})
    return f"best {format_number(seen.best_metric)} ({seen.best_name}{f': {values}' if values else ''})"
