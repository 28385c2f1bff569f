"""The hyperparameters of algorithm mode: parsed and checked as SageMaker's container does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from airflow_hpt_provider.local.algorithms.xgboost_trainer import legacy
from airflow_hpt_provider.local.algorithms.xgboost_trainer.checks import (
    check_dependencies,
    check_range,
    known_in,
    metrics_of,
    parse,
)
from airflow_hpt_provider.local.algorithms.xgboost_trainer.errors import UserError
from airflow_hpt_provider.models.algorithms.tables import LEGACY, number, table

if TYPE_CHECKING:
    from collections.abc import Mapping

TUNING_METRIC: Final = "_tuning_objective_metric"
OWN: Final = ("num_round", "early_stopping_rounds", "csv_weights", "save_model_on_termination", "eval_metric")
"""Hyperparameters of the container, which XGBoost does not get."""
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
    known = known_in(version)
    texts = {name: text for name, text in given.items() if not name.startswith("sagemaker_")}
    if version == LEGACY:
        legacy.check(texts, known)
    for name in table("xgboost")["required"]:
        if name not in texts:
            raise UserError(f"Missing required hyperparameter: {name}")
    tuning_metric = _tuning_metric(texts.pop(TUNING_METRIC, None), version)
    if version == LEGACY:  # which takes no notice of names that it does not know
        texts = {name: text for name, text in texts.items() if name in known}
    for name in texts:
        if name not in known:
            raise UserError(f"Extraneous hyperparameter found: {name}")
    values = {name: parse(name, text, known[name]) for name, text in texts.items()}
    for name, value in values.items():
        check_range(name, texts[name], value, known[name], version)
    objective = values.get("objective", "reg:squarederror")
    check_dependencies(values, objective, version)
    if "_kfold" in values:
        raise UserError(
            "_kfold is not supported by the local service; remove it, or map the image with --images"
        )
    metrics = tuple(each.strip() for each in values.get("eval_metric", ()))
    return Hyperparameters(
        booster=_for_xgboost(values, known, objective, version),
        rounds=values["num_round"],
        metrics=metrics if tuning_metric is None else tuple(sorted({*metrics, tuning_metric})),
        tuning_metric=tuning_metric,
        early_stopping_rounds=values.get("early_stopping_rounds"),
        watched=tuning_metric or (metrics[-1] if metrics else None),
        csv_weights=values.get("csv_weights") == 1,
        save_on_termination=values.get("save_model_on_termination") == "true",
    )


def _tuning_metric(text: str | None, version: str) -> str | None:
    if text is None:
        return None
    split, _, metric = text.partition(":")
    if split != "validation" or metric not in metrics_of(version):
        # A tuning job may optimize a metric of its own MetricDefinitions.
        return None
    return metric


def _for_xgboost(
    values: Mapping[str, Any], known: Mapping[str, Any], objective: str, version: str
) -> dict[str, Any]:
    """Return the parameters that XGBoost gets: without the container's own, and those that it does not know today."""
    parameters = {
        name: value
        for name, value in values.items()
        if name not in OWN and not name.startswith("_") and not known[name].get("ignored")
    }
    for name, value in parameters.items():
        if known[name]["type"] == "List":
            instead = known[name].get("instead") or {}
            parameters[name] = ",".join(instead.get(each, each) for each in value)
        elif known[name]["type"] in ("Tuple", "Nested"):
            parameters[name] = str(value)
    parameters["objective"] = "reg:squarederror" if objective == "reg:linear" else objective
    if parameters.get("tree_method") == "gpu_hist":
        parameters["tree_method"] = "hist"
    if number(version) < FIXED_BASE_SCORE and objective != "survival:cox":
        parameters.setdefault("base_score", 0.5)
    return parameters
