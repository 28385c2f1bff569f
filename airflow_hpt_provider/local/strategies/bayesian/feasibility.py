"""How likely training is to succeed at a point.

Training jobs fail where hyperparameters do not work together, and by bad luck. A second Gaussian process, of success
(1) and failure (-1), tells these apart. Its lengthscale and noise are those under which the outcomes are most
likely, and failures by bad luck are noise. Expected improvement is multiplied by the probability of success
(Gelbart, Snoek and Adams, "Bayesian Optimization with Unknown Constraints", 2014).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import log_ndtr

from airflow_hpt_provider.local.strategies.bayesian.gp import GaussianProcess, Hyperparameters
from airflow_hpt_provider.local.strategies.bayesian.kernel import Covariance

if TYPE_CHECKING:
    from airflow_hpt_provider.local.strategies.parameters import Array

LENGTHSCALES = (0.3, 0.6, 1.2, 2.4)
"""Candidates for the lengthscale of all columns, times the square root of their number."""
NOISES = (0.03, 0.3, 1.0)
"""Candidates for the variance of the noise."""
DOUBT = 1.0
"""Variance added to that of the process. Less keeps the search too far away from an optimum next to failures."""
MAX_FITTED, MAX_CONDITIONED = 100, 300
"""The candidates are judged by no more than this number of trials, and the process is conditioned on no more."""


class Feasibility:
    """The log probability of success, 0 everywhere while nothing has failed.

    Args:
        succeeded: rows where training succeeded, shape (n, d).
        failed: rows where it failed, shape (f, d).
    """

    def __init__(self, succeeded: Array, failed: Array) -> None:
        self._process: GaussianProcess | None = None
        if not len(failed):
            return
        share = MAX_CONDITIONED // 2
        succeeded, failed = succeeded[-max(share, MAX_CONDITIONED - len(failed)) :], failed[-share:]
        rows = np.vstack([succeeded, failed])
        labels = np.where(np.arange(len(rows)) < len(succeeded), 1.0, -1.0)
        # Where nothing has been tried, success is as likely as on average, but not less likely than failure.
        self._mean = max(float(labels.mean()), 0.0)
        self._process = GaussianProcess(_fit(rows, labels - self._mean), rows, labels - self._mean)

    def __call__(self, rows: Array) -> Array:
        """Return the value at every row, shape (m,)."""
        if self._process is None:
            return np.zeros(len(rows))
        mean, deviation = self._process.predict(rows)
        return np.asarray(log_ndtr((self._mean + mean) / np.sqrt(deviation**2 + DOUBT)))

    def with_gradient(self, row: Array) -> tuple[float, Array]:
        """Return the value at one row, and its gradient by the row."""
        if self._process is None:
            return 0.0, np.zeros_like(row)
        mean, deviation, by_mean, by_deviation = self._process.predict_with_gradient(row)
        spread = math.sqrt(deviation**2 + DOUBT)
        z = (self._mean + mean) / spread
        value = float(log_ndtr(z))
        slope = math.exp(-0.5 * z * z - value) / math.sqrt(2.0 * math.pi)  # of log Phi
        return value, slope * (by_mean - z * deviation / spread * by_deviation) / spread


def _fit(rows: Array, labels: Array) -> Hyperparameters:
    """Return the candidate under which the labels are most likely."""
    some = np.random.default_rng(0).permutation(len(rows))[:MAX_FITTED]
    return max(
        (_candidate(rows.shape[1], length, noise) for length in LENGTHSCALES for noise in NOISES),
        key=lambda candidate: GaussianProcess(candidate, rows[some], labels[some]).log_likelihood,
    )


def _candidate(width: int, length: float, noise: float) -> Hyperparameters:
    inverse = np.full(width, 1.0 / (length * math.sqrt(width)))
    return Hyperparameters(Covariance(inverse, np.ones(1), np.ones((1, width))), noise)
