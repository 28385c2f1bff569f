"""Hyperparameters of XGBoost's algorithm mode: what is refused, in the container's words, and what XGBoost gets."""

import pytest

from airflow_hpt_provider.local.algorithms.xgboost_trainer.errors import UserError
from airflow_hpt_provider.local.algorithms.xgboost_trainer.hyperparameters import read

MULTI = {"objective": "multi:softmax"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"num_round": None}, "Missing required hyperparameter: num_round"),
        ({"num_round": None, "zz": "1"}, "Missing required hyperparameter: num_round"),
        ({"silent": "1"}, "Extraneous hyperparameter found: silent"),
        ({"eta": "much"}, "Hyperparameter eta: could not parse value (caused by ValueError)"),
        ({"max_depth": "4.0"}, "Hyperparameter max_depth: could not parse value (caused by ValueError)"),
        ({"subsample": "0"}, "Hyperparameter subsample: 0 is not in (0, 1]"),
        ({"eta": "1.5"}, "Hyperparameter eta: 1.5 is not in [0, 1]"),
        ({"eta": "nan"}, "Hyperparameter eta: nan is not in [0, 1]"),
        ({"lambda": "-1"}, "Hyperparameter lambda: -1 is not in [0, +inf)"),
        ({"tweedie_variance_power": "2"}, "Hyperparameter tweedie_variance_power: 2 is not in (1, 2)"),
        ({"booster": "tree"}, "Hyperparameter booster: tree is not in ['gbtree', 'gblinear', 'dart']"),
        ({"eval_metric": "auk"}, "Hyperparameter eval_metric: auk is not in ["),
        ({"eval_metric": "rmse@2"}, "Hyperparameter eval_metric: rmse@2 is not in ["),
        ({"monotone_constraints": "(1,"}, "Hyperparameter monotone_constraints: could not parse"),
        (MULTI, "Require input for parameter 'num_class' for multi-classification"),
        ({**MULTI, "num_class": "3", "eval_metric": "auc"}, "Metric 'auc' can only be applied for classification"),
        ({"_kfold": "3"}, "_kfold is not supported by the local service"),
    ],
)  # fmt: skip
def test_refused_in_the_containers_words(given, said):
    texts = {name: text for name, text in ({"num_round": "5"} | given).items() if text is not None}
    with pytest.raises(UserError) as refused:
        read(texts, "1.7")
    assert refused.value.args[0].startswith(said)
    assert str(refused.value).startswith("sagemaker_algorithm_toolkit.exceptions.UserError: ")


def test_hyperparameters_of_each_version():
    assert read({"num_round": "5", "silent": "1"}, "0.72").rounds == 5
    with pytest.raises(UserError, match="Extraneous hyperparameter found: colsample_bynode"):
        read({"num_round": "5", "colsample_bynode": "0.5"}, "0.72")


@pytest.mark.parametrize(
    ("name", "value", "first", "last"),
    [
        ("objective", "reg:squaredlogerror", "1.0", None),
        ("objective", "reg:pseudohubererror", "1.2", None),
        ("objective", "survival:aft", "1.2", None),
        ("objective", "reg:absoluteerror", "1.7", None),
        ("num_parallel_tree", "2", "0.90", None),
        ("single_precision_histogram", "true", "1.2", "1.5"),
        ("deterministic_histogram", "true", "1.2", "1.5"),
    ],
)
def test_what_only_some_versions_have(name, value, first, last):
    versions = ["0.72", "0.90", "1.0", "1.2", "1.3", "1.5", "1.7", "3.0"]
    since, until = versions.index(first), versions.index(last) if last else len(versions)
    for place, version in enumerate(versions):
        given = {"num_round": "5", name: value}
        if since <= place <= until:
            assert read(given, version).rounds == 5
        else:
            with pytest.raises(UserError, match=f"(is not in|Extraneous hyperparameter found: {name})"):
                read(given, version)


def test_what_xgboost_gets():
    given = {
        "num_round": "5",
        "early_stopping_rounds": "2",
        "csv_weights": "1",
        "eval_metric": "auc, error@0.7",
        "eta": "0.3",
        "max_depth": "4",
        "objective": "binary:logistic",
        "tree_method": "gpu_hist",
        "predictor": "gpu_predictor",
        "monotone_constraints": "(1,0)",
        "save_model_on_termination": "true",
        "_tuning_objective_metric": "validation:logloss",
        "sagemaker_region": '"us-east-1"',
    }
    asked = read(given, "1.7")
    assert asked.booster == {
        "eta": 0.3,
        "max_depth": 4,
        "objective": "binary:logistic",
        "tree_method": "hist",
        "monotone_constraints": "(1,0)",
        "base_score": 0.5,
    }
    assert (asked.rounds, asked.early_stopping_rounds, asked.watched) == (5, 2, "logloss")
    assert asked.metrics == ("auc", "error@0.7", "logloss"), "sorted, with the tuning job's own"
    assert asked.csv_weights
    assert asked.save_on_termination


def test_metrics_and_what_early_stopping_watches():
    assert read({"num_round": "1"}, "1.7").metrics == ()
    assert read({"num_round": "1"}, "1.7").watched is None
    only = read({"num_round": "1", "eval_metric": "rmse,mae"}, "1.7")
    assert (only.metrics, only.watched) == (("rmse", "mae"), "mae")
    tuned = read({"num_round": "1", "_tuning_objective_metric": "validation:mae"}, "1.7")
    assert (tuned.metrics, tuned.watched) == (("mae",), "mae")
    assert "base_score" not in read({"num_round": "1"}, "3.0").booster
    assert read({"num_round": "1", "objective": "reg:linear"}, "1.7").objective == "reg:squarederror"
