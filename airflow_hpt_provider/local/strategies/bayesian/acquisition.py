"""What a further trial is worth: log expected improvement.

The logarithm keeps a gradient where the improvement itself has underflowed to 0 (Ament et al., "Unexpected
Improvements to Expected Improvement for Bayesian Optimization", 2023).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import erfcx, log_ndtr

from airflow_hpt_provider.local.strategies.bayesian.feasibility import Feasibility

if TYPE_CHECKING:
    from airflow_hpt_provider.local.strategies.bayesian.gp import GaussianProcess
    from airflow_hpt_provider.local.strategies.bayesian.observations import Observations
    from airflow_hpt_provider.local.strategies.parameters import Array

LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)
SQRT_HALF_PI = math.sqrt(0.5 * math.pi)
MAX_EXPONENT = 700.0
LOWEST = -1e100


def log_h(z: Array) -> Array:
    """``log(phi(z) + z Phi(z))``, stable for any z: the log EI of a standard normal with incumbent z."""
    z = np.maximum(np.asarray(z, dtype=float), LOWEST)
    above = z > -1.0
    upper, lower = np.where(above, z, 0.0), np.where(above, -2.0, z)
    direct = np.log(np.exp(-0.5 * upper**2 - LOG_SQRT_2PI) + upper * np.exp(log_ndtr(upper)))
    # Below, 1 + z Phi(z)/phi(z) loses its digits from about -1e4 on, where it has become 1/z².
    tail = np.where(lower > -1e4, 1.0 + lower * SQRT_HALF_PI * erfcx(-lower / math.sqrt(2.0)), 1.0 / lower**2)
    tailed = -0.5 * lower**2 - LOG_SQRT_2PI + np.log(tail)
    return np.asarray(np.where(above, direct, tailed))


class LogExpectedImprovement:
    """Log of the expected improvement below the incumbent, over the rows of a space, if training succeeds.

    The incumbent is the lowest posterior mean at the rows seen, which noise moves less than the lowest score.

    Args:
        process: the posterior, pending and failed trials believed.
        observations: what it has seen.

    Attributes:
        incumbent: the score to improve on.
        best: the rows of the space where training has not failed, from the lowest posterior mean in the proposal's
            context to the highest.
    """

    def __init__(self, process: GaussianProcess, observations: Observations) -> None:
        self._process = process
        self._context = observations.context
        self._width = process.rows.shape[1] - len(self._context)
        self._feasibility = Feasibility(observations.rows, observations.failed)
        seen = np.vstack([observations.rows, observations.pending])
        if len(self._context):
            seen = self._extend(np.unique(seen[:, : self._width], axis=0))
        means = process.mean(seen)
        self.incumbent = float(means.min())
        self.best = seen[np.argsort(means, kind="stable"), : self._width]

    def _extend(self, rows: Array) -> Array:
        return np.hstack([rows, np.broadcast_to(self._context, (len(rows), len(self._context)))])

    def __call__(self, rows: Array) -> Array:
        """Return the log expected improvement at every row of the space, shape (m,)."""
        extended = self._extend(rows)
        mean, deviation = self._process.predict(extended)
        improvement = log_h((self.incumbent - mean) / deviation) + np.log(deviation)
        return np.asarray(improvement + self._feasibility(extended))

    def with_gradient(self, row: Array) -> tuple[float, Array]:
        """Return the log expected improvement at one row of the space, and its gradient by the row."""
        extended = np.concatenate([row, self._context])
        mean, deviation, by_mean, by_deviation = self._process.predict_with_gradient(extended)
        z = (self.incumbent - mean) / deviation
        log_improvement = float(log_h(np.array(z)))
        slope = math.exp(min(float(log_ndtr(z)) - log_improvement, MAX_EXPONENT))  # h'(z) / h(z)
        gradient = (1.0 - slope * z) * by_deviation / deviation - slope * by_mean / deviation
        success, by_success = self._feasibility.with_gradient(extended)
        value = log_improvement + math.log(deviation) + success
        return value, (gradient + by_success)[: self._width]
