"""Formatting of jobs for logs and the command line: durations, numbers, hyperparameters, tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.display.hyperparameters import names_in, unquoted
from airflow_hpt_provider.models.printable import printable, shortened

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TrainingJobSummary

MAX_PARAMETERS = 6
"""Maximum number of hyperparameters in one line."""
MAX_METRICS = 4
"""Maximum number of metrics in a table's columns, next to the objective."""


def format_duration(seconds: float | timedelta | None) -> str:
    """Format a duration in its two largest units: ``45 s``, ``3 min 20 s``, ``2 h 5 min``; empty for None."""
    if seconds is None:
        return ""
    left = round(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds)
    parts: list[tuple[int, str]] = []
    for name, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        amount, left = divmod(max(left, 0), size)
        if amount or parts or name == "s":
            parts.append((amount, name))
    return " ".join(f"{amount} {name}" for amount, name in parts[:2] if amount) or "0 s"


def format_number(value: float | None) -> str:
    """Six significant digits; empty for None."""
    return "" if value is None else f"{value:.6g}"


def format_value(text: str) -> str:
    """Format a hyperparameter's value: ``0.17875180762069579`` as 0.178752, ``"adam"`` without quotes."""
    text = printable(unquoted(text))
    try:
        return text if len(text) <= 8 else format_number(float(text))
    except ValueError:
        return shortened(text, 40)


def parameters(values: Mapping[str, str]) -> str:
    """Hyperparameters in a line: ``depth=4, learning-rate=0.178752``."""
    shown = [
        f"{printable(name)}={format_value(text)}" for name, text in list(values.items())[:MAX_PARAMETERS]
    ]
    rest = len(values) - len(shown)
    return ", ".join([*shown, f"{rest} more"] if rest > 0 else shown)


def table(rows: Sequence[Sequence[Any]], headers: Sequence[str], *, right: Iterable[int] = ()) -> str:
    """Aligned columns under a header.

    Args:
        rows: texts.
        headers: the columns' names.
        right: which columns are numbers, and stand to the right.
    """
    from tabulate import tabulate

    numbers = set(right)
    align = ["right" if index in numbers else "left" for index in range(len(headers))]
    shown = [[printable(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    heads = [printable(header) for header in headers]
    return tabulate(shown, heads, tablefmt="simple", disable_numparse=True, colalign=align if rows else None)


def leaderboard(training_jobs: Sequence[TrainingJobSummary], metric: str = "objective") -> str:
    """Training jobs, the best first, as a table: place, name, objective, hyperparameters, duration."""
    places = [
        [place, training_job.training_job_name] for place, training_job in enumerate(training_jobs, start=1)
    ]
    return _training_jobs_table(places, ["", "training job"], training_jobs, metric, right=[0, 2])


def training_jobs_table(
    training_jobs: Sequence[TrainingJobSummary],
    metric: str,
    metrics: Mapping[str, Mapping[str, float]] | None = None,
) -> str:
    """Training jobs in whatever state as a table: name, status, objective, metrics, hyperparameters, duration.

    Args:
        training_jobs: the training jobs.
        metric: the objective's name.
        metrics: the final values of each training job's metrics, by the training job's name.
    """
    states = [[training_job.training_job_name, training_job.status] for training_job in training_jobs]
    headers = ["training job", "status"]
    return _training_jobs_table(states, headers, training_jobs, metric, right=[2], metrics=metrics)


def _training_jobs_table(
    first: Iterable[Sequence[Any]],
    headers: Sequence[str],
    training_jobs: Sequence[TrainingJobSummary],
    metric: str,
    right: Iterable[int],
    metrics: Mapping[str, Mapping[str, float]] | None = None,
) -> str:
    """Return a table of training jobs whose first columns are given."""
    names = names_in(training_jobs)
    given = [(metrics or {}).get(each.training_job_name, {}) for each in training_jobs]
    others = sorted({name for values in given for name in values} - {metric})[:MAX_METRICS]
    numbers = range(len(headers) + 1, len(headers) + 1 + len(others))
    rows = [
        [
            *cells,
            format_number(training_job.final_metric),
            *(format_number(values.get(name)) for name in others),
            *(format_value(training_job.tuned_hyper_parameters.get(name, "")) for name in names),
            format_duration(training_job.duration),
        ]
        for cells, training_job, values in zip(first, training_jobs, given, strict=True)
    ]
    return table(rows, [*headers, metric, *others, *names, "duration"], right=[*right, *numbers])
