"""Fitting the Gaussian process: maximum a posteriori lengthscales, variances and noise.

All are searched in logarithms, under normal priors on these. The data of a tuning job are too few to do without:
the prior's lengthscale grows with the square root of the number of hyperparameters, as the distances in the
cube do (Hvarfner, Hellsten and Nardi, "Vanilla Bayesian Optimization Performs Great in High Dimensions", 2024).
Their prior is longer and broader; this one was found better at the 60 trials that a tuning job has
(``docs/benchmarks/search.md``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri, dpotrs
from scipy.optimize import minimize

from airflow_hpt_provider.local.strategies.bayesian.gp import JITTER, Hyperparameters, task_offset
from airflow_hpt_provider.local.strategies.bayesian.kernel import (
    Covariance,
    correlation_and_slope,
    distances,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from airflow_hpt_provider.local.strategies.parameters import Array

LENGTHSCALE_SPREAD = 1.2
VARIANCE_SPREAD = 1.0
CATEGORICAL_LENGTHSCALE = 1.5
"""Prior length scale of a one-hot column. Its values are sqrt(2) apart, so they start out correlated by a third."""
BOUNDS_LENGTHSCALE = (-4.0, 5.0)
BOUNDS_VARIANCE = (-4.0, 4.0)
BOUNDS_NOISE = (-21.0, 1.0)
ITERATIONS = 20
"""Maximum number of steps from each start; more gain little."""
IMPOSSIBLE = 1e10


@dataclass(frozen=True)
class Columns:
    """How the columns of a row share lengthscales, and what these are likely to be.

    Attributes:
        groups: per column, the number of the lengthscale that it shares, from 0; shape (d,).
        lengthscales: per group, the prior's median.
        parts: of the covariance, each 1 where it sees a column and 0 where it does not, shape (p, d).
        shares: of the variance, which each part is likely to have, shape (p,), 1 together.
        task: the columns of the task, if there are several; see :class:`GaussianProcess`.
        noise: the prior of its variance: median, and standard deviation of the logarithm.
    """

    groups: NDArray[np.intp]
    lengthscales: Sequence[float]
    parts: Array
    shares: Array
    task: slice | None = None
    noise: tuple[float, float] = (1e-3, 3.0)


class Posterior:
    """The negative log posterior of the hyperparameters, and its gradient.

    A vector of them holds the log inverse lengthscale of every group, the log variance of every part of the
    covariance and the log noise variance.

    Args:
        rows: shape (n, d).
        scores: shape (n,), standardised.
        columns: of the rows.
    """

    def __init__(self, rows: Array, scores: Array, columns: Columns) -> None:
        self.scores, self.columns = scores, columns
        count, parts = len(columns.lengthscales), len(columns.parts)
        self._lengthscales, self._variances = slice(count), slice(count, count + parts)
        self._members = (columns.groups[None, :] == np.arange(count)[:, None]).astype(float)
        # A covariance is symmetric and its diagonal known, so only what is below it is computed.
        self._pairs = np.tril_indices(len(rows), -1)
        self._squares = (rows[self._pairs[0]] - rows[self._pairs[1]]).T ** 2
        self._offset = task_offset(rows, rows, columns.task)
        inverse = [-math.log(scale) for scale in columns.lengthscales]
        self.centre = np.array([*inverse, *np.log(columns.shares), math.log(columns.noise[0])])
        self.spread = np.array([*[LENGTHSCALE_SPREAD] * count, *[VARIANCE_SPREAD] * parts, columns.noise[1]])
        self.bounds = [*[BOUNDS_LENGTHSCALE] * count, *[BOUNDS_VARIANCE] * parts, BOUNDS_NOISE]

    def __call__(self, theta: Array) -> tuple[float, Array]:
        """Return the value, up to a constant, and the gradient."""
        variances, noise = np.exp(theta[self._variances]), np.exp(theta[-1])
        inverses = np.exp(theta[self._lengthscales])[self.columns.groups]
        scales = inverses**2 * self.columns.parts
        units, slopes = correlation_and_slope(distances(self._squares, scales))
        covariance = self._offset.copy()
        covariance[self._pairs] += variances @ units
        covariance[np.diag_indices_from(covariance)] += variances.sum() + noise + JITTER
        factor, failed = dpotrf(covariance, lower=1, clean=1)
        if failed:
            return IMPOSSIBLE, np.zeros_like(theta)
        precision, _ = dpotri(factor, lower=1)
        weights, _ = dpotrs(factor, self.scores, lower=1)
        off = (theta - self.centre) / self.spread
        value = 0.5 * self.scores @ weights + np.log(np.diag(factor)).sum() + 0.5 * off @ off

        # d value / d covariance is half of this, below the diagonal, where every entry stands for two, and on it.
        below = precision[self._pairs] - weights[self._pairs[0]] * weights[self._pairs[1]]
        trace = np.trace(precision) - weights @ weights
        sloped = (slopes * below) @ self._squares.T
        gradient = np.zeros_like(theta)
        gradient[self._lengthscales] = self._members @ (
            -5.0 * (variances[:, None] * scales * sloped).sum(axis=0)
        )
        gradient[self._variances] = variances * (units @ below + 0.5 * trace)
        gradient[-1] = 0.5 * noise * trace
        return float(value), gradient + off / self.spread

    def hyperparameters(self, theta: Array) -> Hyperparameters:
        """Return the hyperparameters that a vector encodes."""
        inverse = np.exp(theta[self._lengthscales])[self.columns.groups]
        covariance = Covariance(inverse, np.exp(theta[self._variances]), self.columns.parts)
        return Hyperparameters(covariance, float(np.exp(theta[-1])))


def fit(rows: Array, scores: Array, columns: Columns) -> Hyperparameters:
    """Return the most probable hyperparameters, by L-BFGS from a start with little noise and one with much.

    Args:
        rows: shape (n, d), n at least 1.
        scores: shape (n,), standardised.
        columns: of the rows.
    """
    posterior = Posterior(rows, scores, columns)
    little_noise, much_noise = posterior.centre.copy(), posterior.centre.copy()
    little_noise[: len(columns.lengthscales)] += 0.7
    little_noise[-1], much_noise[-1] = math.log(1e-3), math.log(1e-1)
    ends = [
        minimize(
            posterior,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=posterior.bounds,
            options={"maxiter": ITERATIONS},
        )
        for start in (little_noise, much_noise)
    ]
    return posterior.hyperparameters(min(ends, key=lambda end: float(end.fun)).x)
