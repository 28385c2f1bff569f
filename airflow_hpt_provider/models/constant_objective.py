"""Detects a tuning job whose hyperparameters do not reach the training script: every objective value is the same."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

MIN_TRAINING_JOBS = 5
"""Training jobs with different hyperparameters; fewer may have the same objective by chance."""


def constant_objective(results: Iterable[tuple[Mapping[str, Any], float | None]]) -> float | None:
    """Return the objective value that all training jobs report; None if they differ or are fewer than five.

    Args:
        results: hyperparameters and objective of each training job. Those without a finite objective do not count.
    """
    points: set[tuple[tuple[str, str], ...]] = set()
    only: float | None = None
    for hyperparameters, objective in results:
        if objective is None or not math.isfinite(objective):
            continue
        if only is not None and objective != only:
            return None
        only = objective
        points.add(tuple(sorted((name, str(value)) for name, value in hyperparameters.items())))
    return only if len(points) >= MIN_TRAINING_JOBS else None


def constant_objective_warning(metric: str, value: float) -> str:
    """Return the warning about such a tuning job, in whole sentences."""
    return (
        f"All training jobs reported the same value of {metric}, {value:g}, although their hyperparameters differ. "
        "Check that the training script reads its hyperparameters and that the metric's regex matches the right line."
    )
