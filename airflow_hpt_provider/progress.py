"""The task log while a job runs: one line per change of counters, with the best so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TuningJobDescription


class ProgressLog:
    """Logs a description when it says something new."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self._last = ""

    def __call__(self, description: TuningJobDescription) -> None:
        """Log one line if status, counters or best training job have changed."""
        line = progress_line(description)
        if line != self._last:
            self._last = line
            self._log.info("%s", line)


def progress_line(description: TuningJobDescription) -> str:
    """A job's state in one line.

    For example ``tune-3f9: InProgress · 7 of 12 completed, 2 running, 1 failed · best 0.9812 (tune-3f9-004-1c)``.
    """
    counters = description.training_job_status_counters
    limits = description.hyper_parameter_tuning_job_config.resource_limits
    limit = limits.max_number_of_training_jobs if limits else None
    completed = counters.completed or 0
    parts = [f"{completed} of {limit} completed" if limit else f"{completed} completed"]
    parts += [
        f"{count} {word}"
        for count, word in (
            (counters.in_progress, "running"),
            (counters.failed, "failed"),
            (counters.stopped, "stopped"),
        )
        if count
    ]
    line = f"{description.name}: {description.status} · {', '.join(parts)}"
    best = description.best_training_job
    if best and best.final_metric is not None:
        line += f" · best {best.final_metric:.6g} ({best.training_job_name})"
    return line
