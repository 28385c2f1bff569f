"""Completion criteria, and which definition gets the next training job."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from airflow_hpt_provider.local.strategies import make_strategy
from airflow_hpt_provider.local.strategies.allocation import Arm, next_arm
from airflow_hpt_provider.local.strategies.completion import (
    convergence_detected,
    target_reached,
    trials_not_improving,
)
from airflow_hpt_provider.local.strategies.contract import Objective, Outcome, Suggestion, Trial
from tests.unit.local.strategies.search_cases import Ranges, context, continuous, play

LOW, HIGH = Objective("Minimize"), Objective("Maximize")


def trials(*values: float | None) -> list[Trial]:
    return [
        Trial(number, {}, Outcome.FAILED if value is None else Outcome.SUCCEEDED, value)
        for number, value in enumerate(values, start=1)
    ]


@pytest.mark.parametrize(
    ("objective", "target", "values", "reached"),
    [
        (LOW, 0.1, (0.3, 0.1), True),
        (LOW, 0.1, (0.3, 0.11), False),
        (HIGH, 0.9, (0.3, 0.9), True),
        (HIGH, 0.9, (0.3, 0.89), False),
        (HIGH, 0.9, (None, math.nan), False),
        (LOW, 0.1, (), False),
    ],
)
def test_target_reached(
    objective: Objective, target: float, values: tuple[float | None, ...], reached: bool
) -> None:
    assert target_reached(objective, target, trials(*values)) is reached


def test_a_pending_or_parents_trial_reaches_no_target() -> None:
    others = [Trial(1, {}, Outcome.PENDING, 0.0), Trial(-1, {}, Outcome.SUCCEEDED, 0.0)]
    assert not target_reached(LOW, 0.1, others)


@pytest.mark.parametrize(
    ("objective", "values", "count"),
    [
        (LOW, (), 0),
        (LOW, (1.0,), 0),
        (LOW, (1.0, 2.0, 0.995), 2),
        (LOW, (1.0, 2.0, 0.98), 0),
        (LOW, (-1.0, -1.005, -1.02), 0),
        (HIGH, (0.9, 0.905, None, 0.8), 2),
        (LOW, (0.0, 0.0, 0.0), 2),
    ],
)
def test_trials_not_improving_by_a_hundredth(
    objective: Objective, values: tuple[float | None, ...], count: int
) -> None:
    assert trials_not_improving(objective, trials(*values)) == count


SQUARE: Ranges = {"ContinuousParameterRanges": [continuous("x", 0, 1), continuous("y", 0, 1)]}


def easy(suggestion: Suggestion, _number: int) -> tuple[Outcome, float | None]:
    return Outcome.SUCCEEDED, 1 + (suggestion.point["x"] - 0.4) ** 2 + (suggestion.point["y"] - 0.6) ** 2  # type: ignore[operator]


def test_a_search_of_a_bowl_converges_and_not_immediately() -> None:
    search = context("Bayesian", SQUARE)
    history = play(make_strategy(search), 40, easy)
    assert not convergence_detected(search, history[:10])
    assert convergence_detected(search, history)


def test_a_rugged_loss_does_not_converge_soon() -> None:
    rng = np.random.default_rng(0)

    def rugged(_suggestion: Suggestion, number: int) -> tuple[Outcome, float | None]:
        return Outcome.SUCCEEDED, 0.5 if number == 3 else 1 + float(rng.random())

    search = context("Random", SQUARE)
    assert not convergence_detected(search, play(make_strategy(search), 25, rugged))


def test_failures_alone_do_not_converge() -> None:
    search = context("Random", SQUARE)
    assert not convergence_detected(
        search, [Trial(n, {"x": 0.1, "y": n / 99}, Outcome.FAILED) for n in range(1, 60)]
    )


def arm(*values: float | None, pending: int = 0, exhausted: bool = False, objective: Objective = LOW) -> Arm:
    own = trials(*values)
    own += [Trial(len(own) + place + 1, {}) for place in range(pending)]
    return Arm(objective, own, exhausted)


def test_every_definition_is_tried_in_turn_first() -> None:
    arms = [arm(), arm(), arm()]
    order = []
    for _ in range(12):
        chosen = next_arm(arms)
        assert chosen is not None
        order.append(chosen)
        arms[chosen] = arm(*[1.0] * (len(arms[chosen].trials) + 1))
    assert order == [0, 1, 2] * 4


@pytest.mark.parametrize("objective", [LOW, HIGH])
def test_the_better_definition_gets_most_and_the_other_some(objective: Objective) -> None:
    rng = np.random.default_rng(0)
    sign = 1 if objective is LOW else -1
    values: list[list[float]] = [[], []]
    for _ in range(60):
        chosen = next_arm([arm(*one, objective=objective) for one in values])
        assert chosen is not None
        values[chosen].append(sign * (chosen + rng.normal() * 0.3))
    assert len(values[0]) > 35
    assert len(values[1]) >= 10


@pytest.mark.parametrize("objective", [LOW, HIGH])
def test_a_definition_whose_training_jobs_diverge_promises_nothing(objective: Objective) -> None:
    sign = 1 if objective is LOW else -1
    good = arm(*(sign * v for v in (0.5, 0.52, 0.47, 0.55)), objective=objective)
    for bad in ((0.61, 1e12, 3e12, 2e13), (0.61, 0.65, 1e9, 1e12, 5.0), (1e20, 2e25, 1e12, 3e20)):
        assert next_arm([good, arm(*(sign * v for v in bad), objective=objective)]) == 0


def test_an_exhausted_definition_gets_nothing() -> None:
    assert next_arm([arm(1.0, exhausted=True), arm(5.0)]) == 1
    assert next_arm([arm(exhausted=True), arm(exhausted=True)]) is None
    assert next_arm([]) is None


@pytest.mark.parametrize(
    "arms",
    [
        [arm(None, None, None, None, None), arm(1.0, 2.0, 3.0, 4.0)],
        [arm(1.0, 1.0, 1.0, 1.0), arm(1.0, 1.0, 1.0, 1.0, 1.0)],
        [arm(pending=9), arm(pending=8)],
        [arm(1.0, 2.0, 3.0, 4.0), arm(1.0, 2.0, 3.0, 4.0, 5.0, objective=HIGH)],
        [arm(1e308, -1e308, 1e308, 1.0), arm(math.nan, 2.0, math.inf, 4.0, 5.0)],
    ],
    ids=["all failed", "constant", "all pending", "directions", "extremes"],
)
def test_odd_histories_are_tolerated(arms: list[Arm]) -> None:
    assert next_arm(arms) in {0, 1}


def test_definitions_of_different_directions_take_turns() -> None:
    counts = Counter[int]()
    arms = [arm(), arm(objective=HIGH)]
    for _ in range(20):
        chosen = next_arm(arms)
        assert chosen is not None
        counts[chosen] += 1
        arms[chosen] = arm(*[float(chosen)] * counts[chosen], objective=arms[chosen].objective)
    assert counts == {0: 10, 1: 10}
