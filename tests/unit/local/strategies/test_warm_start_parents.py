"""Which warm-start parents have a say in a TransferLearning search."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from airflow_hpt_provider.local.strategies import make_strategy
from airflow_hpt_provider.local.strategies.bayesian.parents import JUDGED_FROM, without_misleading_parents
from airflow_hpt_provider.local.strategies.contract import Objective, Outcome, Suggestion, Trial
from airflow_hpt_provider.local.strategies.design import draw_design
from airflow_hpt_provider.local.strategies.space import SearchSpace
from tests.unit.local.strategies.search_cases import Ranges, context, continuous, play

CUBE: Ranges = {"ContinuousParameterRanges": [continuous(name, 0, 1) for name in "xyz"]}
VALLEY: Ranges = {"ContinuousParameterRanges": [continuous(name, -5, 5) for name in "abcde"]}
SPACE = SearchSpace.from_ranges(CUBE)
OPTIMUM = {"x": 0.7, "y": 0.2, "z": 0.6}
MINIMIZE = Objective("Minimize")


def bowl(point: Mapping[str, Any]) -> float:
    return math.sqrt(sum((point[name] - best) ** 2 for name, best in OPTIMUM.items()))


def trials_of(
    seed: int, count: int, loss: Callable[[Mapping[str, Any]], float], *, parent: str | None = None
) -> list[Trial]:
    """Return finished trials at random points, of the tuning job or of a parent."""
    sign = -1 if parent else 1
    points = [
        dict(zip("xyz", row, strict=True)) for row in np.random.default_rng(seed).random((count, 3)).tolist()
    ]
    return [
        Trial(sign * number, point, Outcome.SUCCEEDED, loss(point), parent=parent)
        for number, point in enumerate(points, 1)
    ]


def names(trials: list[Trial]) -> set[str | None]:
    return {trial.parent for trial in trials}


@pytest.mark.parametrize("loss", [bowl, lambda p: 100 * bowl(p) + 7], ids=["same", "other scale"])
def test_a_parent_that_agrees_keeps_its_say(loss: Callable[[Mapping[str, Any]], float]) -> None:
    for count in (0, 3, 4, 8, 20):
        history = trials_of(0, 25, loss, parent="good") + trials_of(1, count, bowl)
        assert without_misleading_parents(SPACE, MINIMIZE, history) == history


def elsewhere(point: Mapping[str, Any]) -> float:
    """Return a loss that differs from ``bowl`` in the best value of one of three hyperparameters."""
    return math.sqrt((point["x"] - 0.2) ** 2 + (point["y"] - 0.2) ** 2 + (point["z"] - 0.6) ** 2)


@pytest.mark.parametrize("count", [8, 20])
def test_a_parent_that_agrees_in_part_keeps_its_say(count: int) -> None:
    history = trials_of(0, 25, elsewhere, parent="partly") + trials_of(1, count, bowl)
    assert without_misleading_parents(SPACE, MINIMIZE, history) == history


def test_parents_that_disagree_lose_their_say_one_by_one() -> None:
    noise = np.random.default_rng(3)
    parents = [
        *trials_of(0, 25, bowl, parent="good"),
        *trials_of(4, 25, lambda p: -bowl(p), parent="inverted"),
        *trials_of(5, 25, lambda _: float(noise.random()), parent="noise"),
    ]
    own = trials_of(1, 8, bowl)
    assert names(without_misleading_parents(SPACE, MINIMIZE, parents + own)) == {"good", None}
    maximise = without_misleading_parents(SPACE, Objective("Maximize"), parents + own)
    assert names(maximise) == {"good", None}


def test_a_parent_without_losses_is_kept() -> None:
    failed = [Trial(-1, OPTIMUM, Outcome.FAILED, parent="failed")]
    history = failed + trials_of(1, 8, bowl)
    assert without_misleading_parents(SPACE, MINIMIZE, history) == history


def test_a_parent_proposes_the_first_trial_only_until_it_can_be_judged() -> None:
    search = make_strategy(context("Bayesian", CUBE))
    parents = trials_of(0, 25, bowl, parent="good")
    first, second, fifth = (
        search.suggest(parents + trials_of(1, known, bowl)).point
        for known in (0, JUDGED_FROM - 3, JUDGED_FROM)
    )
    design = [next(draw_design(SPACE, context("Bayesian", CUBE).seed, number)) for number in (1, 2, 5)]
    assert second == design[1]
    assert bowl(first) < bowl(design[0])
    assert bowl(fifth) < bowl(design[2])


def valley(point: Mapping[str, Any]) -> float:
    """Rosenbrock's function; its worst points are a hundred times worse than average ones."""
    x = np.array(list(point.values()))
    return float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum())


def best_of_twelve(seed: int) -> float:
    """Return the lowest of the first 12 losses of a search whose parent's losses have the opposite sign."""
    search = make_strategy(context("Bayesian", VALLEY, seed=seed))
    rows = np.random.default_rng(seed).uniform(-5, 5, (25, 5)).tolist()
    points = [dict(zip("abcde", row, strict=True)) for row in rows]
    parents = [
        Trial(-number, point, Outcome.SUCCEEDED, -valley(point), parent="inverted")
        for number, point in enumerate(points, 1)
    ]

    def outcome(suggestion: Suggestion, _number: int) -> tuple[Outcome, float | None]:
        return Outcome.SUCCEEDED, valley(suggestion.point)

    history = play(search, 12, outcome, history=parents)
    return min(trial.value for trial in history if trial.number > 0 and trial.value is not None)


def test_an_inverted_parent_costs_little() -> None:
    # Believed throughout, such a parent costs a factor of 40: the medians are 1.6e3 and 7.3e4.
    assert statistics.median(best_of_twelve(seed) for seed in range(3)) < 1e4
