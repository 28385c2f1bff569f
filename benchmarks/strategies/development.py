"""Problems with categorical and integer hyperparameters to try changes on: those of the record stay out of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from benchmarks.strategies.problems import Point, Problem, Ranges, continuous, integer

CATEGORIES: Ranges = {
    "ContinuousParameterRanges": [continuous("a", 0.0, 1.0), continuous("b", 1e-4, 1.0, "Logarithmic")],
    "IntegerParameterRanges": [integer("i", 1, 20), integer("j", 1, 256, "Logarithmic")],
    "CategoricalParameterRanges": [
        {"Name": "p", "Values": list("uvwxy")},
        {"Name": "q", "Values": list("uvw")},
        {"Name": "r", "Values": list("uv")},
    ],
}


def categories(seed: int) -> Callable[[Point], float]:
    """Every category has an offset and a best numeric value of its own, unlike any other's."""
    rng = np.random.default_rng([3, seed])
    offsets = [rng.uniform(0, width, count) for width, count in ((1, 5), (0.6, 3), (0.4, 2))]
    best_a, best_b = rng.uniform(0, 1, 5), rng.uniform(-4, 0, 3)
    best_i, best_j = round(rng.uniform(1, 20)), math.log2(max(1, round(2 ** rng.uniform(0, 8))))

    def loss(point: Point) -> float:
        p, q, r = places = ["uvwxy".index(point[name]) for name in "pqr"]
        offset = sum(each[place] - each.min() for each, place in zip(offsets, places, strict=True))
        numeric = 2 * (point["a"] - best_a[p]) ** 2 + 0.15 * (math.log10(point["b"]) - best_b[q]) ** 2
        whole = ((point["i"] - best_i) / 8) ** 2 + 0.05 * (1 + r) * (math.log2(point["j"]) - best_j) ** 2
        return float(offset + numeric + whole)

    return loss


TREE: Ranges = {
    "ContinuousParameterRanges": [
        continuous("max_features", 0.1, 1.0),
        continuous("min_impurity_decrease", 1e-4, 100.0, "Logarithmic"),
    ],
    "IntegerParameterRanges": [
        integer("max_depth", 1, 16),
        integer("min_samples_leaf", 1, 50, "Logarithmic"),
        integer("min_samples_split", 2, 60, "Logarithmic"),
    ],
    "CategoricalParameterRanges": [
        {"Name": "criterion", "Values": ["squared_error", "friedman_mse", "absolute_error"]},
        {"Name": "splitter", "Values": ["best", "random"]},
    ],
}


@lru_cache(maxsize=4096)
def _tree(arguments: tuple[tuple[str, Any], ...]) -> float:
    from sklearn.datasets import load_diabetes
    from sklearn.model_selection import KFold, cross_val_score
    from sklearn.tree import DecisionTreeRegressor

    inputs, target = load_diabetes(return_X_y=True)
    model = DecisionTreeRegressor(**dict(arguments), random_state=0)
    scores = [
        cross_val_score(model, inputs, target, cv=folds, scoring="neg_mean_squared_error")
        for folds in (KFold(3, shuffle=True, random_state=seed) for seed in range(2))
    ]
    return math.sqrt(-float(np.mean(scores)))


def tree(_seed: int) -> Callable[[Point], float]:
    """Root mean squared error of a regression tree on scikit-learn's diabetes data, twice 3 folds."""
    return lambda point: _tree(tuple(sorted(point.items())))


LINEAR: Ranges = {
    "ContinuousParameterRanges": [
        continuous("alpha", 1e-6, 1.0, "Logarithmic"),
        continuous("eta0", 1e-4, 10.0, "Logarithmic"),
        continuous("l1_ratio", 0.0, 1.0),
    ],
    "IntegerParameterRanges": [integer("max_iter", 1, 20, "Logarithmic")],
    "CategoricalParameterRanges": [
        {"Name": "loss", "Values": ["hinge", "log_loss", "modified_huber"]},
        {"Name": "penalty", "Values": ["l2", "l1", "elasticnet"]},
        {"Name": "learning_rate", "Values": ["constant", "optimal", "adaptive"]},
    ],
}


@lru_cache(maxsize=4096)
def _linear(arguments: tuple[tuple[str, Any], ...]) -> float:
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import SGDClassifier
    from sklearn.preprocessing import StandardScaler

    inputs, target = load_breast_cancer(return_X_y=True)
    inputs = StandardScaler().fit_transform(inputs)
    first, second = np.array_split(np.random.default_rng(0).permutation(len(target)), [len(target) // 2])
    total = 0.0
    for seen, held in ((first, second), (second, first)):
        model = SGDClassifier(**dict(arguments), random_state=0, tol=None).fit(inputs[seen], target[seen])
        margin = np.where(target[held] == 1, 1, -1) * model.decision_function(inputs[held])
        total += float(np.log1p(np.exp(np.clip(-margin, -50, 50))).mean())
    return math.log10(total / 2 + 1e-6)


def linear(_seed: int) -> Callable[[Point], float]:
    """Log loss, in log10, of a linear classifier by stochastic gradient descent on the breast cancer data, 2 halves."""
    return lambda point: _linear(tuple(sorted(point.items())))


DEVELOPMENT = {
    problem.name: problem
    for problem in (
        Problem("categories", CATEGORIES, categories),
        Problem("tree", TREE, tree, None),
        Problem("linear", LINEAR, linear, None),
    )
}
