"""Learning curves: models of scikit-learn that train epoch by epoch, over the spaces that others search.

The spaces are auto-sklearn's (``sgd``, ``mlp``, ``gradient_boosting``) and Bayesmark's (``MLP-adam``), with every
hyperparameter that changes a model trained by epochs. The loss of an epoch is that on validation data: the error
rate of a classifier, or a regressor's mean squared error over the target's variance. The seed draws the split and
the weights.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from benchmarks.external.problem import Point, Ranges, choice, log, number, ranges

FULL = 27
"""Number of epochs of a training job that runs in full."""
TREES = 3
"""Number of trees that gradient boosting adds in an epoch."""
ROWS = 450
"""Maximum number of rows of a data set. Half of them are validation data."""

Data = tuple[np.ndarray, np.ndarray]
Fit = Callable[[Point, int, Data], Callable[[], Any]]
"""A point, a seed and the training data -> a function that trains one more epoch and returns the model."""

SGD_NUMBERS = [
    log("alpha", 1e-7, 1e-1),
    log("l1_ratio", 1e-9, 1.0),
    log("epsilon", 1e-5, 1e-1),
    log("eta0", 1e-7, 1e-1),
    number("power_t", 1e-5, 1.0),
]
SGD_CHOICES = [
    choice("penalty", "l1", "l2", "elasticnet"),
    choice("learning_rate", "optimal", "invscaling", "constant"),
    choice("average", "False", "True"),
]
SGD = ranges(
    SGD_NUMBERS,
    [],
    [choice("loss", "hinge", "log_loss", "modified_huber", "squared_hinge", "perceptron"), *SGD_CHOICES],
)
SGD_REGRESSOR = ranges(
    SGD_NUMBERS,
    [],
    [
        choice("loss", "squared_error", "huber", "epsilon_insensitive", "squared_epsilon_insensitive"),
        *SGD_CHOICES,
    ],
)
MLP = ranges(
    [log("alpha", 1e-7, 1e-1), log("learning_rate_init", 1e-4, 0.5)],
    [number("hidden_layer_depth", 1, 3), number("num_nodes_per_layer", 16, 264, "Logarithmic")],
    [choice("activation", "tanh", "relu")],
)
MLP_ADAM = ranges(
    [
        log("alpha", 1e-5, 1e1),
        log("learning_rate_init", 1e-5, 1e-1),
        number("beta_1", 0.5, 0.99),
        number("beta_2", 0.9, 1 - 1e-6),
        log("epsilon", 1e-9, 1e-6),
    ],
    [number("hidden_layer_sizes", 50, 200), number("batch_size", 10, 250)],
)
BOOSTING = ranges(
    [log("learning_rate", 0.01, 1.0), number("subsample", 0.01, 1.0), number("max_features", 0.5, 5.0)],
    [number("max_depth", 1, 10), number("min_samples_split", 2, 20), number("min_samples_leaf", 1, 20)],
)


def _sgd(classifies: bool) -> Fit:
    def fit(point: Point, seed: int, data: Data) -> Callable[[], Any]:
        from sklearn.linear_model import SGDClassifier, SGDRegressor

        kind: Any = SGDClassifier if classifies else SGDRegressor
        model = kind(**{**point, "average": point["average"] == "True"}, random_state=seed)
        return _partial_fit(model, data, classifies)

    return fit


def _mlp(classifies: bool) -> Fit:
    def fit(point: Point, seed: int, data: Data) -> Callable[[], Any]:
        from sklearn.neural_network import MLPClassifier, MLPRegressor

        kind: Any = MLPClassifier if classifies else MLPRegressor
        arguments = dict(point)
        if "hidden_layer_depth" in arguments:
            depth = arguments.pop("hidden_layer_depth")
            arguments["hidden_layer_sizes"] = (arguments.pop("num_nodes_per_layer"),) * depth
        return _partial_fit(kind(**arguments, random_state=seed), data, classifies)

    return fit


def _partial_fit(model: Any, data: Data, classifies: bool) -> Callable[[], Any]:
    columns, target = data
    more = {"classes": np.unique(target)} if classifies else {}
    return lambda: model.partial_fit(columns, target, **more)


def _boosting(classifies: bool) -> Fit:
    def fit(point: Point, seed: int, data: Data) -> Callable[[], Any]:
        from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

        width = data[0].shape[1]
        features = int(point["max_features"] * (math.log(width) + 1))  # as auto-sklearn has it
        arguments = {**point, "max_features": max(1, min(width // 2, features))}
        kind: Any = GradientBoostingClassifier if classifies else GradientBoostingRegressor
        model = kind(**arguments, n_estimators=0, warm_start=True, random_state=seed)

        def epoch() -> Any:
            model.n_estimators += TREES
            return model.fit(*data)

        return epoch

    return fit


MODELS: Mapping[str, tuple[Fit, Ranges, bool]] = {
    "sgd": (_sgd(True), SGD, True),
    "sgd-regressor": (_sgd(False), SGD_REGRESSOR, False),
    "mlp": (_mlp(True), MLP, True),
    "mlp-regressor": (_mlp(False), MLP, False),
    "mlp-adam": (_mlp(True), MLP_ADAM, True),
    "mlp-adam-regressor": (_mlp(False), MLP_ADAM, False),
    "boosting": (_boosting(True), BOOSTING, True),
    "boosting-regressor": (_boosting(False), BOOSTING, False),
}
"""By name: how to train the model of a point, its space, and whether it classifies."""


@dataclass(frozen=True)
class Curves:
    """A problem: its name, the API's ParameterRanges, and (seed, point) -> the losses of its epochs.

    A loss is not a number from the epoch on in which the model has diverged.
    """

    name: str
    ranges: Ranges
    train: Callable[[int, Point], Iterator[float]]


@cache
def _data(name: str) -> Data:
    from sklearn import datasets

    made: dict[str, Callable[[], Data]] = {
        "friedman": lambda: datasets.make_friedman1(ROWS, noise=1.0, random_state=0),
        "friedman3": lambda: datasets.make_friedman3(ROWS, noise=0.1, random_state=0),
        "clusters": lambda: datasets.make_classification(
            ROWS, 20, n_informative=6, n_classes=5, flip_y=0.05, random_state=0
        ),
        "quantiles": lambda: datasets.make_gaussian_quantiles(
            n_samples=ROWS, n_features=6, n_classes=4, random_state=0
        ),
    }
    load = made.get(name) or (lambda: getattr(datasets, f"load_{name}")(return_X_y=True))
    columns, target = load()
    kept = np.random.default_rng(0).permutation(len(target))[:ROWS]
    columns, target = columns[kept], target[kept]
    return (columns - columns.mean(axis=0)) / (columns.std(axis=0) + 1e-12), target


def curves(model: str, data: str) -> Curves:
    """Return the learning curves of a model of ``MODELS`` on a data set of scikit-learn."""
    fit, space, classifies = MODELS[model]

    def train(seed: int, point: Point) -> Iterator[float]:
        columns, target = _data(data)
        if not classifies:
            target = (target - target.mean()) / target.std()
        order = np.random.default_rng(seed).permutation(len(target))
        held, used = order[: len(order) // 2], order[len(order) // 2 :]
        epoch = fit(point, seed, (columns[used], target[used]))
        loss = 0.0
        for _ in range(FULL):
            if math.isfinite(loss):
                loss = _loss(epoch, (columns[held], target[held]), classifies=classifies)
            yield loss

    return Curves(f"{model}-{data}", space, train)


def _loss(epoch: Callable[[], Any], held: Data, *, classifies: bool) -> float:
    columns, target = held
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            predicted = epoch().predict(columns)
        except ValueError:  # the weights are not finite any more
            return math.nan
        loss = float(np.mean(predicted != target if classifies else (predicted - target) ** 2))
    return loss if math.isfinite(loss) else math.nan


CHOOSE_SEED, REPORT_SEED = 0, 1000
"""The first seed of each set."""
SETS = {
    "choose": (
        [
            curves("sgd", "breast_cancer"),
            curves("mlp", "clusters"),
            curves("mlp-adam", "digits"),
            curves("mlp-adam-regressor", "diabetes"),
            curves("boosting-regressor", "friedman"),
            curves("sgd-regressor", "friedman"),
        ],
        CHOOSE_SEED,
    ),
    "report": (
        [
            curves("sgd", "clusters"),
            curves("sgd-regressor", "diabetes"),
            curves("mlp", "digits"),
            curves("mlp-adam", "quantiles"),
            curves("mlp-regressor", "friedman3"),
            curves("boosting", "breast_cancer"),
            curves("boosting-regressor", "diabetes"),
        ],
        REPORT_SEED,
    ),
}
"""Problems and first seed by set: changes are chosen on the one and reported on the other."""
