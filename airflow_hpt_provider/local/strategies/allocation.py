"""Which of several TrainingJobDefinitions gets the next training job of their common budget.

AWS does not say how it decides. Here every definition is tried a few times, then each is as likely to get the
next one as it is to hold the best: by the expected improvement on the best loss of all, under a normal
distribution of what its better trials reached. Some jobs go to the definition with the fewest, so that none starves.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from airflow_hpt_provider.local.strategies.bayesian.acquisition import log_h
from airflow_hpt_provider.local.strategies.bayesian.observations import succeeded
from airflow_hpt_provider.local.strategies.contract import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_hpt_provider.local.strategies.contract import Objective, Trial

TRIED = 4
"""Number of training jobs that each definition gets first, in turn."""
DIVERGED = 100.0
"""A loss this many times as far beyond the lower quartile as that is from the best has diverged."""
SHARED_EVERY = 4
"""After that, one in this number of jobs goes to the definition with the fewest."""


@dataclass(frozen=True)
class Arm:
    """A definition as a claimant.

    Attributes:
        objective: which way is better.
        trials: its own so far, pending ones included.
        exhausted: it has nothing left to try.
    """

    objective: Objective
    trials: Sequence[Trial]
    exhausted: bool = False


def next_arm(arms: Sequence[Arm]) -> int | None:
    """Return the index of the definition that gets the next training job; None if all are exhausted.

    A pure function of the trials: ties go to the first. Definitions whose objectives differ in direction are
    taken in turn, their losses being no measure of each other.
    """
    open_arms = [index for index, arm in enumerate(arms) if not arm.exhausted]
    if not open_arms:
        return None
    counts = {index: len(_own(arms[index])) for index in open_arms}
    fewest = min(open_arms, key=lambda index: counts[index])
    total = sum(len(_own(arm)) for arm in arms)
    comparable = len({arm.objective.direction for arm in arms}) == 1
    if not comparable or counts[fewest] < TRIED or total % SHARED_EVERY == 0:
        return fewest
    losses = [_losses(arm) for arm in arms]
    best, limit = _best_and_limit([loss for one in losses for loss in one])
    promise = {
        index: _log_expected_improvement(
            [loss for loss in losses[index] if loss <= limit], _pending(arms[index]), best
        )
        for index in open_arms
    }
    return max(open_arms, key=lambda index: (promise[index], -counts[index]))


def _best_and_limit(losses: Sequence[float]) -> tuple[float, float]:
    """Return the best loss of all definitions, and the largest loss that is not of a diverged training job.

    A diverged loss says as little as a failure: as a loss it would be the spread of its definition, and promise the
    most.
    """
    if not losses:
        return math.inf, math.inf
    best, lower = (float(each) for each in np.percentile(losses, [0, 25]))
    return best, lower + DIVERGED * (lower - best) if lower > best else math.inf


def _log_expected_improvement(losses: Sequence[float], pending: int, best: float) -> float:
    """Return the log of the expected improvement of a definition's next trial; -inf if none of it has succeeded."""
    better = sorted(losses)[: max(2, (len(losses) + 1) // 2)]
    if len(better) < 2:
        # One loss shows no spread: nothing succeeded often enough to be worth more than the fair share.
        return -math.inf
    # Trials on their way count as if they had been average, which narrows what more may bring.
    spread = statistics.stdev(better) / math.sqrt(1 + pending / len(better))
    if spread <= 0:
        return -math.inf
    return float(log_h(np.array((best - statistics.fmean(better)) / spread))) + math.log(spread)


def _pending(arm: Arm) -> int:
    return sum(trial.outcome is Outcome.PENDING for trial in _own(arm))


def _own(arm: Arm) -> list[Trial]:
    return [trial for trial in arm.trials if trial.number > 0]


def _losses(arm: Arm) -> list[float]:
    return [arm.objective.loss(t.value) for t in _own(arm) if succeeded(t) and t.value is not None]
