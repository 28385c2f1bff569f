"""How much each hyperparameter matters: scikit-learn's permutation importance of a random forest.

The forest learns the objective from the hyperparameters, each on its own scale (a logarithmic range by its
logarithm). Then one column at a time is shuffled: the worse the forest gets, the more that one mattered. It says
what mattered within the ranges that were searched, and nothing of what lies outside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from airflow_hpt_provider.ui.problems import Problem

MIN_TRIALS = 10
"""Minimum number of finished training jobs: with fewer, the importance would be noise."""


def importance(document: dict[str, Any]) -> dict[str, Any]:
    """Return the importance of each searched hyperparameter.

    Args:
        document: of :mod:`airflow_hpt_provider.ui.document`.

    Returns:
        ``parameters``: name, ``share`` (of 1) and ``spread`` (of the share, over the shuffles), the most important
        first; ``training_jobs``: how many it was learnt from; ``score``: R² of the forest on training jobs that each
        tree had not seen: near 1 it knows the objective well, near 0 the shares say little.

    Raises:
        Problem: scikit-learn is missing, or there are too few finished training jobs.
    """
    if find_spec("sklearn") is None:
        raise Problem(
            501,
            "extra_missing",
            "Importance needs scikit-learn",
            "It is not installed where Airflow's API server runs.",
            "pip install 'airflow-hpt-provider[importance]' there, and restart the API server.",
        )
    training_jobs, parameters = document["training_jobs"], document["parameters"]
    rows = [index for index, metric in enumerate(training_jobs["metric"]) if metric is not None]
    columns = [(one, _column(one, training_jobs["values"][one["name"]], rows)) for one in parameters]
    columns = [(one, column) for one, column in columns if len(set(column)) > 1]
    if len(rows) < MIN_TRIALS or not columns:
        raise _too_few(len(rows), ended=document["job"]["ended"])
    names = [one["name"] for one, _ in columns]
    return _shares(names, [column for _, column in columns], [training_jobs["metric"][row] for row in rows])


def _too_few(count: int, *, ended: bool) -> Problem:
    return Problem(
        409,
        "too_few_training_jobs",
        "Not enough to compute it from" if ended else "Not enough finished training jobs yet",
        f"{count} have reported the objective, with different hyperparameters; {MIN_TRIALS} are needed.",
        "" if ended else "It appears by itself.",
    )


def _column(parameter: dict[str, Any], values: Sequence[Any], rows: Sequence[int]) -> list[float]:
    """Return a hyperparameter's values on its own scale; categories by their order; what is missing as the middle."""
    if parameter["kind"] == "categorical":
        codes = {value: float(code) for code, value in enumerate(parameter["values"])}
        return [codes.get(values[row], -1.0) for row in rows]
    numbers = [_scaled(values[row], parameter["scale"]) for row in rows]
    known = sorted(number for number in numbers if number is not None)
    middle = known[len(known) // 2] if known else 0.0
    return [middle if number is None else number for number in numbers]


def _scaled(value: float | None, scale: str) -> float | None:
    if value is None:
        return None
    if scale == "log" and value > 0:
        return math.log(value)
    if scale == "reverse_log" and value < 1:
        return -math.log1p(-value)
    return float(value)


def _shares(
    names: Sequence[str], columns: Sequence[Sequence[float]], metrics: Sequence[float]
) -> dict[str, Any]:
    import numpy as np
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import permutation_importance

    features = np.array(columns).T
    # Ranks, so that a few training jobs that diverged do not drown the rest.
    target = np.argsort(np.argsort(metrics)).astype(float)
    make: Any = RandomForestRegressor  # untyped
    forest = make(n_estimators=100, min_samples_leaf=2, oob_score=True, random_state=0, n_jobs=1)
    forest.fit(features, target)
    found = permutation_importance(forest, features, target, n_repeats=5, random_state=0, n_jobs=1)
    means = np.maximum(found.importances_mean, 0.0)
    total = float(means.sum()) or 1.0
    order = np.argsort(-means)
    return {
        "parameters": [
            {
                "name": names[index],
                "share": round(float(means[index]) / total, 4),
                "spread": round(float(found.importances_std[index]) / total, 4),
            }
            for index in order
        ],
        "training_jobs": len(metrics),
        "score": round(float(forest.oob_score_), 3),
    }
