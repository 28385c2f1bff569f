"""What is searched: test functions and real models, each with its ranges in the API's form."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

Point = Mapping[str, Any]
Ranges = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Problem:
    """Something to minimise.

    Attributes:
        name: short.
        ranges: the API's ParameterRanges.
        make: seed -> the loss of a point; the seed moves the optimum where the problem has none of its own.
        optimum: the lowest loss, from which regret counts; None if it is unknown: then from the lowest that
            any run of any searcher has reached.
    """

    name: str
    ranges: Ranges
    make: Callable[[int], Callable[[Point], float]]
    optimum: float | None = 0.0


def continuous(name: str, low: float, high: float, scaling: str = "Linear") -> dict[str, Any]:
    return {"Name": name, "MinValue": repr(low), "MaxValue": repr(high), "ScalingType": scaling}


integer = continuous


def box(dimensions: int, low: float, high: float) -> Ranges:
    return {"ContinuousParameterRanges": [continuous(f"x{i}", low, high) for i in range(dimensions)]}


def vector(point: Point, dimensions: int) -> np.ndarray:
    return np.array([point[f"x{i}"] for i in range(dimensions)])


def branin(_seed: int) -> Callable[[Point], float]:
    def loss(point: Point) -> float:
        x, y = vector(point, 2)
        bowl = (y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6) ** 2
        return bowl + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10

    return loss


HARTMANN_A = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
HARTMANN_P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann6(_seed: int) -> Callable[[Point], float]:
    def loss(point: Point) -> float:
        inner = (HARTMANN_A * (vector(point, 6) - HARTMANN_P) ** 2).sum(axis=1)
        return -float(np.array([1.0, 1.2, 3.0, 3.2]) @ np.exp(-inner))

    return loss


def ackley10(seed: int) -> Callable[[Point], float]:
    # Moved off the middle, where some searchers start.
    optimum = np.random.default_rng([10, seed]).uniform(-16, 16, size=10)

    def loss(point: Point) -> float:
        x = vector(point, 10) - optimum
        flat = -20 * math.exp(-0.2 * math.sqrt(float((x**2).mean())))
        return flat - math.exp(float(np.cos(2 * math.pi * x).mean())) + 20 + math.e

    return loss


def rosenbrock(x: np.ndarray) -> float:
    return float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum())


ROSEN5: Ranges = {
    "ContinuousParameterRanges": [
        *(continuous(f"x{i}", -2.0, 2.0) for i in range(3)),
        *(continuous(f"x{i}", 0.01, 10.0, "Logarithmic") for i in (3, 4)),
    ]
}


def rosen5(_seed: int) -> Callable[[Point], float]:
    return lambda point: rosenbrock(vector(point, 5))


MIXED: Ranges = {
    "ContinuousParameterRanges": [
        continuous("rate", 1e-5, 1.0, "Logarithmic"),
        continuous("decay", 1e-6, 1e-1, "Auto"),
        continuous("drop", 0.0, 0.8),
    ],
    "IntegerParameterRanges": [integer("depth", 1, 12), integer("width", 8, 1024, "Logarithmic")],
    "CategoricalParameterRanges": [
        {"Name": "optimizer", "Values": ["sgd", "adam", "adamw", "rmsprop"]},
        {"Name": "norm", "Values": ["none", "batch"]},
    ],
}


def mixed(_seed: int) -> Callable[[Point], float]:
    """Return a network's loss as one might draw it: the best rate depends on the optimizer, the best width on depth."""
    best_rate = {"sgd": -1.0, "adam": -3.0, "adamw": -2.7, "rmsprop": -3.3}
    floor = {"sgd": 0.3, "adam": 0.1, "adamw": 0.0, "rmsprop": 0.4}

    def loss(point: Point) -> float:
        optimizer = point["optimizer"]
        rate = math.log10(point["rate"]) - best_rate[optimizer]
        width = math.log2(point["width"]) - (9 - 0.25 * (point["depth"] - 6))
        depth = (point["depth"] - 6) / 4
        regular = math.log10(point["decay"]) + 4 + 2 * (point["drop"] - 0.3)
        norm = 0.25 + 0.2 * abs(rate) if point["norm"] == "none" else 0.0
        return (
            floor[optimizer] + 0.5 * rate**2 + 0.15 * width**2 + 0.4 * depth**2 + 0.2 * regular**2
            + (point["drop"] - 0.3) ** 2 + norm
        )  # fmt: skip

    return loss


MOMENTUM: Ranges = {
    "ContinuousParameterRanges": [
        continuous("momentum", 0.0, 0.9999, "ReverseLogarithmic"),
        continuous("rate", 1e-4, 1.0, "Logarithmic"),
        continuous("averaging", 0.5, 0.9999, "ReverseLogarithmic"),
    ]
}


def momentum(_seed: int) -> Callable[[Point], float]:
    """Really runs 300 steps of noisy gradient descent with momentum and weight averaging; loss in log10."""
    rng = np.random.default_rng([7, 0])
    curvature = np.logspace(-2.5, 0, 20)
    noise = rng.normal(size=(300, 20)) * 0.03

    def loss(point: Point) -> float:
        weights, speed, average = np.ones(20), np.zeros(20), np.ones(20)
        for gust in noise:
            speed = point["momentum"] * speed - point["rate"] * (curvature * weights + gust)
            weights = np.clip(weights + speed, -1e6, 1e6)
            average = point["averaging"] * average + (1 - point["averaging"]) * weights
        return math.log10(float(curvature @ average**2) + 1e-12)

    return loss


BOOSTING: Ranges = {
    "ContinuousParameterRanges": [
        continuous("learning_rate", 0.005, 0.5, "Logarithmic"),
        continuous("l2_regularization", 1e-4, 100.0, "Logarithmic"),
        continuous("max_features", 0.2, 1.0),
    ],
    "IntegerParameterRanges": [
        integer("max_iter", 5, 60, "Logarithmic"),
        integer("max_leaf_nodes", 2, 32, "Logarithmic"),
        integer("min_samples_leaf", 2, 80),
    ],
    "CategoricalParameterRanges": [{"Name": "loss", "Values": ["squared_error", "absolute_error", "gamma"]}],
}


@lru_cache(maxsize=4096)
def _cross_validated(model: str, arguments: tuple[tuple[str, Any], ...]) -> float:
    from sklearn.datasets import load_diabetes
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.model_selection import KFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVR

    inputs, target = load_diabetes(return_X_y=True)
    if model == "boosting":
        estimator = HistGradientBoostingRegressor(**dict(arguments), early_stopping=False, random_state=0)
    else:
        estimator = make_pipeline(StandardScaler(), SVR(**dict(arguments)))
    folds = KFold(2, shuffle=True, random_state=0)
    scores = cross_val_score(estimator, inputs, target, cv=folds, scoring="neg_root_mean_squared_error")
    return -float(scores.mean())


def boosting(_seed: int) -> Callable[[Point], float]:
    """Root mean squared error of HistGradientBoostingRegressor on scikit-learn's diabetes data, 2 folds."""
    return lambda point: _cross_validated("boosting", tuple(sorted(point.items())))


SVR_RANGES: Ranges = {
    "ContinuousParameterRanges": [
        continuous("C", 1e-2, 1e4, "Logarithmic"),
        continuous("gamma", 1e-5, 10.0, "Logarithmic"),
        continuous("epsilon", 1e-2, 100.0, "Logarithmic"),
    ],
    "CategoricalParameterRanges": [{"Name": "kernel", "Values": ["rbf", "sigmoid", "linear"]}],
}


def svr(_seed: int) -> Callable[[Point], float]:
    """Root mean squared error of a support vector regression on the same data."""
    return lambda point: _cross_validated("svr", tuple(sorted(point.items())))


def levy6(_seed: int) -> Callable[[Point], float]:
    def loss(point: Point) -> float:
        w = 1 + (vector(point, 6) - 1) / 4
        middle = ((w[:-1] - 1) ** 2 * (1 + 10 * np.sin(math.pi * w[:-1] + 1) ** 2)).sum()
        end = (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)
        return float(math.sin(math.pi * w[0]) ** 2 + middle + end)

    return loss


def michalewicz5(_seed: int) -> Callable[[Point], float]:
    def loss(point: Point) -> float:
        x = vector(point, 5)
        return -float((np.sin(x) * np.sin(np.arange(1, 6) * x**2 / math.pi) ** 20).sum())

    return loss


def styblinski5(_seed: int) -> Callable[[Point], float]:
    def loss(point: Point) -> float:
        x = vector(point, 5)
        return float((x**4 - 16 * x**2 + 5 * x).sum() / 2)

    return loss


PROBLEMS = {
    problem.name: problem
    for problem in (
        Problem(
            "branin",
            {"ContinuousParameterRanges": [continuous("x0", -5.0, 10.0), continuous("x1", 0.0, 15.0)]},
            branin,
            0.39788735772973816,
        ),
        Problem("hartmann6", box(6, 0.0, 1.0), hartmann6, -3.322368011415515),
        Problem("ackley10", box(10, -32.768, 32.768), ackley10),
        Problem("rosen5", ROSEN5, rosen5),
        Problem("mixed", MIXED, mixed),
        Problem("momentum", MOMENTUM, momentum, None),
        Problem("boosting", BOOSTING, boosting, None),
    )
}
HELD_OUT = {
    problem.name: problem
    for problem in (
        Problem("levy6", box(6, -10.0, 10.0), levy6),
        Problem("michalewicz5", box(5, 0.0, math.pi), michalewicz5, -4.687658),
        Problem("styblinski5", box(5, -5.0, 5.0), styblinski5, -195.830828518),
        Problem("svr", SVR_RANGES, svr, None),
    )
}
