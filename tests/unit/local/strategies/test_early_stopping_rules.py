"""The median rule of AUTO, and Hyperband's successive halving."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from airflow_hpt_provider.local.strategies import make_early_stopping, make_strategy
from airflow_hpt_provider.local.strategies.contract import (
    EarlyStopping,
    Objective,
    Outcome,
    SearchContext,
    Trial,
)
from airflow_hpt_provider.local.strategies.halving import Brackets, SuccessiveHalving
from tests.unit.local.strategies.search_cases import MIXED, context, smooth_loss


def trial(
    number: int, values: Sequence[float], *, running: bool = False, bracket: int | None = None
) -> Trial:
    outcome = Outcome.PENDING if running else Outcome.SUCCEEDED
    curve = tuple(enumerate(values, start=1))
    return Trial(
        number, {}, outcome, None if running else values[-1], curve, running=running, bracket=bracket
    )


def stopping(
    strategy: str = "Bayesian", direction: str = "Minimize", early_stopping: str = "Auto"
) -> EarlyStopping:
    made = make_early_stopping(
        context(strategy, MIXED, objective=Objective(direction), early_stopping=early_stopping)  # type: ignore[arg-type]
    )
    assert made is not None
    return made


# Their running averages up to step 3 are 2, 3, 4 and 5: the median is 3.5.
FINISHED = [trial(1, [1, 2, 3, 9]), trial(2, [2, 3, 4, 9]), trial(3, [3, 4, 5, 9]), trial(4, [4, 5, 6, 9])]


@pytest.mark.parametrize(("value", "stop"), [(3.4, False), (3.5, False), (3.6, True), (math.nan, True)])
def test_the_median_rule_compares_with_the_median_of_running_averages(value: float, stop: bool) -> None:
    running = trial(5, [0.0, 0.0, value], running=True)
    assert stopping().should_stop(running, [*FINISHED, running]) is stop


@pytest.mark.parametrize(("value", "stop"), [(3.4, True), (3.6, False)])
def test_the_median_rule_maximises_too(value: float, stop: bool) -> None:
    running = trial(5, [9.0, 9.0, value], running=True)
    assert stopping(direction="Maximize").should_stop(running, [*FINISHED, running]) is stop


@pytest.mark.parametrize(
    "history",
    [
        FINISHED[:3],
        [*FINISHED[:3], trial(4, [4, 5])],
        [*FINISHED[:3], trial(4, [4, 5], running=True)],
        [*FINISHED[:3], replace(FINISHED[3], number=-1)],
    ],
    ids=["too few", "one shorter", "one running not yet as far", "one a parent's"],
)
def test_the_median_rule_needs_four_predecessors_that_came_as_far(history: list[Trial]) -> None:
    assert not stopping().should_stop(trial(9, [9, 9, 9], running=True), history)


@pytest.mark.parametrize("count", range(5))
def test_the_median_rule_compares_with_running_jobs_as_with_finished_ones(count: int) -> None:
    running = [trial(one.number, [value for _, value in one.curve], running=True) for one in FINISHED[:count]]
    history = [*running, *FINISHED[count:]]
    stops = [stopping().should_stop(trial(9, [0, 0, value], running=True), history) for value in (3.4, 3.6)]
    assert stops == [False, True]


def steps_made(workers: int) -> int:
    """Train 20 jobs of 27 steps, whose losses differ by a constant, with early stopping; all steps made."""
    search = context("Random", MIXED, seed=5, early_stopping="Auto")
    return run_in_steps(search, 20, workers)[1]


def test_early_stopping_saves_as_much_with_many_training_jobs_in_flight_as_with_one() -> None:
    steps = {workers: steps_made(workers) for workers in (1, 4, 20)}
    assert max(steps.values()) < 0.8 * 20 * 27
    assert max(steps.values()) - min(steps.values()) < 0.1 * 20 * 27


def test_the_median_rule_waits_for_a_third_value() -> None:
    assert not stopping().should_stop(trial(9, [99, 99], running=True), FINISHED)
    assert not stopping().should_stop(trial(9, [], running=True), FINISHED)
    assert stopping().should_stop(trial(9, [99, 99, 99], running=True), FINISHED)


def test_nothing_is_stopped_where_early_stopping_is_off() -> None:
    assert make_early_stopping(context("Bayesian", MIXED)) is None
    assert isinstance(stopping("Hyperband", early_stopping="Off"), SuccessiveHalving)


@pytest.mark.parametrize(
    ("low", "high", "levels"),
    [(1, 27, (1, 3, 9)), (1, 30, (1, 3, 9, 27)), (5, 100, (5, 15, 45)), (4, 4, ()), (1, 20000, None)],
)
def test_rungs_triple_from_min_to_max_resource(low: int, high: int, levels: tuple[int, ...] | None) -> None:
    brackets = Brackets(low, high)
    if levels is not None:
        assert brackets.levels == levels
    assert brackets.rungs(len(brackets.levels)) == ()
    assert len(brackets.shares) == len(brackets.levels) + 1
    assert sum(brackets.shares) == pytest.approx(1)


def test_every_bracket_gets_its_share_from_the_start() -> None:
    brackets = Brackets(1, 27)
    for count in (4, 10, 40):
        given = Counter(brackets.bracket_of(number) for number in range(1, count + 1))
        for bracket, share in enumerate(brackets.shares):
            assert abs(given[bracket] - share * count) <= 1


HALVING = SuccessiveHalving(Brackets(2, 18), Objective("Minimize"))


def test_only_the_best_third_continues_past_a_rung() -> None:
    running = [trial(number, [0, number], running=True) for number in range(1, 10)]
    stopped = [HALVING.should_stop(one, running) for one in running]
    assert stopped == [False] * 4 + [True] * 5  # a third of the way from the first to the last, rounded up


def test_almost_all_jobs_are_judged_from_the_first_rung_on() -> None:
    brackets = Brackets(1, 27)
    given = Counter(brackets.bracket_of(number) for number in range(1, 101))
    assert given == {0: 96, 1: 4}
    assert [round(1 / share) for share in brackets.shares[:2]] == [1, 28]


def test_none_is_stopped_before_three_have_come_or_before_min_resource() -> None:
    bad = trial(3, [9, 9], running=True)
    assert not HALVING.should_stop(bad, [trial(1, [1, 1]), bad])
    assert HALVING.should_stop(bad, [trial(1, [1, 1]), trial(2, [1, 1]), bad])
    early = trial(3, [9], running=True)
    assert not HALVING.should_stop(early, [trial(1, [1, 1]), trial(2, [1, 1]), early])


def test_all_stop_past_max_resource_and_not_before_in_the_last_bracket() -> None:
    best = [trial(number, [0.0] * 18) for number in (1, 2, 3)]
    hedge = trial(4, [9.0] * 17, running=True, bracket=2)
    assert not HALVING.should_stop(hedge, best)
    assert HALVING.should_stop(trial(4, [0.0] * 19, running=True, bracket=2), [])
    assert HALVING.should_stop(replace(hedge, bracket=1), best)


def test_none_is_stopped_as_it_ends_by_itself_at_max_resource() -> None:
    best = [trial(number, [0.0] * 18) for number in (1, 2, 3)]
    assert not HALVING.should_stop(trial(4, [9.0] * 18, running=True), best)


def test_a_value_that_is_not_a_number_is_stopped_at_the_rung() -> None:
    others = [trial(1, [1, 1]), trial(2, [2, 2])]
    assert HALVING.should_stop(trial(3, [1, math.nan], running=True), others)


def test_halving_maximises_too() -> None:
    maximise = SuccessiveHalving(Brackets(2, 18), Objective("Maximize"))
    others = [trial(1, [1, 1]), trial(2, [2, 2])]
    assert maximise.should_stop(trial(3, [0, 0], running=True), others)
    assert not maximise.should_stop(trial(3, [3, 3], running=True), others)


def run_in_steps(search: SearchContext, trials: int, workers: int) -> tuple[float, int]:
    """Train ``trials`` jobs of 27 steps, some at a time, as the engine does; the best loss and all steps made."""
    strategy, rule = make_strategy(search), make_early_stopping(search)
    history: dict[int, Trial] = {}
    steps = 0
    while len(history) < trials or any(one.running for one in history.values()):
        while len(history) < trials and sum(one.running for one in history.values()) < workers:
            made = strategy.suggest(list(history.values()))
            number = len(history) + 1
            history[number] = Trial(
                number, made.point, running=True, budget=made.budget, bracket=made.bracket
            )
        for number, one in history.items():
            if not one.running:
                continue
            step = len(one.curve) + 1
            loss = smooth_loss(one.point) + math.exp(-step / 6)
            one = replace(one, curve=(*one.curve, (step, loss)))
            stop = rule is not None and rule.should_stop(one, list(history.values()))
            if stop or step == 27:
                one = replace(
                    one,
                    outcome=Outcome.SUCCEEDED,
                    value=loss,
                    running=False,
                    stopped_early=stop and step < 27,
                )
            history[number] = one
            steps += 1
    return min(one.value for one in history.values() if one.value is not None), steps


def test_hyperband_finds_more_than_random_search_with_fewer_steps() -> None:
    found = {
        strategy: [
            run_in_steps(context(strategy, MIXED, seed=seed, max_resource=27), 30, 4) for seed in range(3)
        ]
        for strategy in ("Random", "Hyperband")
    }
    for (random_loss, random_steps), (loss, steps) in zip(found["Random"], found["Hyperband"], strict=True):
        assert steps < 0.85 * random_steps
        assert loss < random_loss + 0.05
    assert sum(loss for loss, _ in found["Hyperband"]) < sum(loss for loss, _ in found["Random"])
