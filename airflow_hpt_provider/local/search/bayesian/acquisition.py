"""What a further trial is worth: log expected improvement.

The logarithm keeps a gradient where the improvement itself has underflowed to 0 (Ament et al., "Unexpected
Improvements to Expected Improvement for Bayesian Optimization", 2023).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import erfcx, log_ndtr

if TYPE_CHECKING:
    from airflow_hpt_provider.local.search.bayesian.gp import GaussianProcess
    from airflow_hpt_provider.local.search.parameters import Array

LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)
SQRT_HALF_PI = math.sqrt(0.5 * math.pi)
MAX_EXPONENT = 700.0


def log_h(z: Array) -> Array:
    """``log(phi(z) + z Phi(z))``, stable for any z: the log EI of a standard normal with incumbent z."""
    z = np.asarray(z, dtype=float)
    above = z > -1.0
    upper, lower = np.where(above, z, 0.0), np.where(above, -2.0, z)
    direct = np.log(np.exp(-0.5 * upper**2 - LOG_SQRT_2PI) + upper * np.exp(log_ndtr(upper)))
    # Below, 1 + z Phi(z)/phi(z) loses its digits from about -1e4 on, where it has become 1/z².
    tail = np.where(lower > -1e4, 1.0 + lower * SQRT_HALF_PI * erfcx(-lower / math.sqrt(2.0)), 1.0 / lower**2)
    tailed = -0.5 * lower**2 - LOG_SQRT_2PI + np.log(tail)
    return np.asarray(np.where(above, direct, tailed))


class LogExpectedImprovement:
    """Log of the expected improvement below the incumbent, over the rows of a space.

    The incumbent is the lowest posterior mean at the rows seen, which noise moves less than the lowest score.

    Args:
        process: the posterior, pending trials believed.
        context: the columns that follow those of the space, the same for all rows asked about; shape (c,).

    Attributes:
        best: the rows seen, without context, from the lowest posterior mean in this context to the highest.
    """

    def __init__(self, process: GaussianProcess, context: Array) -> None:
        self._process = process
        self._context = context
        self._width = process.rows.shape[1] - len(context)
        seen = np.unique(process.rows[:, : self._width], axis=0) if len(context) else process.rows
        means = process.mean(self._extend(seen))
        self.incumbent = float(means.min())
        self.best = seen[np.argsort(means, kind="stable")]

    def _extend(self, rows: Array) -> Array:
        if not len(self._context):
            return rows
        return np.hstack([rows, np.broadcast_to(self._context, (len(rows), len(self._context)))])

    def __call__(self, rows: Array) -> Array:
        """At every row of the space, shape (m,)."""
        mean, deviation = self._process.predict(self._extend(rows))
        return np.asarray(log_h((self.incumbent - mean) / deviation) + np.log(deviation))

    def with_gradient(self, row: Array) -> tuple[float, Array]:
        """At one row of the space, and the gradient by it."""
        extended = np.concatenate([row, self._context])
        mean, deviation, by_mean, by_deviation = self._process.predict_with_gradient(extended)
        z = (self.incumbent - mean) / deviation
        value = float(log_h(np.array(z)))
        slope = math.exp(min(float(log_ndtr(z)) - value, MAX_EXPONENT))  # h'(z) / h(z)
        gradient = (1.0 - slope * z) * by_deviation / deviation - slope * by_mean / deviation
        return value + math.log(deviation), gradient[: self._width]
