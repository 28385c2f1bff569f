"""Bayesian search: a Gaussian process of the loss within a trust region and without, and densities in turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from airflow_hpt_provider.local.strategies.bayesian.densities import propose_by_densities
from airflow_hpt_provider.local.strategies.bayesian.observations import (
    Observations,
    finished_losses,
    has_categories,
    observe,
    observe_tasks,
)
from airflow_hpt_provider.local.strategies.bayesian.parents import is_comparison, without_misleading_parents
from airflow_hpt_provider.local.strategies.bayesian.propose import Proposer
from airflow_hpt_provider.local.strategies.bayesian.region import region_length
from airflow_hpt_provider.local.strategies.bayesian.turns import Turn, turn_of
from airflow_hpt_provider.local.strategies.blas import OneThread
from airflow_hpt_provider.local.strategies.contract import Objective, Suggestion, Trial
from airflow_hpt_provider.local.strategies.design import draw_design
from airflow_hpt_provider.local.strategies.untried import (
    check_not_exhausted,
    draw_untried,
    next_number,
    tried_keys,
)

if TYPE_CHECKING:
    from airflow_hpt_provider.local.strategies.space import Point, SearchSpace

INITIAL = 8
"""Number of known losses before the model is used; until then the design fills the cube evenly."""
PLATEAU = 3
"""Number of trials with the best loss that make it a plateau: no step within it brings anything."""


class BayesianSearch:
    """Suggests where a Gaussian process expects most improvement, or where good trials lie dense, in turns.

    Args:
        space: to search.
        objective: which way is better.
        seed: of the initial design and of the search for the best acquisition.
        same_task: warm-start parents ran the same algorithm on the same data (IdenticalDataAndAlgorithm), so
            that their trials count as the tuning job's own and are not repeated. Otherwise (TransferLearning)
            they inform the model as further tasks.
        max_trials: the maximum number of the tuning job's own trials; None: unknown.
    """

    def __init__(
        self,
        space: SearchSpace,
        objective: Objective,
        seed: int,
        *,
        same_task: bool = False,
        max_trials: int | None = None,
    ) -> None:
        self._space, self._objective, self._seed, self._same_task = space, objective, seed, same_task
        self._max_trials = max_trials
        self._proposer = Proposer(space)

    @OneThread()
    def suggest(self, history: Sequence[Trial]) -> Suggestion:
        """Return the next point; see :class:`~airflow_hpt_provider.local.strategies.contract.Strategy`."""
        trials = sorted(history, key=lambda trial: trial.number)
        own = [trial for trial in trials if trial.number > 0]
        tried = tried_keys(self._space, trials if self._same_task else own)
        check_not_exhausted(self._space, tried)
        number = next_number(own)
        rng = np.random.default_rng([self._seed, number])
        observations = self._observe(trials)
        if len(observations.losses) < INITIAL or self._compares(observations, number):
            return Suggestion(
                draw_untried(self._space, tried, rng, draw_design(self._space, self._seed, number))
            )
        return Suggestion(
            draw_untried(self._space, tried, rng, self._propose(observations, own, number, rng))
        )

    def _propose(
        self, observations: Observations, own: Sequence[Trial], number: int, rng: np.random.Generator
    ) -> Iterator[Point]:
        turn = turn_of(number, categories=has_categories(self._space), max_trials=self._max_trials)
        if turn is Turn.DENSITIES:
            return propose_by_densities(self._space, observations, rng)
        plateau = (observations.losses == observations.losses.min()).sum() >= PLATEAU
        if turn is Turn.EVERYWHERE or plateau:
            return self._proposer.propose(observations, None, rng)
        length = region_length(finished_losses(self._objective, own), INITIAL)
        return self._proposer.propose(observations, length, rng)

    def _compares(self, observations: Observations, number: int) -> bool:
        task = observations.columns.task
        return task is not None and is_comparison(number, int(observations.rows[:, task.start].sum()))

    def _observe(self, trials: Sequence[Trial]) -> Observations:
        if self._same_task:
            return observe(self._space, self._objective, trials)
        believed = without_misleading_parents(self._space, self._objective, trials)
        return observe_tasks(self._space, self._objective, believed)
