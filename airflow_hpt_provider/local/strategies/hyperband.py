"""Hyperband: many training jobs started, few run in full, their hyperparameters proposed by the model.

Falkner, Klein and Hutter ("BOHB: Robust and Efficient Hyperparameter Optimization at Scale", 2018) put a model
into Hyperband; Klein et al. ("Model-based Asynchronous Hyperparameter and Neural Architecture Search", 2020)
made it a Gaussian process over hyperparameters and resource together, as it is here. Who is stopped when is
:class:`~airflow_hpt_provider.local.strategies.halving.SuccessiveHalving`'s matter.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from airflow_hpt_provider.local.strategies.bayesian.observations import (
    Observations,
    failed,
    lay_out,
    succeeded,
)
from airflow_hpt_provider.local.strategies.bayesian.propose import Proposer
from airflow_hpt_provider.local.strategies.bayesian.region import LONGEST
from airflow_hpt_provider.local.strategies.bayesian.strategy import INITIAL
from airflow_hpt_provider.local.strategies.blas import OneThread
from airflow_hpt_provider.local.strategies.contract import Outcome, Suggestion
from airflow_hpt_provider.local.strategies.design import draw_design
from airflow_hpt_provider.local.strategies.halving import loss_at
from airflow_hpt_provider.local.strategies.untried import (
    check_not_exhausted,
    draw_untried,
    next_number,
    tried_keys,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airflow_hpt_provider.local.strategies.contract import Objective, Trial
    from airflow_hpt_provider.local.strategies.halving import Brackets
    from airflow_hpt_provider.local.strategies.space import SearchSpace

RESOURCE_LENGTHSCALE = 1.0
"""Prior length scale of the resource, whose logarithm goes from 0 at the lowest rung to 1 at the full resource."""


class HyperbandSearch:
    """Suggests where the model expects most improvement at the full resource.

    Every trial may use the full resource (``Suggestion.budget``) and belongs to a bracket, by its number.

    Args:
        space: to search.
        objective: which way is better.
        seed: of the initial design and of the search for the best acquisition.
        brackets: rungs and full resource.
        same_task: warm-start parents ran the same algorithm on the same data (IdenticalDataAndAlgorithm), so that
            their trials inform the model as the tuning job's own do. Others' (TransferLearning) don't.
    """

    def __init__(
        self,
        space: SearchSpace,
        objective: Objective,
        seed: int,
        brackets: Brackets,
        *,
        same_task: bool = False,
    ) -> None:
        self._space, self._objective, self._seed, self._brackets = space, objective, seed, brackets
        self._same_task = same_task
        self._proposer = Proposer(space)

    @OneThread()
    def suggest(self, history: Sequence[Trial]) -> Suggestion:
        """Return the next point; see :class:`~airflow_hpt_provider.local.strategies.contract.Strategy`."""
        own = sorted((trial for trial in history if trial.number > 0), key=lambda trial: trial.number)
        tried = tried_keys(self._space, own)
        check_not_exhausted(self._space, tried)
        number = next_number(own)
        rng = np.random.default_rng([self._seed, number])
        parents = [trial for trial in history if trial.number < 0] if self._same_task else []
        observations = self._observe([*parents, *own])
        if len(np.unique(observations.rows[:, :-1], axis=0)) < INITIAL:
            points = draw_design(self._space, self._seed, number)
        else:
            points = self._proposer.propose(observations, LONGEST, rng)
        return Suggestion(
            draw_untried(self._space, tried, rng, points),
            budget=self._brackets.max_resource,
            bracket=self._brackets.bracket_of(number),
        )

    def _observe(self, trials: Sequence[Trial]) -> Observations:
        """Return a row for every rung that a trial has reached, with the resource as its context."""
        rows: list[np.ndarray] = []
        losses: list[float] = []
        failures: list[np.ndarray] = []
        pending: list[np.ndarray] = []
        for trial in trials:
            point = self._space.parse(trial.point)
            if point is None:
                continue
            row = self._space.encode(point)
            for level, loss in self._seen(trial):
                rows.append(np.append(row, self._resource(level)))
                losses.append(loss)
            if failed(trial):
                failures.append(np.append(row, 1.0))
            elif trial.outcome is Outcome.PENDING:
                pending.append(np.append(row, 1.0))
        width = self._space.width + 1
        return Observations(
            lay_out(self._space, [(1, RESOURCE_LENGTHSCALE)]),
            np.array(rows).reshape(-1, width),
            np.array(losses),
            np.array(failures).reshape(-1, width),
            np.array(pending).reshape(-1, width),
            np.ones(1),
        )

    def _seen(self, trial: Trial) -> Iterator[tuple[int, float]]:
        """Yield the rungs that a trial has reached, each with its loss there."""
        full = self._brackets.max_resource
        for level in (*self._brackets.levels, full):
            loss = loss_at(trial, level, self._objective)
            if loss is not None and math.isfinite(loss):
                yield level, loss
        ran_in_full = succeeded(trial) and not trial.stopped_early
        if ran_in_full and trial.value is not None and loss_at(trial, full, self._objective) is None:
            # It ended by itself before the full resource: what it reached is what it would have there.
            yield full, self._objective.loss(trial.value)

    def _resource(self, level: int) -> float:
        low, high = self._brackets.min_resource, self._brackets.max_resource
        return math.log(level / low) / math.log(high / low) if high > low else 1.0
