"""The hyperparameters of algorithm mode: parsed and checked as SageMaker's container does."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from airflow_hpt_provider.local.algorithms.xgboost_trainer.errors import UserError
from airflow_hpt_provider.models.algorithms.tables import in_version, number, table

if TYPE_CHECKING:
    from collections.abc import Mapping

TUNING_METRIC: Final = "_tuning_objective_metric"
WITH_ARGUMENT: Final = ("error", "ndcg", "map", "tweedie-nloglik")
"""Metrics that may have an argument, such as ``error@0.7``."""
OWN: Final = ("num_round", "early_stopping_rounds", "csv_weights", "save_model_on_termination", "eval_metric")
"""Hyperparameters of the container, which XGBoost does not get."""
MULTI_CLASS: Final = "multi:"
FIXED_BASE_SCORE: Final = (2, 0)
"""Before this version, XGBoost did not estimate base_score from the labels."""


@dataclass(frozen=True)
class Hyperparameters:
    """What one training job asks for.

    Attributes:
        booster: XGBoost's own parameters.
        rounds: how many rounds to train.
        metrics: the metrics to evaluate; empty: XGBoost's default.
        tuning_metric: the metric that a tuning job optimizes, without its data set.
        early_stopping_rounds: rounds without an improvement that end training; None: all rounds are trained.
        watched: the metric that early stopping watches.
        csv_weights: whether the second column of CSV data is the weight.
        save_on_termination: whether SIGTERM ends the training job with a model.
    """

    booster: Mapping[str, Any]
    rounds: int
    metrics: tuple[str, ...]
    tuning_metric: str | None
    early_stopping_rounds: int | None
    watched: str | None
    csv_weights: bool
    save_on_termination: bool

    @property
    def objective(self) -> str:
        """The learning objective."""
        return str(self.booster["objective"])


def read(given: Mapping[str, str], version: str) -> Hyperparameters:
    """Parse and check hyperparameters.

    Args:
        given: as in ``hyperparameters.json``: every value is a text.
        version: of the image, such as ``1.7``; hyperparameters come and go with it.

    Raises:
        UserError: a hyperparameter is missing, unknown, not readable or out of its range.
    """
    known = {
        name: _of_version(each, version)
        for name, each in table("xgboost")["hyperparameters"].items()
        if in_version(each, version)
    }
    texts = {name: text for name, text in given.items() if not name.startswith("sagemaker_")}
    for name in table("xgboost")["required"]:
        if name not in texts:
            raise UserError(f"Missing required hyperparameter: {name}")
    for name in texts:
        if name not in known and name != TUNING_METRIC:
            raise UserError(f"Extraneous hyperparameter found: {name}")
    values = {name: _value(name, text, known[name]) for name, text in texts.items() if name != TUNING_METRIC}
    tuning_metric = _tuning_metric(texts.get(TUNING_METRIC), version)
    objective = values.get("objective", "reg:squarederror")
    _check_dependencies(values, objective)
    if "_kfold" in values:
        raise UserError(
            "_kfold is not supported by the local service; remove it, or map the image with --images"
        )
    metrics = tuple(values.get("eval_metric", ()))
    both = metrics and tuning_metric
    every = (
        tuple(sorted({*metrics, tuning_metric}))
        if both
        else metrics or (tuning_metric,) * bool(tuning_metric)
    )
    return Hyperparameters(
        booster=_for_xgboost(values, known, objective, version),
        rounds=values["num_round"],
        metrics=tuple(each for each in every if each),
        tuning_metric=tuning_metric,
        early_stopping_rounds=values.get("early_stopping_rounds"),
        watched=tuning_metric or (metrics[-1] if metrics else None),
        csv_weights=values.get("csv_weights") == 1,
        save_on_termination=values.get("save_model_on_termination") == "true",
    )


def _of_version(entry: Mapping[str, Any], version: str) -> Mapping[str, Any]:
    """Return a hyperparameter with the values that it has in a version."""
    later = entry.get("values_since") or {}
    if not later:
        return entry
    values = [each for each in entry["values"] if in_version({"since": later.get(each)}, version)]
    return {**entry, "values": values}


def _value(name: str, text: str, known: Mapping[str, Any]) -> Any:
    kind = known["type"]
    try:
        if kind == "Integer":
            value: Any = int(text)
        elif kind == "Continuous":
            value = float(text)
        elif kind == "Literal":
            ast.literal_eval(text)
            return text
        elif kind in ("List", "Metrics"):
            value = [each.strip() for each in text.split(",") if each.strip()]
        else:
            value = text
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        cause = type(error).__name__
        raise UserError(f"Hyperparameter {name}: could not parse value (caused by {cause})") from error
    if kind == "Metrics":
        _check_metrics(name, text, value)
    elif kind == "List":
        return text
    elif "range" in known:
        if not _inside(value, known["range"]):
            raise UserError(f"Hyperparameter {name}: {text} is not in {known['range']}")
    elif value not in known["values"]:
        raise UserError(f"Hyperparameter {name}: {text} is not in {known['values']}")
    return value


def _inside(value: float, interval: str) -> bool:
    """Say whether a number is in an interval such as ``(0, 1]``."""
    low, high = (float(end) for end in interval[1:-1].split(","))
    above = value >= low if interval[0] == "[" else value > low
    below = value <= high if interval[-1] == "]" else value < high
    return above and below


def _check_metrics(name: str, text: str, metrics: list[str]) -> None:
    better = table("xgboost")["better"]
    known = {*better["Maximize"], *better["Minimize"]}
    for metric in metrics:
        plain, at, argument = metric.partition("@")
        if plain not in known or (at and (plain not in WITH_ARGUMENT or not _is_number(argument))):
            raise UserError(f"Hyperparameter {name}: {text} is not in {sorted(known)}")


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[0-9]+(\.[0-9]+)?-?", text) is not None


def _tuning_metric(text: str | None, version: str) -> str | None:
    if text is None:
        return None
    objectives = {
        metric
        for since, metrics in table("xgboost")["since"].items()
        if number(since) <= number(version)
        for metric in metrics
    }
    split, _, metric = text.partition(":")
    if split != "validation" or metric not in objectives:
        # A tuning job may optimize a metric of its own MetricDefinitions.
        return None
    return metric


def _check_dependencies(values: Mapping[str, Any], objective: str) -> None:
    if objective.startswith(MULTI_CLASS) and "num_class" not in values:
        raise UserError("Require input for parameter 'num_class' for multi-classification")
    for metric in values.get("eval_metric", ()):
        if metric == "auc" and not objective.startswith(("binary:", "rank:")):
            raise UserError("Metric 'auc' can only be applied for classification and ranking problems.")
        if metric == "aft-nloglik" and objective != "survival:aft":
            raise UserError("Metric 'aft-nloglik' can only be applied for 'survival:aft'.")


def _for_xgboost(
    values: Mapping[str, Any], known: Mapping[str, Any], objective: str, version: str
) -> dict[str, Any]:
    """Return the parameters that XGBoost gets: without the container's own, and those that it does not know today."""
    parameters = {
        name: value
        for name, value in values.items()
        if name not in OWN and not name.startswith("_") and not known[name].get("ignored")
    }
    parameters["objective"] = "reg:squarederror" if objective == "reg:linear" else objective
    if parameters.get("tree_method") == "gpu_hist":
        parameters["tree_method"] = "hist"
    if number(version) < FIXED_BASE_SCORE and objective != "survival:cox":
        parameters.setdefault("base_score", 0.5)
    return parameters
