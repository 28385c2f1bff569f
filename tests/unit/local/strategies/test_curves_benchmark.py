"""The benchmark on learning curves: how training jobs overlap and stop, and how runs are judged."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from airflow_hpt_provider.local.strategies import make_strategy
from airflow_hpt_provider.local.strategies.contract import Objective, SearchContext
from benchmarks.external.curves.problems import FULL, SETS, Curves
from benchmarks.external.curves.report import Regrets, report
from benchmarks.external.curves.run import BUDGET, JOBS, Run, play
from benchmarks.external.curves.searchers import Ours
from benchmarks.external.problem import number, ranges

LINE = ranges([number("x", 0.0, 1.0)])


class Scripted:
    """A searcher that stops every second training job after two epochs, and records the calls."""

    def __init__(self) -> None:
        self.asked = self.in_flight = 0
        self.overlaps: list[int] = []
        self.ended: list[tuple[int, float, bool]] = []

    def ask(self) -> tuple[int, Mapping[str, Any]]:
        self.overlaps.append(self.in_flight)
        self.asked, self.in_flight = self.asked + 1, self.in_flight + 1
        return self.asked, {"x": self.asked}

    def report(self, handle: int, step: int, _loss: float) -> bool:
        return handle % 2 == 0 and step == 2

    def end(self, handle: int, loss: float, *, stopped: bool) -> None:
        self.in_flight -= 1
        self.ended.append((handle, loss, stopped))


def falling(_seed: int, point: Mapping[str, Any]) -> Iterator[float]:
    """Losses that end at the number of the training job, from one above."""
    for step in range(1, FULL + 1):
        yield point["x"] + 1 - step / FULL


def played(setting: str) -> tuple[Scripted, Run]:
    searcher = Scripted()
    return searcher, play("scripted", lambda *_: searcher, Curves("line", LINE, falling), setting, 0)


def test_four_training_jobs_are_in_flight_until_the_epochs_are_used() -> None:
    searcher, run = played("equal epochs")
    assert max(searcher.overlaps) == 3
    assert all(count >= 2 for count in searcher.overlaps[4:])
    assert sum(length for _, length in run.ends) <= BUDGET < sum(length for _, length in run.ends) + 4 * FULL
    assert run.started(BUDGET) > JOBS


def test_a_run_of_forty_training_jobs_uses_fewer_epochs_where_some_are_stopped() -> None:
    searcher, run = played("40 jobs")
    assert len(searcher.ended) == JOBS
    assert run.epochs == JOBS // 2 * (FULL + 2)
    assert {stopped for handle, _, stopped in searcher.ended if handle % 2} == {False}
    assert {stopped for handle, _, stopped in searcher.ended if handle % 2 == 0} == {True}


def test_a_run_keeps_the_lowest_loss_over_the_epochs() -> None:
    _, run = played("40 jobs")
    assert run.lowest(0) == math.inf
    assert run.lowest(1) == pytest.approx(2 - 1 / FULL)
    assert run.lowest() == run.lowest_in_full() == 1.0
    # Jobs 2 and 4 are stopped after two epochs of four jobs; others follow, so job 1 ends after 27 of all four.
    assert run.lowest_in_full(100) == math.inf


def test_a_loss_that_is_not_a_number_is_no_best_loss() -> None:
    lost = Curves("lost", LINE, lambda _seed, _point: iter([0.5, *[math.nan] * (FULL - 1)]))
    run = play("scripted", lambda *_: Scripted(), lost, "40 jobs", 0)
    assert (run.lowest(), run.lowest_in_full()) == (0.5, math.inf)


def one(searcher: str, seed: int, third: float, end: float, epochs: int = BUDGET) -> Run:
    return Run(searcher, "p", "s", seed, [(1, third), (BUDGET, end)], [], [(epochs, epochs)], 0.0)


def test_regret_is_0_at_the_lowest_loss_of_any_run_and_1_at_random_search_with_all_epochs() -> None:
    table = Regrets([one("random in full", 0, 9.0, 5.0), one("a", 0, 7.0, 1.0), one("b", 0, 3.0, 3.0)])
    key = ("p", 0)
    assert [table.regret("a", key, at) for at in (BUDGET // 3, BUDGET)] == [1.5, 0.0]
    assert [table.regret("random in full", key, at) for at in (BUDGET // 3, BUDGET)] == [2.0, 1.0]
    assert table.duel("b", "a", [key], BUDGET // 3) == "1-0-0"
    assert table.duel("b", "a", [key]) == "0-1-0"
    assert table.duel("b", "b", [key]) == "0-0-1"


def test_early_stopping_is_compared_with_the_same_sampler_in_full() -> None:
    runs = [one("random in full", 0, 5.0, 5.0), one("ours random AUTO", 0, 7.0, 6.0, BUDGET // 2)]
    runs += [one("ours Bayesian in full", 0, 1.0, 1.0)]
    assert "| ours random AUTO | 1 | 50% | 0-1-0 | 1.25 (1.25) | 1.00 (1.00) |" in report(
        runs, "ours Hyperband"
    )


def test_hyperband_is_compared_at_a_third_of_the_epochs_and_at_the_end() -> None:
    runs = [one("random in full", 0, 5.0, 5.0), one("ours Hyperband", 0, 3.0, 2.0), one("rival", 0, 4.0, 1.0)]
    assert "| rival | 1 | 1-0-0 | 0-1-0 | 0.75 (0.75) | 0.00 (0.00) | 4 | 5 |" in report(
        runs, "ours Hyperband"
    )


def test_the_two_sets_share_no_problem_and_no_seed() -> None:
    (chosen, first), (reported, later) = SETS["choose"], SETS["report"]
    assert not {problem.name for problem in chosen} & {problem.name for problem in reported}
    assert later - first >= 1000


@pytest.mark.parametrize("problem", [each for problems, _ in SETS.values() for each in problems])
def test_every_model_learns_epoch_by_epoch(problem: Curves) -> None:
    strategy = make_strategy(SearchContext("Random", problem.ranges, Objective("Minimize"), 3))
    losses = list(problem.train(0, strategy.suggest([]).point))
    assert len(losses) == FULL
    assert len({loss for loss in losses if not math.isnan(loss)}) > 1 or any(map(math.isnan, losses))


def test_ours_stops_training_jobs_as_the_service_does() -> None:
    run = play(
        "ours",
        lambda space, seed: Ours(space, seed, "Random", "Auto"),
        Curves("line", LINE, falling),
        "40 jobs",
        0,
    )
    assert run.epochs < BUDGET
