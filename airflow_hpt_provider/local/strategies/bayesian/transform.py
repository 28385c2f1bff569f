"""From losses to scores that a Gaussian process can hold.

Losses come in any unit and are often skewed: a few runs diverge, most lie close together. A power transform
(Yeo and Johnson, "A New Family of Power Transformations to Improve Normality or Symmetry", 2000) makes them
nearly normal, as in HEBO (Cowen-Rivers et al., "HEBO: Pushing the Limits of Sample-Efficient Hyperparameter
Optimisation", 2022).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar

if TYPE_CHECKING:
    from airflow_hpt_provider.local.strategies.parameters import Array

POWERS = (-4.0, 4.0)
HUGEST = 1e150
"""Losses are cut off here, so that their differences and squares do not overflow."""
FARTHEST = 1e6
"""Losses are also cut off at this number of interquartile ranges from the median."""
SKEWED = 1e3
"""An upper quartile this many times as far from the median as the lower one is set by diverged losses."""
SAME = 1e-12
"""Losses that differ by less than this, relatively, are all the same."""


@dataclass(frozen=True)
class Transform:
    """An increasing map from losses to scores, of mean 0 and variance 1 over those that it was fitted to.

    Attributes:
        centre, spread: subtracted and divided by first; the median and the interquartile range.
        power: of the Yeo-Johnson transform.
        mean, deviation: of what that gives, subtracted and divided by at the end.
    """

    centre: float
    spread: float
    power: float
    mean: float
    deviation: float

    @classmethod
    def fit(cls, losses: Array) -> Transform:
        """Return the most likely transform of these losses, finite, shape (n,); all to 0 if they are all the same."""
        losses = np.clip(losses, -HUGEST, HUGEST)
        centre, spread = location_and_scale(losses)
        lower = float(np.percentile(losses, 25))
        if spread <= SAME * max(abs(lower), abs(centre)):  # not of the largest loss: it may have diverged
            spread = float(losses.std())
            if spread <= SAME * float(np.abs(losses).max()):
                return cls(centre, 1.0, 1.0, 0.0, np.inf)
        standard = _standardise(losses, centre, spread)
        power = minimize_scalar(
            lambda power: -_likelihood(power, standard), bounds=POWERS, method="bounded"
        ).x
        scores = yeo_johnson(standard, float(power))
        return cls(centre, spread, float(power), float(scores.mean()), float(scores.std()) or np.inf)

    def __call__(self, losses: Array) -> Array:
        """Return the scores of losses, in the same order."""
        standard = _standardise(np.clip(losses, -HUGEST, HUGEST), self.centre, self.spread)
        return np.asarray((yeo_johnson(standard, self.power) - self.mean) / self.deviation)


def location_and_scale(losses: Array) -> tuple[float, float]:
    """Return the median and the interquartile range of losses, shape (n,); diverged losses do not set the scale."""
    lower, centre, upper = (float(each) for each in np.percentile(losses, [25, 50, 75]))
    spread = upper - lower
    if spread > SKEWED * (centre - lower) > 0:  # more than a quarter of the losses diverged
        spread = 2 * (centre - lower)
    return centre, spread


def _standardise(losses: Array, centre: float, spread: float) -> Array:
    farthest = FARTHEST * spread  # clipped before the division, which could overflow
    return np.asarray(np.clip(losses - centre, -farthest, farthest) / spread)


def yeo_johnson(values: Array, power: float) -> Array:
    """Return the transform itself: a Box-Cox on either side of 0, increasing; the identity at power 1."""
    magnitude = np.log1p(np.abs(values))
    exponent = np.where(values >= 0, power, 2.0 - power)
    near_zero = np.abs(exponent) < 1e-9
    stretched = np.expm1(exponent * magnitude) / np.where(near_zero, 1.0, exponent)
    return np.asarray(np.copysign(np.where(near_zero, magnitude, stretched), values))


def _likelihood(power: float, values: Array) -> float:
    """Return the log likelihood of the power, the mean and variance of the result maximised out."""
    variance = float(yeo_johnson(values, power).var())
    if variance <= 0:
        return -np.inf
    jacobian = (power - 1.0) * float((np.sign(values) * np.log1p(np.abs(values))).sum())
    return -0.5 * len(values) * float(np.log(variance)) + jacobian
