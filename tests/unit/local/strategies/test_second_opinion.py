"""The densities of good and other trials, whose turn is next, and what the search gains by taking turns."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from airflow_hpt_provider.local.strategies import make_strategy
from airflow_hpt_provider.local.strategies.bayesian.densities import Density, propose_by_densities
from airflow_hpt_provider.local.strategies.bayesian.observations import observe
from airflow_hpt_provider.local.strategies.bayesian.turns import Turn, turn_of
from airflow_hpt_provider.local.strategies.contract import Objective, Outcome, Suggestion, Trial
from airflow_hpt_provider.local.strategies.parameters import Categorical, Continuous, Integer
from airflow_hpt_provider.local.strategies.space import SearchSpace
from tests.unit.local.strategies.search_cases import Ranges, context, continuous, play

SQUARE: Ranges = {"ContinuousParameterRanges": [continuous("x", 0, 1), continuous("y", 0, 1)]}
MIXED = SearchSpace([Continuous("x", 0, 1), Categorical("kind", ("a", "b", "c")), Integer("n", 1, 9)])
MINIMIZE = Objective("Minimize")


def rows_of(space: SearchSpace, count: int, seed: int = 0) -> np.ndarray:
    return space.from_cube(np.random.default_rng(seed).random((count, len(space.parameters))))


@pytest.mark.parametrize("count", [0, 1, 2, 12])
def test_a_density_integrates_to_one(count: int) -> None:
    space = SearchSpace([Continuous("x", 0, 1), Categorical("kind", ("a", "b", "c"))])
    density = Density.fit(space, rows_of(space, count))
    places = (np.arange(2000) + 0.5) / 2000
    grid = [np.column_stack([places, np.tile(np.eye(3)[kind], (2000, 1))]) for kind in range(3)]
    assert sum(np.exp(density.log(part)).mean() for part in grid) == pytest.approx(1.0, rel=1e-3)


def test_draws_are_as_frequent_as_the_density_says() -> None:
    space = SearchSpace([Continuous("x", 0, 1), Categorical("kind", ("a", "b"))])
    density = Density.fit(space, space.snap(np.array([[0.1, 1.0, 0.0], [0.15, 1.0, 0.0], [0.2, 1.0, 0.0]])))
    drawn = density.draw(np.random.default_rng(0), 20000)
    places = (np.arange(4000) + 0.5) / 4000
    for kind in range(2):
        grid = np.exp(density.log(np.column_stack([places, np.tile(np.eye(2)[kind], (4000, 1))])))
        for low, high in ((0.0, 0.25), (0.25, 1.0)):
            expected = grid[(places >= low) & (places < high)].sum() / 4000
            found = ((drawn[:, 0] >= low) & (drawn[:, 0] < high) & (drawn[:, 1 + kind] > 0.5)).mean()
            assert found == pytest.approx(expected, abs=0.015)


def test_draws_are_points_of_the_space() -> None:
    drawn = Density.fit(MIXED, rows_of(MIXED, 5)).draw(np.random.default_rng(0), 200)
    assert np.array_equal(drawn, MIXED.snap(drawn))
    assert all(MIXED.parse(MIXED.decode(row)) is not None for row in drawn)
    assert {MIXED.decode(row)["kind"] for row in drawn} == {"a", "b", "c"}


def trials_of(loss: Callable[[Mapping[str, Any]], float | None], count: int = 40) -> list[Trial]:
    points = [
        dict(zip("xy", row, strict=True)) for row in np.random.default_rng(3).random((count, 2)).tolist()
    ]
    return [
        Trial(number, point, Outcome.FAILED if loss(point) is None else Outcome.SUCCEEDED, loss(point))
        for number, point in enumerate(points, 1)
    ]


def proposed(trials: list[Trial]) -> list[Mapping[str, Any]]:
    space = SearchSpace.from_ranges(SQUARE)
    observations = observe(space, MINIMIZE, trials)
    return [
        next(propose_by_densities(space, observations, np.random.default_rng(seed))) for seed in range(20)
    ]


def test_densities_propose_where_good_trials_are_dense() -> None:
    near = [abs(point["x"] - 0.8) < 0.25 for point in proposed(trials_of(lambda p: abs(p["x"] - 0.8)))]
    assert sum(near) >= 16
    # Only the order of the losses counts: a diverged one, or another unit, changes nothing.
    stretched = trials_of(lambda p: 1e30 ** abs(p["x"] - 0.8))
    assert proposed(stretched) == proposed(trials_of(lambda p: abs(p["x"] - 0.8)))


def test_densities_turn_away_from_failures_and_from_pending_trials() -> None:
    everything = trials_of(lambda p: p["x"])
    failing = trials_of(lambda p: None if p["y"] > 0.5 else p["x"])
    assert sum(point["y"] > 0.5 for point in proposed(failing)) < sum(
        point["y"] > 0.5 for point in proposed(everything)
    )
    pending = [Trial(41 + n, {"x": 0.05, "y": 0.1 + n / 100}) for n in range(30)]
    low = [
        sum(point["y"] < 0.5 for point in proposed(trials)) for trials in (everything, everything + pending)
    ]
    assert low[1] < low[0]


def test_of_six_trials_two_are_of_the_densities_and_one_of_the_process_looking_everywhere() -> None:
    numbers = Counter(turn_of(number, categories=False) for number in range(1, 13))
    assert numbers == {Turn.DENSITIES: 4, Turn.EVERYWHERE: 2, Turn.REGION: 6}
    mixed = Counter(turn_of(number, categories=True) for number in range(1, 13))
    assert mixed == {Turn.DENSITIES: 4, Turn.EVERYWHERE: 4, Turn.REGION: 4}
    for first in range(1, 8):  # in flight together
        assert len({turn_of(number, categories=False) for number in range(first, first + 4)}) >= 2


@pytest.mark.parametrize(("max_trials", "late"), [(24, 6), (60, 15), (128, 15)])
def test_the_last_trials_are_of_the_process_in_its_region(max_trials: int, late: int) -> None:
    usual = [turn_of(number, categories=False) for number in range(1, max_trials + 1)]
    turns = [turn_of(n, categories=False, max_trials=max_trials) for n in range(1, max_trials + 1)]
    assert turns == usual[:-late] + [Turn.REGION] * late
    assert set(usual[-late:]) == set(Turn)


def test_with_categories_the_turns_are_the_same_to_the_end() -> None:
    usual = [turn_of(number, categories=True) for number in range(1, 25)]
    assert [turn_of(number, categories=True, max_trials=24) for number in range(1, 25)] == usual


def losses_of(
    ranges: Ranges, loss: Callable[[Mapping[str, Any]], float], count: int, seed: int
) -> list[Trial]:
    def outcome(suggestion: Suggestion, _number: int) -> tuple[Outcome, float | None]:
        return Outcome.SUCCEEDED, loss(suggestion.point)

    return play(make_strategy(context("Bayesian", ranges, seed=seed)), count, outcome)


@pytest.mark.parametrize("seed", range(3))
def test_of_six_trials_around_an_optimum_among_integers_one_is_far_away(seed: int) -> None:
    ranges: Ranges = {"IntegerParameterRanges": [continuous(name, 0, 60) for name in "ijk"]}

    def valley(point: Mapping[str, Any]) -> float:
        return float(sum(abs(point[name] - 15) for name in "ijk"))

    def outcome(suggestion: Suggestion, _number: int) -> tuple[Outcome, float | None]:
        return Outcome.SUCCEEDED, valley(suggestion.point)

    rng = np.random.default_rng(seed)
    rows = [*rng.integers(0, 61, (10, 3)).tolist(), *(15 + rng.integers(-2, 3, (20, 3))).tolist()]
    points = [dict(zip("ijk", row, strict=True)) for row in rows]
    around = [Trial(number, p, Outcome.SUCCEEDED, valley(p)) for number, p in enumerate(points, 1)]
    further = play(make_strategy(context("Bayesian", ranges, seed=seed)), 12, outcome, history=around)[30:]
    far = [max(abs(float(trial.point[name]) - 15) for name in "ijk") >= 9 for trial in further]
    assert all(any(far[first : first + 6]) for first in range(7))


@pytest.mark.parametrize("plateau", [True, False])
def test_it_looks_elsewhere_where_the_best_trials_are_a_plateau(plateau: bool) -> None:
    rng = np.random.default_rng(0)
    rows = [*rng.random((12, 2)).tolist(), *(0.5 + 0.02 * rng.normal(size=(19, 2))).tolist()]
    losses = [2 + abs(x - 0.5) + abs(y - 0.5) for x, y in rows[:12]]
    losses += [1.0 if plateau else 1.0 + number / 1000 for number in range(19)]
    history = [
        Trial(number, {"x": x, "y": y}, Outcome.SUCCEEDED, loss)
        for number, ((x, y), loss) in enumerate(zip(rows, losses, strict=True), 1)
    ]
    assert turn_of(len(history) + 1, categories=False) is Turn.REGION
    point = make_strategy(context("Bayesian", SQUARE)).suggest(history).point
    assert (max(abs(float(point[name]) - 0.5) for name in "xy") > 0.25) is plateau


@pytest.mark.parametrize("max_trials", [None, 100, 32])
def test_trials_in_flight_together_differ_until_the_end_is_near(max_trials: int | None) -> None:
    def bowl(point: Mapping[str, Any]) -> float:
        return float((point["x"] - 0.3) ** 2 + (point["y"] - 0.7) ** 2)

    search = make_strategy(context("Bayesian", SQUARE, max_trials=max_trials))
    history = losses_of(SQUARE, bowl, 24, seed=7)
    batch: list[Trial] = []
    for number in range(25, 33):
        batch.append(Trial(number, search.suggest([*history, *batch]).point))
    distances = [math.sqrt(bowl(t.point)) for t in batch]
    assert min(distances) < 0.05
    assert (max(distances) > 0.2) is (max_trials != 32)
