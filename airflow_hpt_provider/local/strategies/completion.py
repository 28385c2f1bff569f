"""When a tuning job has done enough: the API's completion criteria, as functions of its trials.

All take the job's own trials in the order in which they ended, so far as that is known, else in that of their
numbers; pending, failed and parents' trials are skipped.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from airflow_hpt_provider.local.strategies.bayesian.observations import observe, succeeded
from airflow_hpt_provider.local.strategies.bayesian.propose import Proposer
from airflow_hpt_provider.local.strategies.bayesian.transform import Transform
from airflow_hpt_provider.local.strategies.blas import OneThread
from airflow_hpt_provider.local.strategies.space import SearchSpace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airflow_hpt_provider.local.strategies.contract import Objective, SearchContext, Trial

IMPROVEMENT = 0.01
"""What counts as an improvement, of the best so far: "1% or greater", says the API."""
CONVERGED_TRIALS = 15
"""Fewer than this, or than three a hyperparameter, prove no convergence."""
CONFIDENCE = 2.0
"""Standard deviations of the model that an improvement must be away to be called unlikely."""
PROBES = 2048


def target_reached(objective: Objective, target: float, trials: Iterable[Trial]) -> bool:
    """TargetObjectiveMetricValue: some trial is as good as the target, or better."""
    return any(loss <= objective.loss(target) for loss in _losses(objective, trials))


def trials_not_improving(objective: Objective, trials: Iterable[Trial]) -> int:
    """Return how many of the last trials have not improved on the best before them by 1% or more."""
    best, count = math.inf, 0
    for loss in _losses(objective, trials):
        improved = math.isinf(best) or loss < best - IMPROVEMENT * abs(best)
        count = 0 if improved else count + 1
        best = min(best, loss)
    return count


@OneThread()
def convergence_detected(context: SearchContext, trials: Sequence[Trial]) -> bool:
    """CompleteOnConvergence: it is unlikely that any point is 1% better than the best.

    AWS does not say how it finds out. Here the model of Bayesian search does, whatever the strategy: the lowest
    that it holds plausible anywhere (two standard deviations below its mean, at 2,048 random points and at those
    tried) is not 1% below the best, and the last third of the trials has brought no improvement either. Makarova
    et al., "Automatic Termination for Hyperparameter Optimization", 2022, stop on the same bound.
    """
    space = SearchSpace.from_ranges(context.ranges)
    own = [trial for trial in trials if trial.number > 0]
    losses = _losses(context.objective, own)
    needed = max(CONVERGED_TRIALS, 3 * len(space.parameters))
    idle = trials_not_improving(context.objective, own)
    if len(losses) < needed or idle < max(needed, len(losses)) / 3:
        return False
    observations = observe(space, context.objective, [trial for trial in own if succeeded(trial)])
    process = Proposer(space).posterior(observations)
    rng = np.random.default_rng(context.seed)
    probes = space.from_cube(rng.random((PROBES, len(space.parameters))))
    mean, deviation = process.predict(np.vstack([observations.rows, probes]))
    best = observations.losses.min()
    improved = Transform.fit(observations.losses)(np.array([best - IMPROVEMENT * abs(best)]))
    return bool((mean - CONFIDENCE * deviation).min() >= improved[0])


def _losses(objective: Objective, trials: Iterable[Trial]) -> list[float]:
    return [
        objective.loss(trial.value)
        for trial in trials
        if trial.number > 0 and succeeded(trial) and trial.value is not None
    ]
