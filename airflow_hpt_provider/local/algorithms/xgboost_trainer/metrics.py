"""Metrics that SageMaker's container computes and XGBoost does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import xgboost

    Array = np.ndarray[Any, np.dtype[Any]]

OWN: Final = (
    "accuracy",
    "balanced_accuracy",
    "f1",
    "f1_binary",
    "f1_macro",
    "mse",
    "precision",
    "precision_macro",
    "precision_micro",
    "r2",
    "recall",
    "recall_macro",
    "recall_micro",
)


def evaluator(
    metrics: Sequence[str], objective: str
) -> Callable[[Array, xgboost.DMatrix], list[tuple[str, float]]]:
    """Return what evaluates some of these metrics on predictions, to be given to XGBoost as ``custom_metric``."""

    def evaluate(predictions: Array, data: xgboost.DMatrix) -> list[tuple[str, float]]:
        labels = data.get_label()
        return [(metric, value_of(metric, np.asarray(predictions), labels, objective)) for metric in metrics]

    return evaluate


def value_of(metric: str, predictions: Array, labels: Array, objective: str) -> float:
    """Return a metric.

    Args:
        metric: one of :data:`OWN`.
        predictions: as the objective transforms them: probabilities, classes or values.
        labels: the truth.
        objective: the learning objective.
    """
    if metric in ("mse", "r2"):
        values = predictions if predictions.ndim == 1 else classes(predictions, objective)
        mse = float(np.mean((values - labels) ** 2))
        spread = float(np.var(labels))
        return mse if metric == "mse" else 1 - mse / spread if spread else float(mse == 0)
    predicted, truth = classes(predictions, objective), np.asarray(labels)
    if metric == "accuracy":
        return float(np.mean(predicted == truth))
    name, _, average = metric.partition("_")
    if metric == "balanced_accuracy":
        recalls = [float(np.mean(predicted[truth == each] == each)) for each in np.unique(truth)]
        return float(np.mean(recalls))
    # Of every class together: each wrong prediction is one false positive and one false negative.
    if average == "micro":
        return float(np.mean(predicted == truth))
    if metric in ("precision", "recall", "f1_binary"):
        return _score(name, predicted, truth, 1)
    every = np.union1d(predicted, truth)
    return float(np.mean([_score(name, predicted, truth, each) for each in every]))


def classes(predictions: Array, objective: str) -> Array:
    """Return the class of each prediction."""
    if predictions.ndim == 2:
        found: Array = np.argmax(predictions, axis=1)
        return found
    if objective == "binary:logitraw":
        return (predictions > 0).astype(int)
    if objective.startswith("multi:"):
        return predictions.astype(int)
    return (predictions > 0.5).astype(int)


def _score(name: str, predicted: Array, truth: Array, of: float) -> float:
    """Return the precision, recall or F1 of one class; 0 where it is not defined."""
    hits = float(np.sum((predicted == of) & (truth == of)))
    found, there = float(np.sum(predicted == of)), float(np.sum(truth == of))
    precision, recall = hits / found if found else 0.0, hits / there if there else 0.0
    if name == "precision":
        return precision
    if name == "recall":
        return recall
    return 2 * precision * recall / (precision + recall) if hits else 0.0
