"""What Bayesian search makes of its history: better points, failures, parents."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from airflow_hpt_provider.local.strategies import make_strategy
from airflow_hpt_provider.local.strategies.bayesian.observations import observe_tasks
from airflow_hpt_provider.local.strategies.bayesian.strategy import INITIAL
from airflow_hpt_provider.local.strategies.contract import Objective, Outcome, Suggestion, Trial
from airflow_hpt_provider.local.strategies.space import SearchSpace
from tests.unit.local.strategies.search_cases import MIXED, Ranges, context, continuous, play

SQUARE: Ranges = {"ContinuousParameterRanges": [continuous("x", 0, 1), continuous("y", 0, 1)]}


def bowl(point: Mapping[str, Any], x: float = 0.7, y: float = 0.2) -> float:
    return math.sqrt((point["x"] - x) ** 2 + (point["y"] - y) ** 2)


def reported(suggestion: Suggestion, _number: int) -> tuple[Outcome, float | None]:
    return Outcome.SUCCEEDED, bowl(suggestion.point)


def grid_trials(*, sign: int = 1, parent: str | None = None, shift: float = 0.0) -> list[Trial]:
    """25 finished trials over the square."""
    points = [{"x": i / 4, "y": j / 4} for i in range(5) for j in range(5)]
    return [
        Trial(sign * number, point, Outcome.SUCCEEDED, bowl(point) + shift, parent=parent)
        for number, point in enumerate(points, start=1)
    ]


def test_it_closes_in_on_the_optimum() -> None:
    trials = play(make_strategy(context("Bayesian", SQUARE)), 25, reported)
    assert min(bowl(trial.point) for trial in trials) < 0.02


def test_it_beats_random_search() -> None:
    def best(strategy: str, seed: int) -> float:
        trials = play(make_strategy(context(strategy, MIXED, seed=seed)), 30)
        return min(trial.value or 0.0 for trial in trials)

    bayesian, random = ([best(strategy, seed) for seed in range(3)] for strategy in ("Bayesian", "Random"))
    assert statistics.fmean(bayesian) < statistics.fmean(random) - 0.05


def test_a_pending_trial_is_not_suggested_again() -> None:
    trials = grid_trials()
    search = make_strategy(context("Bayesian", SQUARE))
    for number in range(26, 31):
        trials.append(Trial(number, search.suggest(trials).point, running=True))
    points = np.array([[trial.point["x"], trial.point["y"]] for trial in trials[25:]], dtype=float)
    distances = [np.linalg.norm(a - b) for i, a in enumerate(points) for b in points[:i]]
    assert min(distances) > 1e-5


def test_the_initial_design_depends_on_nothing_but_the_numbers() -> None:
    def failed(_suggestion: Suggestion, _number: int) -> tuple[Outcome, float | None]:
        return Outcome.FAILED, None

    search = make_strategy(context("Bayesian", SQUARE))
    designs = [[trial.point for trial in play(search, INITIAL, result)] for result in (reported, failed)]
    assert designs[0] == designs[1]


def test_the_initial_design_fills_the_space() -> None:
    trials = play(make_strategy(context("Bayesian", SQUARE)), INITIAL, reported)
    assert {(trial.point["x"] > 0.5, trial.point["y"] > 0.5) for trial in trials} == {
        (a, b) for a in (True, False) for b in (True, False)
    }


def test_it_moves_away_from_where_training_fails() -> None:
    def fails_near_the_optimum(suggestion: Suggestion, _number: int) -> tuple[Outcome, float | None]:
        if suggestion.point["x"] > 0.6:
            return Outcome.FAILED, None
        return Outcome.SUCCEEDED, bowl(suggestion.point)

    runs = [
        play(make_strategy(context("Bayesian", SQUARE, seed=seed)), 48, fails_near_the_optimum)
        for seed in range(3)
    ]
    for trials in runs:
        assert sum(trial.outcome is Outcome.FAILED for trial in trials[20:]) < 14
    best = [min(trial.value for trial in trials if trial.value is not None) for trials in runs]
    assert statistics.median(best) < 0.12


def test_a_half_of_the_space_that_fails_is_avoided_up_to_its_edge() -> None:
    names = "vwxyz"
    cube: Ranges = {"ContinuousParameterRanges": [continuous(name, 0, 1) for name in names]}

    def fails_in_a_half(suggestion: Suggestion, _number: int) -> tuple[Outcome, float | None]:
        row = [float(suggestion.point[name]) for name in names]
        if sum(row) > 2.5:
            return Outcome.FAILED, None
        return Outcome.SUCCEEDED, sum((value - 0.6) ** 2 for value in row)

    late: list[Trial] = []
    for seed in range(2):
        late += play(make_strategy(context("Bayesian", cube, seed=seed)), 40, fails_in_a_half)[20:]
    assert sum(trial.outcome is Outcome.FAILED for trial in late) < 15
    assert min(trial.value for trial in late if trial.value is not None) < 0.1  # at the edge, it is 0.05


def test_failures_by_bad_luck_cost_little() -> None:
    def unlucky(suggestion: Suggestion, number: int) -> tuple[Outcome, float | None]:
        return (Outcome.FAILED, None) if number % 5 == 0 else reported(suggestion, number)

    trials = play(make_strategy(context("Bayesian", SQUARE)), 35, unlucky)
    assert min(trial.value for trial in trials if trial.value is not None) < 0.02


@pytest.mark.parametrize("warm_start_type", ["IdenticalDataAndAlgorithm", "TransferLearning"])
@pytest.mark.parametrize("shift", [0.0, 5.0], ids=["same offset", "other offset"])
def test_parents_trials_replace_the_initial_design(warm_start_type: str, shift: float) -> None:
    options = {"warm_start_type": warm_start_type}
    parents = grid_trials(sign=-1, parent="last-week", shift=shift)
    search = make_strategy(context("Bayesian", SQUARE, options=options))
    cold = play(make_strategy(context("Bayesian", SQUARE)), 6, reported)
    warm = play(search, 6, reported, history=parents)[25:]
    assert min(bowl(trial.point) for trial in warm) < 0.1
    assert statistics.fmean(bowl(t.point) for t in warm) < statistics.fmean(bowl(t.point) for t in cold)


def test_a_transfer_from_misleading_parents_is_overcome() -> None:
    parents = [
        Trial(-n, trial.point, Outcome.SUCCEEDED, bowl(trial.point, 0.1, 0.9), parent="other")
        for n, trial in enumerate(grid_trials(), start=1)
    ]
    search = make_strategy(context("Bayesian", SQUARE, options={"warm_start_type": "TransferLearning"}))
    warm = play(search, 25, reported, history=parents)[25:]
    assert min(bowl(trial.point) for trial in warm) < 0.1


@pytest.mark.parametrize("scale", [1000.0, 10.0, 0.1])
def test_a_parent_on_another_scale_helps_all_the_same(scale: float) -> None:
    parents = [replace(t, value=scale * (t.value or 0.0) + 7.0) for t in grid_trials(sign=-1, parent="other")]
    search = make_strategy(context("Bayesian", SQUARE, options={"warm_start_type": "TransferLearning"}))
    warm = play(search, 12, reported, history=parents)[25:]
    assert min(bowl(trial.point) for trial in warm[6:]) < 0.05

    own = [Trial(n, {"x": n / 9, "y": 0.3}, Outcome.SUCCEEDED, n / 9) for n in range(1, 7)]
    same = grid_trials(sign=-1, parent="other")
    space = SearchSpace.from_ranges(SQUARE)
    losses = [observe_tasks(space, Objective("Minimize"), [*each, *own]).losses for each in (parents, same)]
    assert np.allclose(*losses)


def test_identical_parents_points_are_not_repeated_and_others_may_be() -> None:
    ranges: Ranges = {"CategoricalParameterRanges": [{"Name": "kind", "Values": ["a", "b", "c"]}]}
    parents = [
        Trial(-1, {"kind": "a"}, Outcome.SUCCEEDED, 1.0),
        Trial(-2, {"kind": "b"}, Outcome.SUCCEEDED, 2.0),
    ]
    identical = make_strategy(
        context("Bayesian", ranges, options={"warm_start_type": "IdenticalDataAndAlgorithm"})
    )
    assert identical.suggest(parents).point == {"kind": "c"}
    transfer = make_strategy(context("Bayesian", ranges))
    assert len({t.point["kind"] for t in play(transfer, 3, history=parents)[2:]}) == 3


def test_parents_outside_the_ranges_are_skipped() -> None:
    parents = [Trial(-n, {"x": 5.0 + n, "y": 0.5}, Outcome.SUCCEEDED, -9.0) for n in range(1, 20)]
    parents += [Trial(-30, {"y": 0.5}, Outcome.SUCCEEDED, -9.0)]
    search = make_strategy(context("Bayesian", SQUARE))
    assert search.suggest(parents) == search.suggest([])


def test_thousands_of_parents_trials_are_tolerated() -> None:
    rng = np.random.default_rng(0)
    parents = [
        Trial(-n, {"x": x, "y": y}, Outcome.SUCCEEDED, bowl({"x": x, "y": y}), parent=f"p{n % 5}")
        for n, (x, y) in enumerate(rng.random((2000, 2)).tolist(), start=1)
    ]
    suggestion = make_strategy(context("Bayesian", SQUARE)).suggest(parents)
    assert bowl(suggestion.point) < 0.3
