"""The other libraries of the benchmark on problems of others: those that are installed search every kind of range."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest

from benchmarks.external.problem import Problem, Task, choice, log, number, ranges
from benchmarks.external.run import play
from benchmarks.external.searchers import RIVALS, available

EVERY = ranges(
    [number("x", -1.0, 2.0), log("rate", 1e-5, 1e-1), number("decay", 0.9, 0.999, "ReverseLogarithmic")],
    [number("layers", 1, 4), log("units", 8, 512)],
    [choice("kernel", "rbf", "poly", "linear")],
)
LIMITS = {"x": (-1.0, 2.0), "rate": (1e-5, 1e-1), "decay": (0.9, 0.999), "layers": (1, 4), "units": (8, 512)}


@pytest.mark.filterwarnings("ignore")  # the libraries' own
@pytest.mark.parametrize("setting", ["20 with 4", "16 x 8"])
@pytest.mark.parametrize("name", RIVALS)
def test_a_rival_searches_every_kind_of_range_and_survives_failed_training_jobs(
    name: str, setting: str
) -> None:
    factories = available()
    if name not in factories:
        pytest.skip(f"{name} is not installed")
    seen: list[Mapping[str, Any]] = []

    def observe(point: Mapping[str, Any], trial: int) -> float:
        seen.append(point)
        return math.nan if trial % 5 == 1 else (point["x"] - 1) ** 2 + abs(math.log(point["rate"]) + 7)

    run = play(name, factories[name], Problem("every", "f", EVERY, lambda _seed: Task(observe)), setting, 3)
    assert len(run.losses) == len(seen)
    for point in seen:
        assert point.keys() == LIMITS.keys() | {"kernel"}
        assert all(low <= point[each] <= high for each, (low, high) in LIMITS.items())
        assert isinstance(point["units"], int)
        assert isinstance(point["layers"], int)
        assert point["kernel"] in ("rbf", "poly", "linear")
    # A uniform search of logarithmic ranges has about half of its points on either side of their middle.
    for each, middle in (("rate", 1e-3), ("units", 64), ("decay", 0.99)):
        assert any(point[each] < middle for point in seen)
        assert any(point[each] > middle for point in seen)
    assert {point["kernel"] for point in seen} == {"rbf", "poly", "linear"}
