"""Search: which hyperparameters to try next, and which training jobs to stop early.

Everything here is a pure function of a tuning job's history; ``contract.py`` says what that buys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_hpt_provider.local.strategies.bayesian.strategy import BayesianSearch
from airflow_hpt_provider.local.strategies.grid import GridSearch
from airflow_hpt_provider.local.strategies.halving import Brackets, SuccessiveHalving
from airflow_hpt_provider.local.strategies.hyperband import HyperbandSearch
from airflow_hpt_provider.local.strategies.median_rule import MedianRule
from airflow_hpt_provider.local.strategies.one_point import OnePoint
from airflow_hpt_provider.local.strategies.random_search import RandomSearch
from airflow_hpt_provider.local.strategies.space import SearchSpace

if TYPE_CHECKING:
    from airflow_hpt_provider.local.strategies.contract import EarlyStopping, SearchContext, Strategy

__all__ = ["make_early_stopping", "make_strategy"]

IDENTICAL = "IdenticalDataAndAlgorithm"


def make_strategy(context: SearchContext) -> Strategy:
    """Return the strategy that a tuning job asks for.

    Raises:
        ValueError: the strategy is unknown, or cannot search these ranges.
    """
    if not any(context.ranges.values()):
        return OnePoint()
    space = SearchSpace.from_ranges(context.ranges)
    same_task = context.options.get("warm_start_type") == IDENTICAL
    match context.strategy:
        case "Random":
            return RandomSearch(space, context.seed)
        case "Grid":
            return GridSearch(space)
        case "Bayesian":
            return BayesianSearch(
                space, context.objective, context.seed, same_task=same_task, max_trials=context.max_trials
            )
        case "Hyperband":
            brackets = _brackets(context)
            return HyperbandSearch(space, context.objective, context.seed, brackets, same_task=same_task)
        case unknown:
            raise ValueError(f"Strategy is '{unknown}': use Bayesian, Random, Hyperband or Grid")


def make_early_stopping(context: SearchContext) -> EarlyStopping | None:
    """Return the early stopping rule: Hyperband's halving, the median rule for Auto, or None.

    Raises:
        ValueError: Hyperband's resources make no sense.
    """
    if not any(context.ranges.values()):
        return None
    if context.strategy == "Hyperband":
        return SuccessiveHalving(_brackets(context), context.objective)
    return MedianRule(context.objective) if context.early_stopping == "Auto" else None


def _brackets(context: SearchContext) -> Brackets:
    if context.max_resource is None:
        raise ValueError(
            "Strategy Hyperband needs to know how long a training job may run: give "
            "HyperbandStrategyConfig.MaxResource, or a static hyperparameter epochs"
        )
    return Brackets(context.min_resource or 1, context.max_resource)
