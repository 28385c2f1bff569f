"""Early stopping AUTO: the median rule, as AWS documents it.

Golovin et al., "Google Vizier: A Service for Black-Box Optimization", 2017, is where it comes from.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_hpt_provider.local.strategies.contract import Objective, Trial

MIN_TRIALS = 4
"""Number of training jobs that must have come as far before one is stopped; AWS names no number."""
MIN_STEPS = 3
"""The first steps say little: no job is stopped after fewer; AWS names no number."""


@dataclass(frozen=True)
class MedianRule:
    """Stops a training job whose objective is worse than the median of its predecessors' running averages.

    At every step, the job's value is compared with the median, over the jobs that have made as many steps, of the
    averages of their values up to that step. Jobs that are still running count, so that early stopping begins
    as soon with many jobs in flight as with one.
    """

    objective: Objective

    def should_stop(self, trial: Trial, history: Sequence[Trial]) -> bool:
        """Return whether this running trial should be stopped now; see the contract."""
        if not trial.curve:
            return False
        step, value = trial.curve[-1]
        if step < MIN_STEPS:
            return False
        averages = [
            statistics.fmean(self.objective.loss(seen) for at, seen in other.curve if at <= step)
            for other in history
            if other.number > 0
            and other.number != trial.number
            and other.curve
            and other.curve[-1][0] >= step
        ]
        averages = [average for average in averages if math.isfinite(average)]
        if len(averages) < MIN_TRIALS:
            return False
        return math.isnan(value) or self.objective.loss(value) > statistics.median(averages)
