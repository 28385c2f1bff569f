"""What Hyperband's search makes of warm-start parents' trials."""

from __future__ import annotations

import statistics

from airflow_hpt_provider.local.strategies import make_strategy
from airflow_hpt_provider.local.strategies.contract import Outcome, Trial
from tests.unit.local.strategies.search_cases import Ranges, context, continuous, play

SQUARE: Ranges = {"ContinuousParameterRanges": [continuous("x", 0, 1), continuous("y", 0, 1)]}


def bowl(point):
    return (point["x"] - 0.3) ** 2 + (point["y"] - 0.7) ** 2


def parents():
    """25 trials on a grid, run in full: their last value is the bowl's."""
    points = [{"x": x / 4, "y": y / 4} for x in range(5) for y in range(5)]
    return [
        Trial(
            -number,
            point,
            Outcome.SUCCEEDED,
            bowl(point),
            curve=tuple((step, bowl(point) + 1 / step - 1 / 9) for step in range(1, 10)),
            parent="last-week",
        )
        for number, point in enumerate(points, 1)
    ]


def tried(kind, history):
    search = make_strategy(context("Hyperband", SQUARE, options={"warm_start_type": kind}))
    outcome = lambda suggestion, number: (Outcome.SUCCEEDED, bowl(suggestion.point))  # noqa: E731
    return [trial for trial in play(search, 6, outcome, history=history) if trial.number > 0]


def test_parents_of_the_same_task_replace_the_initial_design():
    cold = tried("IdenticalDataAndAlgorithm", [])
    warm = tried("IdenticalDataAndAlgorithm", parents())
    mean = [statistics.fmean(bowl(trial.point) for trial in trials) for trials in (warm, cold)]
    assert mean[0] < mean[1]
    assert min(bowl(trial.point) for trial in warm) < 0.02


def test_parents_of_another_task_are_left_out():
    points = [[trial.point for trial in tried("TransferLearning", history)] for history in ([], parents())]
    assert points[0] == points[1]
