"""The task log while a job runs: one line per change of counters, with the best so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.waiting.sighting import Sighting

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TuningJobDescription


class ProgressLog:
    """Logs what is seen of a job when it says something new."""

    __slots__ = ("_best", "_last", "_log")

    def __init__(self, log: Any) -> None:
        self._log = log
        self._last = ""
        self._best = ""

    def __call__(self, seen: Sighting | TuningJobDescription) -> None:
        """Log one line if status, counters or best training job have changed.

        A list does not tell the best training job: the one that was seen last is told again.
        """
        sighting = seen if isinstance(seen, Sighting) else Sighting.of_description(seen)
        self._best = _best(sighting) or self._best
        line = progress_line(sighting, self._best)
        if line != self._last:
            self._last = line
            self._log.info("%s", line)


def progress_line(seen: Sighting, best: str | None = None) -> str:
    """A job's state in one line.

    For example ``tune-3f9: InProgress · 7 of 12 completed, 2 running, 1 failed · best 0.9812 (tune-3f9-004-1c)``.

    Args:
        seen: the job.
        best: the last part, if the sighting itself does not know it.
    """
    parts = [f"{seen.completed} of {seen.limit} completed" if seen.limit else f"{seen.completed} completed"]
    parts += [
        f"{count} {word}"
        for count, word in ((seen.in_progress, "running"), (seen.failed, "failed"), (seen.stopped, "stopped"))
        if count
    ]
    return f"{seen.name}: {seen.status} · {', '.join(parts)}{_best(seen) or best or ''}"


def _best(seen: Sighting) -> str:
    return "" if seen.best_metric is None else f" · best {seen.best_metric:.6g} ({seen.best_name})"
