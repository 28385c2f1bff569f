"""Hyperparameters of XGBoost's algorithm mode: what is refused, in the container's words, and what XGBoost gets."""

import pytest

from airflow_hpt_provider.local.algorithms.xgboost_trainer.errors import UserError
from airflow_hpt_provider.local.algorithms.xgboost_trainer.hyperparameters import read

MULTI = {"objective": "multi:softmax"}
IGNORED = {
    (name, "0.72")
    for name in (
        "single_precision_histogram",
        "deterministic_histogram",
        "sampling_method",
        "num_parallel_tree",
        "prob_buffer_row",
    )
}
HIST = {"tree_method": "hist"}


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
        ({"eval_metric": "auk"}, "Hyperparameter eval_metric: value ['auk'] not in range ["),
        ({"eval_metric": "rmse, mae"}, "Hyperparameter eval_metric: value ['rmse', ' mae'] not in range ["),
        ({"eval_metric": "rmse@2"}, "Metric 'rmse@2' is not supported. Parameter 'eval_metric' with customized"),
        ({"eval_metric": "tweedie-nloglik@1.5"}, "Metric 'tweedie-nloglik@1.5' is not supported."),
        ({"eval_metric": "error@x"}, "Threshold value 't' in 'error@t' expects float input."),
        ({"eval_metric": "ndcg@5-"}, "Threshold value 't' in 'ndcg@t' expects float input."),
        ({"eval_metric": "aft-nloglik"}, "Metric 'aft-nloglik' can only be applied for 'survival:aft' objective."),
        ({"monotone_constraints": "(1,"}, "Hyperparameter monotone_constraints: could not parse"),
        ({"monotone_constraints": "3"}, "Hyperparameter monotone_constraints: could not parse"),
        ({**HIST, "monotone_constraints": "(1,2)"}, "Hyperparameter monotone_constraints: value (1, 2) not in range"),
        ({"monotone_constraints": "(1,0)"}, "monotone_constraints can be used only when the tree_method"),
        (
            {"tree_method": "approx", "monotone_constraints": "(1,0)"},
            "monotone_constraints can be used only when the tree_method parameter is set to either 'exact' or 'hist'.",
        ),
        (
            {"tree_method": "auto", "interaction_constraints": "[[1, 2]]"},
            "interaction_constraints can be used only when the tree_method parameter is set to either 'exact', 'hist' "
            "or 'approx'.",
        ),
        (
            {**HIST, "interaction_constraints": "[[0, 1]]"},
            "Hyperparameter interaction_constraints: value [[0, 1]] not in range [1, +inf)",
        ),
        ({"updater": "grow_gpu_hist"}, "Hyperparameter updater: value ['grow_gpu_hist'] not in range ["),
        ({"updater": "grow_colmaker, prune"}, "Hyperparameter updater: value ['grow_colmaker', ' prune'] not in"),
        ({"updater": "shotgun"}, "Tree updater should be selected from these options: 'grow_colmaker', "),
        ({"updater": "grow_colmaker,distcol"}, "Only one tree grow plugin can be selected. Choose one from the"),
        ({"booster": "gblinear", "updater": "prune"}, "Linear updater should be one of these options: 'shotgun', "),
        ({"booster": "gblinear", "updater": "shotgun,coord_descent"}, "Linear updater should be one of these"),
        ({"process_type": "update", "updater": "sync"}, "process_type 'update' can only be used with updater"),
        ({"sampling_method": "random"}, "Hyperparameter sampling_method: random is not in ['uniform', 'gradient_"),
        ({"prob_buffer_row": "1"}, "Hyperparameter prob_buffer_row: 1 is not in (1.0, +inf)"),
        ({"prob_buffer_row": "1.5"}, "Hyperparameter prob_buffer_row: could not parse value"),
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
        read({"num_round": "5", "colsample_bynode": "0.5"}, "0.80")


def test_version_0_72_has_fewer_checks():
    """It takes no notice of unknown names, and limits fewer values; its sources and a recorded request say so."""
    given = {
        "num_round": "5",
        "colsample_bynode": "0.5",
        "lambda": "-1",
        "prob_buffer_row": "1.0",
        "seed": "1",
    }
    asked = read(given, "0.72")
    assert asked.booster == {"lambda": -1.0, "seed": 1, "objective": "reg:squarederror", "base_score": 0.5}
    multi = {**MULTI, "num_class": "3", "eval_metric": "auc,poisson-nloglik"}
    assert read({"num_round": "5", **multi}, "0.72").metrics == ("auc", "poisson-nloglik")
    with pytest.raises(UserError, match="eval_metric"):
        read({"num_round": "5", "eval_metric": "rmsle"}, "0.72")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"num_round": None}, "Require input for parameter num_round"),
        ({"num_round": "1.5"}, "Parameter num_round expects integer input."),
        ({"eta": "much"}, "Parameter eta expects float input."),
        ({"eta": "1.5"}, "Parameter 'eta' should be in range [0,1]."),
        ({"subsample": "0"}, "Parameter 'subsample' should be in range (0,1]."),
        ({"tweedie_variance_power": "2"}, "Parameter 'tweedie_variance_power' should be in range (1,2)."),
        ({"gamma": "-1"}, "Parameter 'gamma' should be greater than or equal to 0."),
        ({"nthread": "0"}, "Parameter 'nthread' should be greater or equal to 1."),
        ({"silent": "2"}, "Parameter 'silent' should be either '0' or '1'."),
        (
            {"booster": "tree"},
            "Parameter 'booster' should be one of these options: 'gbtree', 'gblinear', 'dart'.",
        ),
        (
            {"objective": "reg:squarederror"},
            "Parameter 'objective' should be one of these options: 'binary:logistic'",
        ),
        (MULTI, "Require input for parameter 'num_class' for multi classification."),
        (
            {"num_class": "3"},
            "Do not need to setup parameter 'num_class' for learning task other than multi class",
        ),
        (
            {"booster": "gblinear"},
            "Linear updater should be one of these options: 'shotgun', 'coor_descent'.",
        ),
        (
            {"process_type": "update"},
            "process_type 'update' can only be used with updater 'refresh' and 'prune'",
        ),
        ({"updater": "shotgun"}, "Tree updater should be selected from these options: 'grow_colmaker', "),
    ],
)
def test_refused_in_the_words_of_version_0_72(given, said):
    texts = {name: text for name, text in ({"num_round": "5"} | given).items() if text is not None}
    with pytest.raises(UserError) as refused:
        read(texts, "0.72")
    assert refused.value.args[0].startswith(said)


@pytest.mark.parametrize("version", ["0.72", "0.90", "1.0"])
@pytest.mark.parametrize("given", [{"tree_method": "gpu_hist"}, {"predictor": "gpu_predictor"}])
def test_versions_before_1_2_know_no_gpu(given, version):
    with pytest.raises(UserError, match="GPU training is not supported yet"):
        read({"num_round": "5", **given}, version)


@pytest.mark.parametrize(
    ("asked_for", "used"),
    [
        ("grow_colmaker,prune", "grow_colmaker,prune"),
        ("distcol", "grow_colmaker"),
        ("grow_skmaker,prune", "grow_histmaker,prune"),
        ("grow_local_histmaker", "grow_histmaker"),
        ("grow_histmaker,refresh,prune", "grow_histmaker,refresh,prune"),
    ],
)
@pytest.mark.parametrize("version", ["0.72", "1.5", "3.0"])
def test_updaters_that_the_open_package_has_no_more_have_a_successor(asked_for, used, version):
    given = {"num_round": "2", "updater": asked_for}
    parameters = dict(read(given, version).booster)
    assert parameters["updater"] == used
    xgboost = pytest.importorskip("xgboost")
    rows = xgboost.DMatrix([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0])
    assert xgboost.train({**parameters, "nthread": 1, "verbosity": 0}, rows, 2).num_boosted_rounds() == 2


@pytest.mark.parametrize(
    ("name", "value", "first", "last"),
    [
        ("objective", "reg:squaredlogerror", "1.0", None),
        ("objective", "reg:pseudohubererror", "1.2", None),
        ("objective", "survival:aft", "1.2", None),
        ("objective", "reg:absoluteerror", "1.7", None),
        ("prob_buffer_row", "2", "1.3", None),
        ("sampling_method", "uniform", "1.3", None),
        ("updater", "grow_quantile_histmaker", "1.7", None),
        ("objective", "reg:squarederror", "0.90", None),
        ("objective", "binary:hinge", "0.90", None),
        ("predictor", "auto", "1.2", None),
        ("eval_metric", "rmsle", "1.0", None),
        ("eval_metric", "mape", "1.3", None),
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
            refused = (
                "(should be one of|is not supported|is not in|not in range|Extraneous hyperparameter found)"
            )
            if (name, version) in IGNORED:
                assert name not in read(given, version).booster
                continue
            with pytest.raises(UserError, match=refused):
                read(given, version)


def test_what_xgboost_gets():
    given = {
        "num_round": "5",
        "early_stopping_rounds": "2",
        "csv_weights": "1",
        "eval_metric": "auc, error@0.7",  # the container takes a space only before a metric with a threshold
        "eta": "0.3",
        "max_depth": "4",
        "objective": "binary:logistic",
        "tree_method": "hist",
        "predictor": "gpu_predictor",
        "monotone_constraints": "(1,0)",
        "interaction_constraints": "[[1, 2], [3]]",
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
        "monotone_constraints": "(1, 0)",
        "interaction_constraints": "[[1, 2], [3]]",
        "base_score": 0.5,
    }
    assert (asked.rounds, asked.early_stopping_rounds, asked.watched) == (5, 2, "logloss")
    assert asked.metrics == ("auc", "error@0.7", "logloss"), "sorted, with the tuning job's own"
    assert asked.csv_weights
    assert asked.save_on_termination
    assert read({"num_round": "5", "tree_method": "gpu_hist"}, "1.7").booster["tree_method"] == "hist"


def test_metrics_and_what_early_stopping_watches():
    assert read({"num_round": "1"}, "1.7").metrics == ()
    assert read({"num_round": "1"}, "1.7").watched is None
    only = read({"num_round": "1", "eval_metric": "rmse,mae"}, "1.7")
    assert (only.metrics, only.watched) == (("rmse", "mae"), "mae")
    tuned = read({"num_round": "1", "_tuning_objective_metric": "validation:mae"}, "1.7")
    assert (tuned.metrics, tuned.watched) == (("mae",), "mae")
    assert "base_score" not in read({"num_round": "1"}, "3.0").booster
    assert read({"num_round": "1", "objective": "reg:linear"}, "1.7").objective == "reg:squarederror"
