"""COCO's functions (Hansen et al., "COCO: a Platform for Comparing Continuous Optimizers", 2021), by coco-experiment.

bbob has 24 functions of numbers, bbob-mixint the same with integers. The seed is the instance, which moves and
rotates the function. On top of these: noise, a half of the space where training fails, and warm-start parents.
"""

from __future__ import annotations

import contextlib
import math
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.external.problem import Parent, Point, Problem, Ranges, Task, number, ranges

PARENT_TRIALS = 25
NOISE = 0.1
"""Standard deviation of the noise, as a share of the interquartile range of the losses of random points."""


def _load(suite: str, function: int, dimension: int, instance: int) -> Any:
    import cocoex

    filters = f"dimensions:{dimension} function_indices:{function}"
    return cocoex.Suite(suite, f"instances:{instance}", filters)[0]


def _ranges(suite: str, function: int, dimension: int) -> Ranges:
    problem = _load(suite, function, dimension, 1)
    integers = problem.number_of_integer_variables
    bounds = list(zip(problem.lower_bounds, problem.upper_bounds, strict=True))
    return ranges(
        [number(f"x{i}", float(low), float(high)) for i, (low, high) in enumerate(bounds) if i >= integers],
        [number(f"x{i}", int(low), int(high)) for i, (low, high) in enumerate(bounds) if i < integers],
    )


def _lowest(problem: Any) -> float:
    """Return the lowest loss: coco-experiment writes the best point into a file of the working directory."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        problem._best_parameter("print")
        (written,) = Path(folder).iterdir()
        return float(problem([float(word) for word in written.read_text().split()]))


def _vector(point: Point) -> np.ndarray:
    return np.array([float(point[f"x{i}"]) for i in range(len(point))])


def coco(function: int, dimension: int, suite: str = "bbob", family: str | None = None) -> Problem:
    """Return a problem of a suite as it is."""

    def make(seed: int) -> Task:
        problem = _load(suite, function, dimension, 1 + seed)
        return Task(lambda point, _: float(problem(_vector(point))), floor=_lowest(problem))

    name = f"{suite}-f{function}-{dimension}"
    return Problem(name, family or f"{suite} {dimension}-D", _ranges(suite, function, dimension), make)


def mixint(function: int, dimension: int) -> Problem:
    """Return a problem with integers; a fifth of the variables are continuous."""
    return coco(function, dimension, "bbob-mixint", "bbob-mixint")


def _random_points(problem: Problem, seed: int, count: int) -> list[Point]:
    rng = np.random.default_rng([17, seed])
    columns = {
        item["Name"]: (float(item["MinValue"]), float(item["MaxValue"]), kind)
        for kind in ("ContinuousParameterRanges", "IntegerParameterRanges")
        for item in problem.ranges[kind]
    }
    points: list[Point] = []
    for _ in range(count):
        point: dict[str, float] = {}
        for name, (low, high, kind) in columns.items():
            point[name] = (
                float(rng.uniform(low, high)) if kind[0] == "C" else int(rng.integers(low, high + 1))
            )
        points.append(point)
    return points


def deviation(base: Problem, seed: int) -> float:
    """Return the standard deviation of the noise on a problem."""
    task = base.make(seed)
    losses = [task.observe(point, 0) for point in _random_points(base, seed, 200)]
    lower, upper = np.percentile(losses, [25, 75])
    return NOISE * float(upper - lower)


def noise(seed: int, trial: int) -> float:
    """Return the noise of a training job, over the standard deviation."""
    return float(np.random.default_rng([seed, trial]).normal())


def noisy(function: int, dimension: int) -> Problem:
    """Return a problem whose losses are noisy; runs are judged without noise."""
    base = coco(function, dimension)

    def make(seed: int) -> Task:
        task, size = base.make(seed), deviation(base, seed)

        def observe(point: Point, trial: int) -> float:
            return task.observe(point, trial) + size * noise(seed, trial)

        return replace(task, observe=observe, truth=lambda point: task.observe(point, 0))

    return Problem(f"noisy-f{function}-{dimension}", "noisy", base.ranges, make)


def failing(function: int, dimension: int) -> Problem:
    """Return a problem where training fails on one side of a plane, where most of the better random points are."""
    base = coco(function, dimension)

    def make(seed: int) -> Task:
        task = base.make(seed)
        direction = np.random.default_rng([23, seed]).normal(size=dimension)
        losses = [
            (task.observe(point, 0), _vector(point) @ direction) for point in _random_points(base, seed, 50)
        ]
        # The better half of random points mostly fails: the model must learn what it cannot have.
        side = 1.0 if np.corrcoef(np.array(losses).T)[0, 1] < 0 else -1.0

        def observe(point: Point, trial: int) -> float:
            return math.nan if side * (_vector(point) @ direction) > 0 else task.observe(point, trial)

        return replace(task, observe=observe, floor=None)

    return Problem(f"failing-f{function}-{dimension}", "failing", base.ranges, make)


def _shifted(base: Task) -> Callable[[Point], float]:
    return lambda point: base.observe({name: 0.9 * value + 0.3 for name, value in point.items()}, 0)


def warm(function: int, dimension: int, kind: str) -> Problem:
    """Return a problem with a parent of 25 random training jobs.

    Args:
        function, dimension: of bbob.
        kind: ``same``, ``scaled`` (losses times 10, plus 7), ``shifted`` (the optimum is elsewhere, near),
            ``inverted``, ``noise`` (losses in random order) or ``other`` (another instance of the function).
    """
    base = coco(function, dimension)

    def make(seed: int) -> Task:
        task = base.make(seed)
        points = _random_points(base, seed, PARENT_TRIALS)
        losses = np.array([task.observe(point, 0) for point in points])
        match kind:
            case "scaled":
                losses = 10 * losses + 7
            case "shifted":
                losses = np.array([_shifted(task)(point) for point in points])
            case "inverted":
                losses = -losses
            case "noise":
                losses = np.random.default_rng([29, seed]).permutation(losses)
            case "other":
                losses = np.array([base.make(seed + 5000).observe(point, 0) for point in points])
        return replace(task, parents=[Parent(p, float(loss)) for p, loss in zip(points, losses, strict=True)])

    return Problem(f"warm-f{function}-{dimension}-{kind}", f"warm: {kind}", base.ranges, make)
