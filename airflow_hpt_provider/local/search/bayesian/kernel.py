"""The covariance of the search's Gaussian process: Matérn-5/2 with one lengthscale per hyperparameter.

Twice differentiable and no smoother, which suits validation losses (Snoek, Larochelle and Adams, "Practical
Bayesian Optimization of Machine Learning Algorithms", 2012). With the scaled distance
``r = sqrt(5) * |(a - b) / lengthscale|`` it is ``(1 + r + r²/3) exp(-r)``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from airflow_hpt_provider.local.search.parameters import Array

SQRT5 = math.sqrt(5.0)


def scaled_distance(a: Array, b: Array, inverse_lengthscales: Array) -> Array:
    """``r`` between every row of ``a`` (n, d) and of ``b`` (m, d), shape (n, m)."""
    a, b = a * inverse_lengthscales, b * inverse_lengthscales
    squared = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None, :] - 2.0 * (a @ b.T)
    return np.asarray(SQRT5 * np.sqrt(np.maximum(squared, 0.0)))


def correlation(r: Array) -> Array:
    """Matérn-5/2 at scaled distance ``r``; 1 at 0."""
    return np.asarray((1.0 + r + r * r / 3.0) * np.exp(-r))


def correlation_slope(r: Array) -> Array:
    """``-(d correlation / d r) / r``, which is finite at 0.

    Both gradients are this times something plain: by a coordinate of ``a`` it is
    ``-5 * slope * (a - b) / lengthscale²``, by a log inverse lengthscale ``-5 * slope * (a - b)² / lengthscale²``.
    """
    return np.asarray((1.0 + r) * np.exp(-r) / 3.0)
