"""Which model proposes a trial, and where: models that fail in different ways take turns.

The Gaussian process is ahead where losses change smoothly. Where they jump or oscillate, its region closes around one
of many optima, and more of the same finds no other. So of six trials two are proposed by the densities
(:mod:`airflow_hpt_provider.local.strategies.bayesian.densities`), and one by the process looking everywhere. Trials
in flight together therefore differ, too. All learn from all trials.

Where the number of trials is known and there are no categories, the last trials all go to the region: an optimum that
is found then can hardly be improved any more (``docs/benchmarks/search-attempts.md``).
"""

from __future__ import annotations

from enum import Enum, auto

DENSITIES_EVERY = 3
ROUND = 6
LATE_SHARE, MOST_LATE = 0.25, 15
"""The last quarter of the trials is late, and no more than this number."""


class Turn(Enum):
    """Who proposes."""

    DENSITIES = auto()
    EVERYWHERE = auto()
    """The Gaussian process, in the whole cube."""
    REGION = auto()
    """The Gaussian process, in the trust region."""


def turn_of(number: int, *, categories: bool, max_trials: int | None = None) -> Turn:
    """Return whose turn a trial is.

    Args:
        number: of the trial, from 1.
        categories: whether there are categories. Which region is the best depends on them, so that the process looks
            everywhere every second time.
        max_trials: the maximum number of trials; None: unknown.
    """
    if max_trials is not None and not categories:
        late = min(LATE_SHARE * max_trials, MOST_LATE)
        if number > max_trials - late:
            return Turn.REGION
    if number % DENSITIES_EVERY == 0:
        return Turn.DENSITIES
    place = number % ROUND
    return Turn.EVERYWHERE if place == 1 or (categories and place == 4) else Turn.REGION
