"""How likely training is to succeed at a point.

Training jobs fail where hyperparameters do not work together, and by bad luck. The share of successes among the
trials around a point tells these apart: one failure among successes weighs little, failures alone weigh much.
Expected improvement is multiplied by it (Gelbart, Snoek and Adams, "Bayesian Optimization with Unknown
Constraints", 2014, with a kernel average in place of their second process).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from airflow_hpt_provider.local.strategies.bayesian.kernel import Covariance

if TYPE_CHECKING:
    from airflow_hpt_provider.local.strategies.parameters import Array

PRIOR_SUCCESSES = 1.0
"""Number of successes that are assumed everywhere."""


class Feasibility:
    """The log probability of success, 0 everywhere while nothing has failed.

    Args:
        succeeded: rows where training succeeded, shape (n, d).
        failed: rows where it failed, shape (f, d).
        inverse_lengthscales: of the model, per column: how far a success or a failure counts; shape (d,).
    """

    def __init__(self, succeeded: Array, failed: Array, inverse_lengthscales: Array) -> None:
        self._rows = np.vstack([succeeded, failed])
        self._success = np.arange(len(self._rows)) < len(succeeded)
        self._nearness = Covariance(inverse_lengthscales, np.ones(1), np.ones((1, len(inverse_lengthscales))))
        self._certain = not len(failed)

    def __call__(self, rows: Array) -> Array:
        """Return the value at every row, shape (m,)."""
        if self._certain:
            return np.zeros(len(rows))
        near = self._nearness(rows, self._rows)
        successes = PRIOR_SUCCESSES + near[:, self._success].sum(axis=1)
        return np.asarray(np.log(successes / (PRIOR_SUCCESSES + near.sum(axis=1))))

    def with_gradient(self, row: Array) -> tuple[float, Array]:
        """Return the value at one row, and its gradient by the row."""
        if self._certain:
            return 0.0, np.zeros_like(row)
        near, slopes = self._nearness.with_gradient(row, self._rows)
        successes = PRIOR_SUCCESSES + near[self._success].sum()
        trials = PRIOR_SUCCESSES + near.sum()
        gradient = slopes[self._success].sum(axis=0) / successes - slopes.sum(axis=0) / trials
        return float(np.log(successes / trials)), gradient
