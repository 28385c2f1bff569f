"""The benchmark on problems of others: how runs overlap, and how they are judged."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import external
from benchmarks.external.blind import LATE, blind, blindness, near
from benchmarks.external.problem import Problem, Task, choice, number, ranges
from benchmarks.external.redrawn import expected_score
from benchmarks.external.report import duel, failures, regrets
from benchmarks.external.results import read_runs
from benchmarks.external.run import SETTINGS, Run, play
from benchmarks.external.searchers import available

SQUARE = ranges([number("x", 0.0, 1.0)])


class Counting:
    """A searcher that records how many of its suggestions are in flight."""

    def __init__(self) -> None:
        self.asked = self.in_flight = 0
        self.overlaps: list[int] = []

    def ask(self) -> tuple[int, Mapping[str, Any]]:
        self.overlaps.append(self.in_flight)
        self.asked, self.in_flight = self.asked + 1, self.in_flight + 1
        return self.asked, {"x": 1.0 / self.asked}

    def report(self, _handle: int, _loss: float | None) -> None:
        self.in_flight -= 1


@pytest.mark.parametrize(
    ("setting", "overlaps"),
    [
        ("60 with 4", [0, 1, 2, *[3] * 57]),
        ("16 x 8", [*range(8)] * 16),
        ("100 with 10", [*range(9), *[9] * 91]),
    ],
)
def test_training_jobs_overlap_as_the_setting_says(setting: str, overlaps: list[int]) -> None:
    searcher = Counting()
    problem = Problem("line", "lines", SQUARE, lambda _seed: Task(lambda point, _: point["x"]))
    run = play("counting", lambda *_: searcher, problem, setting, 0)
    assert searcher.overlaps == overlaps
    assert len(run.losses) == SETTINGS[setting].trials


@pytest.mark.parametrize("setting", ["60 with 4", "16 x 8"])
def test_a_run_ends_when_all_points_have_been_tried(setting: str) -> None:
    letters = "abcdefghijk"
    problem = Problem(
        "letters",
        "small",
        ranges(categorical=[choice("x", *letters)]),
        lambda _seed: Task(lambda point, _: float(letters.index(point["x"]))),
    )
    run = play("ours", available()["ours"], problem, setting, 0)
    assert sorted(run.losses) == list(range(11))


def test_a_run_is_judged_by_the_truth_at_the_best_observed_point() -> None:
    def observe(point: Mapping[str, Any], trial: int) -> float:
        return {1: math.nan, 2: -5.0}.get(trial, float(point["x"]))

    task = Task(observe, truth=lambda point: float(point["x"]))
    run = play(
        "counting", lambda *_: Counting(), Problem("p", "f", SQUARE, lambda _seed: task), "60 with 4", 0
    )
    assert run.losses[:2] == [None, -5.0]
    assert run.score == 0.5


def one(searcher: str, seed: int, score: float | None, floor: float | None = None) -> Run:
    return Run(searcher, "p", "failing", "60 with 4", seed, [score, None], score, floor, 0.0)


def test_random_search_has_a_regret_of_1_and_the_floor_0() -> None:
    runs = [one("random", 0, 5.0, 1.0), one("ours", 0, 2.0, 1.0), one("rival", 0, 1.0, 1.0)]
    assert regrets(runs)["p", "60 with 4", 0] == {"random": 1.0, "ours": 0.25, "rival": 0.0}


def test_without_a_known_floor_the_lowest_score_is_the_floor() -> None:
    runs = [one("random", 0, 5.0), one("ours", 0, 2.0), one("rival", 0, 3.0), one("failed", 0, None)]
    table = regrets(runs)["p", "60 with 4", 0]
    assert table["ours"] == 0.0
    assert table["rival"] == pytest.approx(1 / 3)
    assert table["failed"] > 1.0


def test_a_difference_of_less_than_a_thousandth_is_a_tie() -> None:
    scores = [(1.0, 2.0), (2.0, 1.0), (1.0, 1.002), (1.0, 1.0)]
    runs = [one("random", seed, 11.0, 1.0) for seed in range(4)]
    runs += [one("ours", seed, ours, 1.0) for seed, (ours, _) in enumerate(scores)]
    runs += [one("rival", seed, rival, 1.0) for seed, (_, rival) in enumerate(scores)]
    table = regrets(runs)
    assert duel(table, "ours", "rival", table) == (1, 1, 2)


def test_the_share_of_failed_training_jobs_is_that_of_the_later_half() -> None:
    assert failures([one("ours", 0, 1.0), one("ours", 1, 2.0)]) == "ours: 1.00"


def late(searcher: str, *losses: float | None, seed: int = 0) -> Run:
    """Return a run whose best loss is 0 and comes early, and that ends with the losses given, repeated."""
    cycle = losses * LATE
    ended = [0.0, *[50.0] * 35, *cycle[:LATE]]
    return Run(searcher, "p", "f", "60 with 4", seed, ended, 0.0, None, 0.0)


def uniform(seed: int = 0) -> Run:
    """Return a random search whose median loss is 100, so that losses up to 5 are near a best of 0."""
    return Run("random", "p", "f", "60 with 4", seed, [None, 0.0, 100.0, 300.0], 0.0, None, 0.0)


@pytest.mark.parametrize(
    ("losses", "share"),
    [((5.0,), 1.0), ((5.1,), 0.0), ((1.0, 6.0, 6.0, None), 0.25), ((None,), 0.0)],
)
def test_the_unit_of_what_is_near_is_the_way_to_random_searchs_median_loss(
    losses: tuple[float | None, ...], share: float
) -> None:
    assert near(late("ours", *losses), uniform()) == share


def test_a_run_is_blind_where_the_judge_ends_near_its_best_and_the_run_does_not() -> None:
    runs = [
        uniform(0),
        uniform(1),
        late("optuna TPE", 1.0, 60.0, 60.0, 60.0),
        late("ours", 60.0, 60.0, 1.0, 60.0, 60.0),
        late("other", 1.0, 60.0),
        late("optuna TPE", 60.0, seed=1),  # not judged: TPE's are not near either
        late("ours", 60.0, seed=1),
    ]
    counts = blind(runs)
    assert counts["ours"] == (1, [("p", 0)])
    assert counts["other"] == (1, [])
    assert "ours: 1 of 1 blind p 0" in blindness(runs)


def test_a_run_without_random_search_or_the_judge_is_not_judged() -> None:
    assert blind([late("ours", 60.0), late("optuna TPE", 1.0)]) == {}
    assert blind([late("ours", 60.0), uniform()]) == {}


def test_a_run_of_which_only_the_score_was_recorded_is_not_judged() -> None:
    recorded = replace(late("other", 1.0), losses=[], family="failing")
    assert set(blind([uniform(), late("optuna TPE", 1.0), late("ours", 1.0), recorded])) == {
        "random",
        "optuna TPE",
        "ours",
    }
    assert failures([recorded]) == ""


def test_what_is_recorded_of_rivals_can_be_read_as_results() -> None:
    runs = read_runs(Run, Path(external.__path__[0], "recorded.jsonl"))
    assert {run.searcher for run in runs.values()} == {"optuna GP", "SMAC3", "HEBO"}
    assert {run.setting for run in runs.values()} == {"60 with 4", "16 x 8", "100 with 10"}
    assert {run.seed for run in runs.values()} == {1000, 1001}
    assert len({run.problem for run in runs.values()}) == 31
    for run in runs.values():
        assert run.score is not None
        assert run.floor is None or run.score >= run.floor - 1e-3 * abs(run.floor)


def test_a_score_over_redrawn_noise_weighs_points_by_how_often_they_look_best() -> None:
    assert expected_score([3.0, 1.0, 2.0], 0.0) == 1.0
    assert expected_score([1.0, 1.0 + 1e-6], 1.0) == pytest.approx(1.0)
    assert 1.1 < expected_score([1.0, 2.0], 1.0) < 1.4  # the worse one wins in 24 of 100 draws
