"""The covariance of the search's Gaussian process: Matérn-5/2 with one lengthscale per hyperparameter.

Twice differentiable and no smoother, which suits validation losses (Snoek, Larochelle and Adams, "Practical
Bayesian Optimization of Machine Learning Algorithms", 2012). With the scaled distance
``r = sqrt(5) * |(a - b) / lengthscale|`` it is ``(1 + r + r²/3) exp(-r)``.

It may be a sum of parts, each of which sees some of the columns only. Where there are numeric and categorical
hyperparameters, one part sees the former, one the latter, and one both: what a numeric value does is largely the
same under every category, and a category's merit largely the same under all numeric values, but not quite (Ru,
Alvi, Nguyen, Osborne and Roberts, "Bayesian Optimisation over Multiple Continuous and Categorical Inputs", 2020:
CoCaBO, whose weights are here variances of their own). How much of the losses each part explains is for the fit
to find (``docs/benchmarks/search.md``: where this helps and where not).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from airflow_hpt_provider.local.search.parameters import Array

SQRT5 = math.sqrt(5.0)


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
        """Of any one row."""
        return float(self.variances.sum())

    def __call__(self, a: Array, b: Array) -> Array:
        """Between every row of ``a`` (n, d) and of ``b`` (m, d), shape (n, m)."""
        return np.asarray(
            sum(
                variance * correlation(scaled_distance(a, b, self.inverse_lengthscales * part))
                for variance, part in zip(self.variances, self.parts, strict=True)
            )
        )

    def with_gradient(self, row: Array, rows: Array) -> tuple[Array, Array]:
        """Between one row and others (n, d), shape (n,), and the gradient by the former, shape (n, d)."""
        inverses = (self.inverse_lengthscales * self.parts)[:, None, :]
        scaled = (row - rows) * inverses
        unit, slope = correlation_and_slope(SQRT5 * np.sqrt(np.einsum("pij,pij->pi", scaled, scaled)))
        jacobians = (-5.0 * self.variances[:, None] * slope)[:, :, None] * scaled * inverses
        return self.variances @ unit, jacobians.sum(axis=0)


def scaled_distance(a: Array, b: Array, inverse_lengthscales: Array) -> Array:
    """``r`` between every row of ``a`` (n, d) and of ``b`` (m, d), shape (n, m)."""
    a, b = a * inverse_lengthscales, b * inverse_lengthscales
    squared = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None, :] - 2.0 * (a @ b.T)
    return np.asarray(SQRT5 * np.sqrt(np.maximum(squared, 0.0)))


def correlation(r: Array) -> Array:
    """Matérn-5/2 at scaled distance ``r``; 1 at 0."""
    return np.asarray((1.0 + r + r * r / 3.0) * np.exp(-r))


def correlation_and_slope(r: Array) -> tuple[Array, Array]:
    """The correlation, and its slope ``-(d correlation / d r) / r``, which is finite at 0.

    Both gradients are the slope times something plain: by a coordinate of ``a`` it is
    ``-5 * slope * (a - b) / lengthscale²``, by a log inverse lengthscale ``-5 * slope * (a - b)² / lengthscale²``.
    """
    decay = np.exp(-r)
    return (1.0 + r + r * r / 3.0) * decay, (1.0 + r) * decay / 3.0
