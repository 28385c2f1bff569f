"""The trust region: the box around the best point within which the next one is chosen.

In many dimensions, most of the cube is unknown and looks promising to a global model, so few trials are spent
where it matters. A box around the best point grows while it brings improvements and shrinks while it does not
(Eriksson et al., "Scalable Global Optimization via Local Bayesian Optimization", 2019: TuRBO). Its length is
replayed from the history, so that nothing need be kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from airflow_hpt_provider.local.strategies.bayesian.transform import HUGEST, location_and_scale

if TYPE_CHECKING:
    from airflow_hpt_provider.local.strategies.parameters import Array

LENGTH = 1.2
"""Initial length as a share of the cube's side: from the middle, nearly the whole cube."""
LONGEST = 1.6
SHORTEST = 2.0**-4
"""Below this, the region has converged and starts again at its first length: what is left to gain in it, the model
sees in a larger one as well, and other optima only there."""
SUCCESSES = 3
FAILURES = 4
IMPROVEMENT = 1e-3
"""Improvement that counts as a success, as a share of the spread of the losses before it. (A share of the best loss
would make a tuning job depend on where its losses lie: around 1000, no improvement would count.)"""
STRETCH = (0.25, 4.0)
"""Factor by which a side may be shorter or longer than the length."""


def region_length(losses: Sequence[float], initial: int) -> float:
    """Return the region's length after these losses, in order.

    Args:
        losses: of all finished trials; infinite for a failed one.
        initial: how many of the first ones belong to the initial design and neither grow nor shrink it.
    """
    length, successes, failures = LENGTH, 0, 0
    best = min(losses[:initial], default=np.inf)
    for place, loss in enumerate(losses[initial:], initial):
        if loss < best and loss < best - IMPROVEMENT * _spread(losses[:place]):
            best, successes, failures = loss, successes + 1, 0
        else:
            successes, failures = 0, failures + 1
        if successes == SUCCESSES:
            length, successes = min(2.0 * length, LONGEST), 0
        elif failures == FAILURES:
            length, failures = length / 2.0, 0
        if length < SHORTEST:
            length = LENGTH
    return length


def _spread(losses: Sequence[float]) -> float:
    finite = [loss for loss in losses if math.isfinite(loss)]
    return location_and_scale(np.clip(finite, -HUGEST, HUGEST))[1] if finite else 0.0


def region_box(centre: Array, length: float, inverse_lengthscales: Array) -> tuple[Array, Array]:
    """Return the lowest and highest corner of the region, within the cube.

    Its sides are in proportion to the model's lengthscales, with the length as their geometric mean.

    Args:
        centre: numeric columns of the best row, shape (k,).
        length: as :func:`region_length` gives it.
        inverse_lengthscales: of these columns, shape (k,).
    """
    logs = -np.log(inverse_lengthscales)
    sides = length * np.clip(np.exp(logs - logs.mean()), *STRETCH) if len(logs) else logs
    return np.clip(centre - sides / 2.0, 0.0, 1.0), np.clip(centre + sides / 2.0, 0.0, 1.0)
