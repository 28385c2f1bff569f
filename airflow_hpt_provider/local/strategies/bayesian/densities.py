"""A second opinion: where good trials lie dense and others do not.

A Gaussian process extrapolates from how smooth it takes the losses to be. Where they jump, oscillate or shake, that
misleads it. This model needs only their order: one density of the best trials and one of all others, and of points
drawn from the former the one where it exceeds the latter most (Bergstra et al., "Algorithms for Hyper-Parameter
Optimization", 2011: TPE; the joint densities and their bandwidths as in Watanabe, "Tree-Structured Parzen Estimator",
2023, and optuna).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp, ndtr, ndtri

from airflow_hpt_provider.local.strategies.parameters import Categorical

if TYPE_CHECKING:
    from airflow_hpt_provider.local.strategies.bayesian.observations import Observations
    from airflow_hpt_provider.local.strategies.parameters import Array
    from airflow_hpt_provider.local.strategies.space import Point, SearchSpace

GOOD_SHARE, MOST_GOOD = 0.1, 25
"""The best tenth of the trials is good, and no more than this number."""
DRAWN = 100
"""Number of points drawn from the density of good trials."""
NARROWEST = 0.01
"""Lowest bandwidth, as a share of the range."""


@dataclass(frozen=True)
class Density:
    """A mixture of one product of kernels around every row, and a flat one.

    Attributes:
        space: of the rows.
        rows: the kernels' centres, shape (n, width).
        bandwidths: of the numeric columns, shape (n, width).
    """

    space: SearchSpace
    rows: Array
    bandwidths: Array

    @classmethod
    def fit(cls, space: SearchSpace, rows: Array) -> Density:
        """Return the density of rows; a kernel is as wide as the gap to its farther neighbour, column by column."""
        return cls(space, rows, _bandwidths(rows))

    def draw(self, rng: np.random.Generator, count: int) -> Array:
        """Return snapped rows, shape (count, width)."""
        kernel = rng.integers(len(self.rows) + 1, size=count)
        drawn = self.space.from_cube(rng.random((count, len(self.space.parameters))))
        near = np.where(kernel < len(self.rows))[0]
        for parameter, columns in zip(self.space.parameters, self.space.columns, strict=True):
            centres = self.rows[kernel[near], columns]
            if isinstance(parameter, Categorical):
                kept = rng.random(len(near)) * (1.0 + 1.0 / (len(self.rows) + 1)) < 1.0
                drawn[near[kept], columns] = centres[kept]
            else:
                width = self.bandwidths[kernel[near], columns.start]
                low, high = ndtr(-centres[:, 0] / width), ndtr((1.0 - centres[:, 0]) / width)
                place = centres[:, 0] + width * ndtri(low + (high - low) * rng.random(len(near)))
                drawn[near, columns.start] = np.clip(place, 0.0, 1.0)
        return self.space.snap(drawn)

    def log(self, rows: Array) -> Array:
        """Return the log density at rows, shape (m,)."""
        kernels = len(self.rows)
        total = np.zeros((len(rows), kernels + 1))
        for parameter, columns in zip(self.space.parameters, self.space.columns, strict=True):
            if parameter.size == 1:
                continue
            if isinstance(parameter, Categorical):
                flat = 1.0 / (kernels + 1)
                same = rows[:, columns] @ self.rows[:, columns].T
                total[:, :kernels] += np.log((same + flat / parameter.size) / (1.0 + flat))
                total[:, kernels] -= math.log(parameter.size)
            else:
                width, centre = self.bandwidths[:, columns.start], self.rows[:, columns.start]
                inside = np.log(ndtr((1.0 - centre) / width) - ndtr(-centre / width))
                z = (rows[:, columns] - centre) / width
                total[:, :kernels] += -0.5 * z**2 - np.log(width) - 0.5 * math.log(2 * math.pi) - inside
        return np.asarray(logsumexp(total, axis=1) - math.log(kernels + 1))


def _bandwidths(rows: Array) -> Array:
    if not len(rows):
        return rows
    order = np.argsort(rows, axis=0, kind="stable")
    edges = np.vstack(
        [np.zeros(rows.shape[1]), np.take_along_axis(rows, order, axis=0), np.ones(rows.shape[1])]
    )
    gaps = np.diff(edges, axis=0)
    farther = np.maximum(gaps[:-1], gaps[1:])
    if len(rows) >= 2:
        farther[0], farther[-1] = gaps[1], gaps[-2]
    widths = np.empty_like(rows)
    np.put_along_axis(widths, order, farther, axis=0)
    return np.clip(widths, max(NARROWEST, 1.0 / (2.0 + len(rows))), 1.0)


def propose_by_densities(
    space: SearchSpace, observations: Observations, rng: np.random.Generator
) -> Iterator[Point]:
    """Points worth trying, the best first.

    Failed and pending trials are not good, so that the search turns away from the former, and points in flight
    together differ.

    Args:
        space: of the points.
        observations: at least one with a loss.
        rng: source of randomness.
    """
    order = np.argsort(observations.losses, kind="stable")
    good = min(math.ceil(GOOD_SHARE * len(order)), MOST_GOOD)
    rows = observations.rows[order]
    others = np.vstack([rows[good:], observations.failed, observations.pending])
    dense, sparse = (Density.fit(space, each[:, : space.width]) for each in (rows[:good], others))
    drawn = dense.draw(rng, DRAWN)
    order = np.argsort(sparse.log(drawn) - dense.log(drawn), kind="stable")
    return (space.decode(row) for row in drawn[order])
