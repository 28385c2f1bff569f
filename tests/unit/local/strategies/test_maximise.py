"""The search for the greatest acquisition."""

from __future__ import annotations

import numpy as np
import pytest

from airflow_hpt_provider.local.strategies.bayesian.maximise import WALKS, Box, maximise
from airflow_hpt_provider.local.strategies.parameters import Integer
from airflow_hpt_provider.local.strategies.space import SearchSpace


class Slope:
    """An acquisition that rises with the integer; counts how often rows are compared."""

    def __init__(self, rise: float) -> None:
        self.rise, self.calls = rise, 0

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        self.calls += 1
        return self.rise * rows[:, 0]

    def with_gradient(self, row: np.ndarray) -> tuple[float, np.ndarray]:
        return self.rise * float(row[0]), np.zeros(1)


@pytest.mark.parametrize(("rise", "walks"), [(1e5, WALKS), (1.0, 1)], ids=["steep", "flat"])
def test_a_walk_over_integers_ends_where_steps_gain_little(rise: float, walks: int) -> None:
    space = SearchSpace([Integer("n", 0, 1_000_000)])
    slope = Slope(rise)
    box = Box(np.array([0.5]), np.array([0.0]), np.array([0.5]))
    maximise(slope, space, box, np.random.default_rng(0))
    assert slope.calls == 2 + 2 * walks  # the sample and the ends of the climbs, and two comparisons a walk
