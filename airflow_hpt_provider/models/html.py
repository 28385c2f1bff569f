"""What notebooks show of results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_hpt_provider.models.result import TuningResult


def result_html(result: TuningResult) -> str:
    """A tuning job's result as two small tables."""
    counts = result.training_job_status_counters
    rows = {
        "Status": result.status,
        "Training jobs": f"{counts.completed or 0} of {counts.total} completed",
        "Reason": result.status_reason or result.failure_reason,
    }
    best = result.best_training_job
    if best is not None:
        metric = result.objective.metric_name if result.objective else "objective"
        rows |= {
            "Best training job": best.training_job_name,
            metric: None if result.final_metric is None else f"{result.final_metric:.6g}",
            "Model artifact": best.model_artifact,
        }
    tables = [_table(result.tuning_job_name, rows.items())]
    if best is not None:
        tables.append(_table("Best hyperparameters", best.tuned_hyper_parameters.items()))
    return "".join(tables)


def members_html(title: str, members: Mapping[str, object]) -> str:
    """A structure as a table of its members; those without a value are left out."""
    return _table(title, ((name, None if value is None else str(value)) for name, value in members.items()))


def _table(title: str, rows: Iterable[tuple[str, str | None]]) -> str:
    cells = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th><td style='text-align:left'>{escape(value)}</td></tr>"
        for name, value in rows
        if value
    )
    return f"<table><caption style='text-align:left'><b>{escape(title)}</b></caption>{cells}</table>"
