"""The covariance of the search's Gaussian process: Matérn-5/2 with one lengthscale per hyperparameter.

Twice differentiable and no smoother, which suits validation losses (Snoek, Larochelle and Adams, "Practical
Bayesian Optimization of Machine Learning Algorithms", 2012). With the scaled distance
``r = sqrt(5) * |(a - b) / lengthscale|`` it is ``(1 + r + r²/3) exp(-r)``.

It may be a sum of parts, each of which sees some of the columns only. What a numeric value does is largely the
same under every category, and a category's merit largely the same under all numeric values, but not quite (Ru,
Alvi, Nguyen, Osborne and Roberts, "Bayesian Optimisation over Multiple Continuous and Categorical Inputs", 2020:
CoCaBO, whose weights are here variances of their own). Losses are also largely a sum of what each hyperparameter
does alone (Hutter, Hoos and Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter Importance", 2014),
which a joint covariance of all of them must learn again everywhere (Duvenaud, Nickisch and Rasmussen, "Additive
Gaussian Processes", 2011). How much of the losses each part explains is for the fit to find
(``docs/benchmarks/search.md``: where this helps and where not).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from airflow_hpt_provider.local.strategies.parameters import Array

PAIRS_AT_ONCE = 4_096
"""Number of pairs of rows whose covariances are computed together: the intermediate values fit into the cache."""


@dataclass(frozen=True)
class Covariance:
    """The covariance of two rows, before noise.

    Attributes:
        inverse_lengthscales: per column, shape (d,).
        variances: the prior variance that each part contributes, shape (p,).
        parts: 1 where a part sees a column and 0 where it does not, shape (p, d).
    """

    inverse_lengthscales: Array
    variances: Array
    parts: Array

    @property
    def variance(self) -> float:
        """The prior variance of one row."""
        return float(self.variances.sum())

    @cached_property
    def _scales(self) -> Array:
        """Factors of the squared differences of every column in every part, shape (p, d)."""
        return np.asarray(self.inverse_lengthscales**2 * self.parts)

    def __call__(self, a: Array, b: Array) -> Array:
        """Return the covariance between every row of ``a`` (n, d) and of ``b`` (m, d), shape (n, m)."""
        covariance = np.empty((len(a), len(b)))
        at_once = max(1, PAIRS_AT_ONCE // max(1, len(b)))
        for start in range(0, len(a), at_once):
            some = a[start : start + at_once]
            squares = (some.T[:, :, None] - b.T[:, None, :]) ** 2
            unit = correlation(distances(squares.reshape(len(squares), -1), self._scales))
            covariance[start : start + at_once] = (self.variances @ unit).reshape(len(some), -1)
        return covariance

    def with_gradient(self, row: Array, rows: Array) -> tuple[Array, Array]:
        """Return the covariance (n,) of one row with others (n, d), and its gradient (n, d) by the row."""
        differences = row - rows
        unit, slope = correlation_and_slope(distances(differences.T**2, self._scales))
        return self.variances @ unit, -5.0 * (
            slope.T @ (self.variances[:, None] * self._scales)
        ) * differences


def distances(squares: Array, scales: Array) -> Array:
    """``r`` of pairs of rows in every part of a covariance, shape (p, k).

    Args:
        squares: squared differences of the pairs in every column, shape (d, k).
        scales: squared inverse lengthscales, 0 where a part does not see a column, shape (p, d).
    """
    squared = (5.0 * scales) @ squares
    return np.sqrt(squared, out=squared)


def correlation(r: Array) -> Array:
    """Matérn-5/2 at scaled distance ``r``; 1 at 0."""
    return np.asarray((1.0 + r + r * r / 3.0) * np.exp(-r))


def correlation_and_slope(r: Array) -> tuple[Array, Array]:
    """Return the correlation, and its slope ``-(d correlation / d r) / r``, which is finite at 0.

    Both gradients are the slope times something plain: by a coordinate of ``a`` it is
    ``-5 * slope * (a - b) / lengthscale²``, by a log inverse lengthscale ``-5 * slope * (a - b)² / lengthscale²``.
    """
    decay = np.exp(-r)
    return (1.0 + r + r * r / 3.0) * decay, (1.0 + r) * decay / 3.0
