"""Which warm-start parents have a say: those whose trials predict the tuning job's own.

A parent may have run on data where other hyperparameters are good. Its model predicts the losses of the tuning job's
own trials; only a parent that puts them in about the right order is believed (Feurer, Letham and Bakshy, "Scalable
Meta-Learning for Bayesian Optimization Using Ranking-Weighted Gaussian Process Ensembles", 2018, with a threshold in
place of their weights). Trials that were all suggested near the parent's optimum would prove nothing, and are lost if
the parent misleads. So until it can be judged, it proposes the first trial only, and the initial design the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from airflow_hpt_provider.local.strategies.bayesian.gp import GaussianProcess, Hyperparameters
from airflow_hpt_provider.local.strategies.bayesian.kernel import Covariance
from airflow_hpt_provider.local.strategies.bayesian.observations import observe, task_of
from airflow_hpt_provider.local.strategies.bayesian.transform import Transform

if TYPE_CHECKING:
    from airflow_hpt_provider.local.strategies.bayesian.observations import Observations
    from airflow_hpt_provider.local.strategies.contract import Objective, Trial
    from airflow_hpt_provider.local.strategies.parameters import Array
    from airflow_hpt_provider.local.strategies.space import SearchSpace

JUDGED_FROM = 4
"""Number of the tuning job's own losses that a parent is judged by at least."""
AGREEMENT = 0.1, 1.5
"""Kendall's correlation between predicted and own losses below which a parent is left out, with many own losses; and
how much more it takes with few, divided by their number."""
MAX_TRIALS = 200
"""A parent is judged by no more than this number of its trials."""


def is_comparison(number: int, known: int) -> bool:
    """Return whether a trial is of the initial design although there are parents, so that they can be judged.

    Args:
        number: of the trial, from 1.
        known: the number of the tuning job's own losses.
    """
    return known < JUDGED_FROM and number != 1


def without_misleading_parents(
    space: SearchSpace, objective: Objective, trials: Sequence[Trial]
) -> list[Trial]:
    """Return the trials without those of parents that disagree with the tuning job's own."""
    tasks: dict[str, list[Trial]] = {}
    for trial in trials:
        tasks.setdefault(task_of(trial), []).append(trial)
    own_trials = tasks.pop("", ())
    if not tasks:
        return list(trials)
    own = observe(space, objective, own_trials)
    if len(own.losses) < JUDGED_FROM:
        return list(trials)
    needed = AGREEMENT[0] + AGREEMENT[1] / len(own.losses)
    misleading = {
        name for name, parent in tasks.items() if _agreement(observe(space, objective, parent), own) < needed
    }
    return [trial for trial in trials if task_of(trial) not in misleading]


def _agreement(parent: Observations, own: Observations) -> float:
    """Return Kendall's correlation between the parent's predictions of the own losses and these; 1 if it has none."""
    if not len(parent.losses):
        return 1.0
    columns = parent.columns
    inverse = 1.0 / np.asarray(columns.lengthscales)[columns.groups]
    prior = Hyperparameters(Covariance(inverse, columns.shares, columns.parts), columns.noise[0])
    rows, losses = parent.rows[-MAX_TRIALS:], parent.losses[-MAX_TRIALS:]
    predicted = GaussianProcess(prior, rows, Transform.fit(losses)(losses)).mean(own.rows)
    return _kendall(predicted, own.losses)


def _kendall(a: Array, b: Array) -> float:
    first, second = np.triu_indices(len(a), 1)
    concordance = np.sign(a[first] - a[second]) * np.sign(b[first] - b[second])
    return float(concordance.mean())
