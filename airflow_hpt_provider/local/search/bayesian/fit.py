"""Fitting the Gaussian process: maximum a posteriori lengthscales, signal and noise.

All are searched in logarithms, under normal priors on these. The data of a tuning job are too few to do without:
the prior's lengthscale grows with the square root of the number of hyperparameters, as the distances in the
cube do (Hvarfner, Hellsten and Nardi, "Vanilla Bayesian Optimization Performs Great in High Dimensions", 2024).
Theirs is longer and broader; ours was found better at the 60 trials that a tuning job has
(``docs/benchmarks/search.md``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri
from scipy.optimize import minimize

from airflow_hpt_provider.local.search.bayesian.gp import JITTER, Hyperparameters, task_offset
from airflow_hpt_provider.local.search.bayesian.kernel import correlation, correlation_slope, scaled_distance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from airflow_hpt_provider.local.search.parameters import Array

LENGTHSCALE_SPREAD = 1.2
SIGNAL = (0.0, 1.0)
NOISE = (math.log(1e-3), 3.0)
NUMERIC_LENGTHSCALE = 0.15
"""Of a numeric parameter, times the square root of the number of parameters; the cube's side is 1."""
CATEGORICAL_LENGTHSCALE = 1.5
"""Of a one-hot one, whose values lie sqrt(2) apart: they start out correlated by a third."""
BOUNDS_LENGTHSCALE = (-4.0, 5.0)
BOUNDS_SIGNAL = (-4.0, 4.0)
BOUNDS_NOISE = (-14.0, 1.0)
IMPOSSIBLE = 1e10


@dataclass(frozen=True)
class Columns:
    """How the columns of a row share lengthscales, and what these are likely to be.

    Attributes:
        groups: per column, the number of the lengthscale that it shares, from 0; shape (d,).
        lengthscales: per group, the prior's median.
        task: the columns of the task, if there are several; see :class:`GaussianProcess`.
    """

    groups: NDArray[np.intp]
    lengthscales: Sequence[float]
    task: slice | None = None


class Posterior:
    """The negative log posterior of the hyperparameters, and its gradient.

    A vector of them holds the log inverse lengthscale of every group, the log signal variance and the log noise
    variance.

    Args:
        rows: shape (n, d).
        scores: shape (n,), standardised.
        columns: of the rows.
    """

    def __init__(self, rows: Array, scores: Array, columns: Columns) -> None:
        self.rows, self.scores, self.columns = rows, scores, columns
        count = len(columns.lengthscales)
        self._members = (columns.groups[None, :] == np.arange(count)[:, None]).astype(float)
        self._offset = task_offset(rows, rows, columns.task)
        self.centre = np.array([*(-math.log(scale) for scale in columns.lengthscales), SIGNAL[0], NOISE[0]])
        self.spread = np.array([*[LENGTHSCALE_SPREAD] * count, SIGNAL[1], NOISE[1]])
        self.bounds = [*[BOUNDS_LENGTHSCALE] * count, BOUNDS_SIGNAL, BOUNDS_NOISE]

    def __call__(self, theta: Array) -> tuple[float, Array]:
        """The value, up to a constant, and the gradient."""
        inverse = np.exp(theta[:-2])[self.columns.groups]
        signal, noise = np.exp(theta[-2:])
        r = scaled_distance(self.rows, self.rows, inverse)
        unit = correlation(r)
        covariance = signal * unit + self._offset
        covariance[np.diag_indices_from(covariance)] += noise + JITTER
        factor, failed = dpotrf(covariance, lower=1, clean=1)
        if failed:
            return IMPOSSIBLE, np.zeros_like(theta)
        precision, _ = dpotri(factor, lower=1)
        precision = np.tril(precision) + np.tril(precision, -1).T
        weights = precision @ self.scores
        off = (theta - self.centre) / self.spread
        value = 0.5 * self.scores @ weights + np.log(np.diag(factor)).sum() + 0.5 * off @ off

        # d value / d covariance = outer / 2; its product with d covariance / d log inverse lengthscale is summed
        # over all pairs. The squares (a-b)² in that are multiplied out, so that one matrix product serves all
        # columns.
        outer = precision - np.outer(weights, weights)
        sloped = outer * correlation_slope(r)
        cross = np.einsum("ij,ij->j", self.rows, sloped @ self.rows)
        squared = 2.0 * ((self.rows**2).T @ sloped.sum(axis=1) - cross)
        gradient = np.empty_like(theta)
        gradient[:-2] = self._members @ (-2.5 * signal * squared * inverse**2)
        gradient[-2] = 0.5 * signal * np.einsum("ij,ij->", outer, unit)
        gradient[-1] = 0.5 * noise * np.trace(outer)
        return float(value), gradient + off / self.spread

    def hyperparameters(self, theta: Array) -> Hyperparameters:
        """What a vector stands for."""
        signal, noise = np.exp(theta[-2:])
        return Hyperparameters(np.exp(theta[:-2])[self.columns.groups], float(signal), float(noise))


def fit(rows: Array, scores: Array, columns: Columns, *, iterations: int = 60) -> Hyperparameters:
    """The most probable hyperparameters, by L-BFGS from a start with little noise and one with much.

    Args:
        rows: shape (n, d), n at least 1.
        scores: shape (n,), standardised.
        columns: of the rows.
        iterations: from each start, at most.
    """
    posterior = Posterior(rows, scores, columns)
    little_noise, much_noise = posterior.centre.copy(), posterior.centre.copy()
    little_noise[:-2] += 0.7
    little_noise[-1], much_noise[-1] = math.log(1e-3), math.log(1e-1)
    ends = [
        minimize(
            posterior,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=posterior.bounds,
            options={"maxiter": iterations},
        )
        for start in (little_noise, much_noise)
    ]
    return posterior.hyperparameters(min(ends, key=lambda end: float(end.fun)).x)
