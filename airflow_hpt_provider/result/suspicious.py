"""Warns about results that look like a success and probably are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_hpt_provider.models.constant_objective import (
    MIN_TRAINING_JOBS,
    constant_objective,
    constant_objective_warning,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
    from airflow_hpt_provider.models import TrainingJobSummary


MAX_READ = 100
"""Training jobs that are read where the best ones are alike: one page."""


def same_objective_warning(
    hook: HyperParameterTuningHook, name: str, best: Sequence[TrainingJobSummary] = ()
) -> str | None:
    """Return a warning if training jobs with different hyperparameters all reported one objective value.

    Lists training jobs once more only if the best five are alike. If the worst has the same value, all have.

    Args:
        hook: lists the training jobs.
        name: of the tuning job.
        best: its best training jobs; they are listed if there are fewer than five.
    """
    if len(best) < MIN_TRAINING_JOBS:
        best = list(hook.training_jobs(name, limit=MIN_TRAINING_JOBS))
    if len(best) < MIN_TRAINING_JOBS or len({each.final_metric for each in best}) > 1:
        return None
    objective = hook.describe(name).objective_of()
    if objective is None:
        return None
    worst_first = "Ascending" if objective.type == "Maximize" else "Descending"
    others = hook.training_jobs(name, sort_order=worst_first, limit=MAX_READ)
    value = constant_objective((each.tuned_hyper_parameters, each.final_metric) for each in (*others, *best))
    return None if value is None else constant_objective_warning(objective.metric_name, value)
