"""scikit-learn's models on its data sets, over the spaces that auto-sklearn and Bayesmark search.

Names, types and ranges are those of auto-sklearn's ``pipeline/components`` and of Bayesmark's ``sklearn_funcs.py``.
Where Bayesmark scales by logit, the range is linear here: the API has no logit. auto-sklearn's conditional
hyperparameters are always searched, as the API has no conditions. The seed draws the split of the data.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.external.problem import Point, Problem, Ranges, Task, choice, log, number, ranges

FOLDS = 3
TRUTH_SPLITS = 6
"""Number of splits whose mean is the truth where every training job draws a split."""

SGD = ranges(
    [
        log("alpha", 1e-7, 1e-1),
        log("l1_ratio", 1e-9, 1.0),
        log("tol", 1e-5, 1e-1),
        log("epsilon", 1e-5, 1e-1),
        log("eta0", 1e-7, 1e-1),
        number("power_t", 1e-5, 1.0),
    ],
    [],
    [
        choice("loss", "squared_error", "huber", "epsilon_insensitive", "squared_epsilon_insensitive"),
        choice("penalty", "l1", "l2", "elasticnet"),
        choice("learning_rate", "optimal", "invscaling", "constant"),
        choice("average", "False", "True"),
    ],
)
SVR = ranges(
    [
        log("C", 0.03125, 32768.0),
        log("epsilon", 0.001, 1.0),
        log("gamma", 3.0517578125e-05, 8.0),
        number("coef0", -1.0, 1.0),
        log("tol", 1e-5, 1e-1),
    ],
    [number("degree", 2, 5)],
    [choice("kernel", "linear", "poly", "rbf", "sigmoid"), choice("shrinking", "True", "False")],
)
SVC = ranges(
    [
        log("C", 0.03125, 32768.0),
        log("gamma", 3.0517578125e-05, 8.0),
        number("coef0", -1.0, 1.0),
        log("tol", 1e-5, 1e-1),
    ],
    [number("degree", 1, 5)],
    [choice("kernel", "rbf", "poly", "sigmoid"), choice("shrinking", "True", "False")],
)
EXTRA_TREES = ranges(
    [number("max_features", 0.0, 1.0)],
    [number("min_samples_split", 2, 20), number("min_samples_leaf", 1, 20)],
    [choice("criterion", "gini", "entropy"), choice("bootstrap", "True", "False")],
)
TREE = ranges(
    [
        number("min_samples_split", 0.01, 0.99),
        number("min_samples_leaf", 0.01, 0.49),
        number("min_weight_fraction_leaf", 0.01, 0.49),
        number("max_features", 0.01, 0.99),
        number("min_impurity_decrease", 0.0, 0.5),
    ],
    [number("max_depth", 1, 15)],
)
KNN = ranges([], [number("n_neighbors", 1, 25), number("p", 1, 4)])
RIDGE = ranges(
    [log("alpha", 1e-2, 1e2), log("tol", 1e-5, 1e-1)],
    [log("max_iter", 10, 5000)],
    [choice("fit_intercept", "True", "False"), choice("positive", "True", "False")],
)


def _arguments(point: Point) -> dict[str, Any]:
    words = {"True": True, "False": False}
    return {
        name: words.get(value, value) if isinstance(value, str) else value for name, value in point.items()
    }


def _sgd(point: Point, _columns: int) -> Any:
    from sklearn.linear_model import SGDRegressor

    return SGDRegressor(**_arguments(point), max_iter=100, random_state=0)


def _svr(point: Point, _columns: int) -> Any:
    from sklearn import svm

    return svm.SVR(**_arguments(point), max_iter=5000)


def _svc(point: Point, _columns: int) -> Any:
    from sklearn import svm

    return svm.SVC(**_arguments(point), max_iter=5000)


def _extra_trees(point: Point, columns: int) -> Any:
    from sklearn.ensemble import ExtraTreesClassifier

    arguments = _arguments(point)
    arguments["max_features"] = max(1, int(columns ** float(arguments["max_features"])))
    return ExtraTreesClassifier(**arguments, n_estimators=10, random_state=0)


def _tree(point: Point, _columns: int) -> Any:
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(**_arguments(point), random_state=0)


def _tree_regressor(point: Point, _columns: int) -> Any:
    from sklearn.tree import DecisionTreeRegressor

    return DecisionTreeRegressor(**_arguments(point), random_state=0)


def _knn(point: Point, _columns: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(**_arguments(point))


def _lasso(point: Point, _columns: int) -> Any:
    from sklearn.linear_model import Lasso

    return Lasso(**_arguments(point))


MODELS: Mapping[str, tuple[Callable[[Point, int], Any], Ranges, bool]] = {
    "sgd": (_sgd, SGD, False),
    "svr": (_svr, SVR, False),
    "svc": (_svc, SVC, True),
    "extra-trees": (_extra_trees, EXTRA_TREES, True),
    "tree": (_tree, TREE, True),
    "tree-regressor": (_tree_regressor, TREE, False),
    "knn": (_knn, KNN, True),
    "lasso": (_lasso, RIDGE, False),
}
"""By name: how to make the model of a point, its space, and whether it classifies."""


def _data(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return at most 400 rows of a data set of scikit-learn."""
    from sklearn import datasets

    raw = name.removesuffix("-raw")
    if raw == "friedman":
        inputs, target = datasets.make_friedman1(400, random_state=0)
    else:
        inputs, target = getattr(datasets, f"load_{raw}")(
            return_X_y=True, **({"scaled": False} if name == "diabetes-raw" else {})
        )
    kept = np.random.default_rng(0).permutation(len(target))[:400]
    inputs, target = inputs[kept], target[kept]
    if not name.endswith("-raw"):
        inputs = (inputs - inputs.mean(axis=0)) / (inputs.std(axis=0) + 1e-12)
    return inputs, target


def _loss(model: Any, columns: np.ndarray, target: np.ndarray, split: Any, *, classifies: bool) -> float:
    """Return the mean error (of a classifier) or mean squared error over folds, the target of variance 1."""
    from sklearn.model_selection import KFold

    losses = []
    for train, test in KFold(FOLDS, shuffle=True, random_state=split).split(columns):
        predicted = model.fit(columns[train], target[train]).predict(columns[test])
        error = predicted != target[test] if classifies else (predicted - target[test]) ** 2
        losses.append(float(np.mean(error)))
    return float(np.mean(losses))


def fitted(model: str, data: str, *, family: str = "models", random_splits: bool = False) -> Problem:
    """Return the cross-validated error of a model on a data set.

    Args:
        model: of ``MODELS``.
        data: a data set of scikit-learn; with ``-raw``, its columns are not standardised.
        family: to report it in.
        random_splits: every training job draws a split of its own; runs are judged by the mean over six others.
    """
    make_model, space, classifies = MODELS[model]

    def make(seed: int) -> Task:
        columns, target = _data(data)
        if not classifies:
            target = (target - target.mean()) / target.std()
        seen: dict[tuple[Any, ...], float] = {}

        def loss(point: Point, split: int) -> float:
            key = (split, *sorted(point.items()))
            if key not in seen:
                with warnings.catch_warnings(), np.errstate(all="ignore"):
                    warnings.simplefilter("ignore")
                    try:
                        instance = make_model(point, columns.shape[1])
                        seen[key] = _loss(instance, columns, target, split, classifies=classifies)
                    except ValueError:  # the model did not converge to finite weights
                        seen[key] = math.nan
            return seen[key]

        if not random_splits:
            return Task(lambda point, _: loss(point, seed))
        truths = range(10**6, 10**6 + TRUTH_SPLITS)
        return Task(
            lambda point, trial: loss(point, 1000 * seed + trial),
            truth=lambda point: float(np.mean([loss(point, split) for split in truths])),
        )

    name = f"{'split-' if random_splits else ''}{model}-{data}"
    return Problem(name, family, space, make)
