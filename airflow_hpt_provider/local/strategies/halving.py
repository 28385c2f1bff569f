"""Asynchronous successive halving: which training jobs are stopped, and after how much.

Li et al., "A System for Massively Parallel Hyperparameter Tuning", 2020 (ASHA), in its stopping form, over the
brackets of Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", 2018.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from airflow_hpt_provider.local.strategies.contract import Objective, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_hpt_provider.local.strategies.contract import Trial

REDUCTION = 3
"""One training job in this many continues past a rung (Hyperband's eta)."""


@dataclass(frozen=True)
class Brackets:
    """The rungs at which training jobs are judged, and who is judged from which one on.

    Bracket 0 judges from ``min_resource`` on, each further one starts a rung later, and the last one lets its
    jobs run in full: a hedge against objectives whose early values mislead. Most jobs are of bracket 0, as for Li et
    al. (2020): with as many epochs, they find more (``docs/benchmarks/search.md``).

    Attributes:
        min_resource: steps of the objective that every job may make.
        max_resource: maximum number of steps of a job: one that continues after them is stopped.
    """

    min_resource: int
    max_resource: int

    def __post_init__(self) -> None:
        if not 1 <= self.min_resource <= self.max_resource:
            raise ValueError(
                f"HyperbandStrategyConfig has MinResource {self.min_resource} and MaxResource "
                f"{self.max_resource}: give 1 <= MinResource <= MaxResource"
            )

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """The rungs' steps, below ``max_resource``."""
        levels: list[int] = []
        level = self.min_resource
        while level < self.max_resource:
            levels.append(level)
            level *= REDUCTION
        return tuple(levels)

    def rungs(self, bracket: int) -> tuple[int, ...]:
        """Return the rungs of a bracket."""
        return self.levels[bracket:]

    @cached_property
    def shares(self) -> tuple[float, ...]:
        """The share of all jobs that each bracket gets: a 27th of what the one before it gets."""
        weights = [REDUCTION ** (-3.0 * later) for later in range(len(self.levels) + 1)]
        return tuple(weight / sum(weights) for weight in weights)

    def bracket_of(self, number: int) -> int:
        """Return the bracket of the ``number``-th job, from 1: of all, the one furthest behind its share."""
        given = [0] * len(self.shares)
        bracket = 0
        for count in range(1, number + 1):
            bracket = max(range(len(given)), key=lambda place: self.shares[place] * count - given[place])
            given[bracket] += 1
        return bracket


def loss_at(trial: Trial, step: int, objective: Objective) -> float | None:
    """Return the last loss that a trial had reported at a step; infinite if not a number; None if not there yet."""
    if not trial.curve or trial.curve[-1][0] < step:
        return None
    value = next(value for at, value in reversed(trial.curve) if at <= step)
    return objective.loss(value) if math.isfinite(value) else math.inf


@dataclass(frozen=True)
class SuccessiveHalving:
    """Stops a training job at a rung unless it is among the best third there; all that go past ``max_resource``.

    A job is judged at the last rung that it has reached, against all that have reached it, and again whenever
    others arrive there. Until three have, no job is stopped.

    At ``max_resource`` itself none is: most jobs are made to end there (it is taken from ``epochs`` where none
    is given) and are about to save their model, which a stop would cost them.
    """

    brackets: Brackets
    objective: Objective

    def should_stop(self, trial: Trial, history: Sequence[Trial]) -> bool:
        """Return whether this running trial should be stopped now; see the contract."""
        step = trial.curve[-1][0] if trial.curve else 0
        if step >= self.brackets.max_resource:
            return step > self.brackets.max_resource
        reached = [rung for rung in self.brackets.rungs(trial.bracket or 0) if rung <= step]
        if not reached:
            return False
        own = loss_at(trial, reached[-1], self.objective)
        others = [
            loss_at(other, reached[-1], self.objective)
            for other in history
            if other.number > 0 and other.number != trial.number and other.outcome is not Outcome.FAILED
        ]
        losses = [loss for loss in (own, *others) if loss is not None]
        if own is None or len(losses) < REDUCTION:
            return False
        return own > float(np.quantile(losses, 1 / REDUCTION, method="higher"))
