"""What every strategy owes the engine, whatever the space and the history."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from airflow_hpt_provider.local.strategies import make_strategy
from airflow_hpt_provider.local.strategies.contract import (
    Exhausted,
    Objective,
    Outcome,
    Suggestion,
    Trial,
)
from airflow_hpt_provider.local.strategies.space import SearchSpace
from tests.unit.local.strategies.search_cases import (
    CATEGORICAL,
    INTEGERS,
    MIXED,
    SPACES,
    Ranges,
    context,
    play,
)

STRATEGIES = ["Random", "Grid", "Bayesian", "Hyperband"]
CASES = [
    (strategy, name)
    for strategy in STRATEGIES
    for name in SPACES
    if strategy != "Grid" or name == "categorical"
]


def fits(ranges: Ranges, suggestion: Suggestion) -> bool:
    """Whether a suggestion names every hyperparameter, with the right type and within its range."""
    point = dict(suggestion.point)
    for kind, type_ in (("ContinuousParameterRanges", float), ("IntegerParameterRanges", int)):
        for item in ranges.get(kind, []):
            value = point.pop(item["Name"])
            if type(value) is not type_ or not float(item["MinValue"]) <= value <= float(item["MaxValue"]):
                return False
    for item in ranges.get("CategoricalParameterRanges", []):
        if point.pop(item["Name"]) not in item["Values"]:
            return False
    return not point


@pytest.mark.parametrize(("strategy", "name"), CASES)
def test_suggestions_are_new_and_within_the_ranges(strategy: str, name: str) -> None:
    ranges = SPACES[name]
    space = SearchSpace.from_ranges(ranges)
    trials = play(make_strategy(context(strategy, ranges)), int(min(space.size, 18)), pending=3)
    assert all(fits(ranges, Suggestion(trial.point)) for trial in trials)
    assert len({space.key(trial.point) for trial in trials}) == len(trials)


@pytest.mark.parametrize(("strategy", "name"), CASES)
def test_a_restarted_service_suggests_the_same(strategy: str, name: str) -> None:
    ranges = SPACES[name]
    running = make_strategy(context(strategy, ranges))
    trials: list[Trial] = []
    for _ in range(14):
        trials = play(running, 1, history=trials)
        fresh = make_strategy(context(strategy, ranges))
        assert fresh.suggest(list(reversed(trials))) == running.suggest(trials)


@pytest.mark.parametrize(
    ("strategy", "ranges"),
    [
        *((strategy, CATEGORICAL) for strategy in STRATEGIES),
        *((s, INTEGERS) for s in STRATEGIES if s != "Grid"),
    ],
)
def test_a_finite_space_is_tried_whole_and_no_further(strategy: str, ranges: Ranges) -> None:
    space = SearchSpace.from_ranges(ranges)
    search = make_strategy(context(strategy, ranges))
    trials = play(search, int(space.size))
    assert len({space.key(trial.point) for trial in trials}) == space.size
    with pytest.raises(Exhausted, match=str(space.size)):
        search.suggest(trials)


def constant(_suggestion: Suggestion, _number: int) -> tuple[Outcome, float | None]:
    return Outcome.SUCCEEDED, 3.0


def all_failed(_suggestion: Suggestion, _number: int) -> tuple[Outcome, float | None]:
    return Outcome.FAILED, None


def never_ending(_suggestion: Suggestion, _number: int) -> tuple[Outcome, float | None]:
    return Outcome.PENDING, None


def not_numbers(_suggestion: Suggestion, number: int) -> tuple[Outcome, float | None]:
    return Outcome.SUCCEEDED, [math.nan, math.inf, -math.inf, 1.0, None][number % 5]


def erratic(_suggestion: Suggestion, number: int) -> tuple[Outcome, float | None]:
    return Outcome.SUCCEEDED, [1e308, -1e308, 0.0, 1e-308, 1e9, 2.0][number % 6]


def half_failed(_suggestion: Suggestion, number: int) -> tuple[Outcome, float | None]:
    return (Outcome.FAILED, None) if number % 2 else (Outcome.SUCCEEDED, float(number % 7))


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("result", [constant, all_failed, never_ending, not_numbers, erratic, half_failed])
def test_odd_objectives_are_tolerated(
    strategy: str, result: Callable[[Suggestion, int], tuple[Outcome, float | None]]
) -> None:
    ranges = CATEGORICAL if strategy == "Grid" else MIXED
    space = SearchSpace.from_ranges(ranges)
    trials = play(make_strategy(context(strategy, ranges)), 20, result)
    assert len({space.key(trial.point) for trial in trials}) == 20


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_maximize_is_minimize_of_the_opposite(strategy: str) -> None:
    ranges = CATEGORICAL if strategy == "Grid" else MIXED
    low = make_strategy(context(strategy, ranges, objective=Objective("Minimize")))
    high = make_strategy(context(strategy, ranges, objective=Objective("Maximize")))
    trials = play(low, 12)
    opposite = [replace(trial, value=-(trial.value or 0.0)) for trial in trials]
    assert low.suggest(trials) == high.suggest(opposite)


@pytest.mark.parametrize("strategy", ["Random", "Bayesian", "Hyperband"])
def test_seeds_differ(strategy: str) -> None:
    points = [play(make_strategy(context(strategy, MIXED, seed=seed)), 2) for seed in (1, 2)]
    assert points[0] != points[1]


def test_random_depends_on_nothing_but_seed_and_number() -> None:
    search = make_strategy(context("Random", MIXED))
    reported = play(search, 10)
    untold = play(search, 10, never_ending)
    assert [trial.point for trial in reported] == [trial.point for trial in untold]


def test_grid_ignores_parents() -> None:
    search = make_strategy(context("Grid", CATEGORICAL))
    first = search.suggest([])
    assert search.suggest([Trial(-1, first.point, Outcome.SUCCEEDED, 1.0)]) == first


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"strategy": "Bayes"}, "Strategy is 'Bayes': use Bayesian"),
        ({"strategy": "Grid", "ranges": INTEGERS}, "'i' is not one: give its values as Categorical"),
        ({"strategy": "Hyperband", "max_resource": None}, "MaxResource"),
        ({"strategy": "Hyperband", "min_resource": 10}, "MinResource 10 and MaxResource 9"),
    ],
)
def test_what_cannot_be_searched_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_strategy(replace(context("Bayesian", MIXED), **changes))
