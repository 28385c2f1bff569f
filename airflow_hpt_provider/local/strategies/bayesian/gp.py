"""Gaussian process regression: the posterior over scores, given what was seen.

Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, algorithm 2.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.linalg.lapack import dtrtrs

if TYPE_CHECKING:
    from airflow_hpt_provider.local.strategies.bayesian.kernel import Covariance
    from airflow_hpt_provider.local.strategies.parameters import Array

JITTER = 1e-9
"""Added to the noise variance, in units of the scores' variance, so that near duplicates stay invertible: a
thousand times more keeps the search from coming nearer to an optimum than it is wide."""
VARIANCE_FLOOR = 1e-12


@dataclass(frozen=True)
class Hyperparameters:
    """What the process is fitted with.

    Attributes:
        covariance: prior covariance of the function.
        noise: variance of an observation around it.
    """

    covariance: Covariance
    noise: float


def factorise(matrix: Array) -> Array:
    """Return the lower Cholesky factor of a symmetric matrix that should be positive definite.

    Where rounding has made it indefinite, its diagonal is raised tenfold at a time, from a billionth of its mean.

    Raises:
        numpy.linalg.LinAlgError: it is far from positive definite, or not finite.
    """
    if not np.isfinite(matrix).all():
        raise np.linalg.LinAlgError("the covariance is not finite")
    mean = float(np.mean(np.diag(matrix)))
    for raised in (0.0, *(10.0**-k for k in range(9, 1, -1))):
        try:
            return np.asarray(cholesky(matrix + raised * mean * np.eye(len(matrix)), lower=True))
        except np.linalg.LinAlgError:
            continue
    raise np.linalg.LinAlgError("the covariance is not positive definite")


class GaussianProcess:
    """The posterior of a zero-mean process after noisy observations.

    Args:
        hyperparameters: of the prior and the noise.
        rows: where it was observed, shape (n, d).
        scores: what was observed, shape (n,), standardised.
        task: the columns that one-hot encode which task a row belongs to. Every task has an offset of its own,
            of unit variance, that is marginalised out; None if there is one task only.

    Attributes:
        rows, scores, hyperparameters: as given.
    """

    def __init__(
        self, hyperparameters: Hyperparameters, rows: Array, scores: Array, task: slice | None = None
    ) -> None:
        self.hyperparameters = hyperparameters
        self.rows = rows
        self.scores = scores
        self._task = task
        covariance = self._covariance(rows)
        covariance[np.diag_indices_from(covariance)] += hyperparameters.noise + JITTER
        self._factor = factorise(covariance)
        self._weights = np.asarray(cho_solve((self._factor, True), scores))
        self._prior_variance = hyperparameters.covariance.variance + (1.0 if task is not None else 0.0)

    def _covariance(self, rows: Array) -> Array:
        """Return the covariance between further rows and the observed ones, shape (m, n)."""
        return self.hyperparameters.covariance(rows, self.rows) + task_offset(rows, self.rows, self._task)

    @property
    def log_likelihood(self) -> float:
        """The log marginal likelihood of the scores, up to a constant."""
        return -0.5 * float(self.scores @ self._weights) - float(np.log(np.diag(self._factor)).sum())

    def believing(self, rows: Array) -> GaussianProcess:
        """Return the process as if the mean had been observed at further rows.

        That is how running trials enter the model ("kriging believer": Ginsbourger, Le Riche and
        Carraro, "Kriging Is Well-Suited to Parallelize Optimization", 2010): nothing is learnt about the mean,
        but there is less left to learn around them.
        """
        if not len(rows):
            return self
        return self.observing(rows, self.mean(rows))

    def observing(self, rows: Array, scores: Array) -> GaussianProcess:
        """Return the process after further observations, its hyperparameters unchanged."""
        scores = np.concatenate([self.scores, scores])
        return GaussianProcess(self.hyperparameters, np.vstack([self.rows, rows]), scores, self._task)

    def mean(self, rows: Array) -> Array:
        """Posterior mean of the noise-free function, shape (m,)."""
        return np.asarray(self._covariance(rows) @ self._weights)

    def predict(self, rows: Array) -> tuple[Array, Array]:
        """Posterior mean and standard deviation of the noise-free function, each of shape (m,)."""
        covariance = self._covariance(rows)
        whitened = solve_triangular(self._factor, covariance.T, lower=True, check_finite=False)
        variance = self._prior_variance - np.einsum("ij,ij->j", whitened, whitened)
        return covariance @ self._weights, np.sqrt(np.maximum(variance, VARIANCE_FLOOR))

    def predict_with_gradient(self, row: Array) -> tuple[float, float, Array, Array]:
        """Posterior mean and standard deviation at one row, and their gradients by it, each of shape (d,)."""
        covariance, jacobian = self.hyperparameters.covariance.with_gradient(row, self.rows)
        covariance += task_offset(row[None, :], self.rows, self._task)[0]
        # LAPACK itself: scipy's checks would take longer than the solve.
        whitened, _ = dtrtrs(self._factor, covariance, lower=1)
        solved, _ = dtrtrs(self._factor, whitened, lower=1, trans=1)
        variance = self._prior_variance - float(whitened @ whitened)
        deviation = float(np.sqrt(max(variance, VARIANCE_FLOOR)))
        by_deviation = -(solved @ jacobian) / deviation if variance > VARIANCE_FLOOR else np.zeros_like(row)
        return float(covariance @ self._weights), deviation, self._weights @ jacobian, by_deviation


def task_offset(a: Array, b: Array, task: slice | None) -> Array:
    """Return the covariance that rows share by belonging to one task: 1 or 0, shape (n, m)."""
    if task is None:
        return np.zeros((len(a), len(b)))
    return np.asarray(a[:, task] @ b[:, task].T)
