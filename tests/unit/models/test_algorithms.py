"""The table of built-in algorithms: which image is one, and what SageMaker knows of it."""

import re
from pathlib import Path

import pytest

from airflow_hpt_provider.models.algorithms import amazon_image, find_algorithm
from airflow_hpt_provider.models.algorithms.algorithm import MAX_METRICS
from airflow_hpt_provider.models.algorithms.tables import in_version, table

XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost"
LINEAR = "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1"


@pytest.mark.parametrize(
    ("image", "name", "version"),
    [
        ("811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1", "xgboost", "0.72"),
        ("811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:latest", "xgboost", "0.72"),
        (f"{XGBOOST}:0.90-1-cpu-py3", "sagemaker-xgboost", "0.90"),
        (f"{XGBOOST}:1.7-1", "sagemaker-xgboost", "1.7"),
        (f"{XGBOOST}@sha256:0a", "sagemaker-xgboost", "3.2"),
        (
            "451049120500.dkr.ecr.cn-northwest-1.amazonaws.com.cn/sagemaker-xgboost:1.5-1",
            "sagemaker-xgboost",
            "1.5",
        ),
        ("226302683700.dkr.ecr-fips.us-gov-west-1.amazonaws.com/kmeans:1", "kmeans", "1"),
        ("156387875391.dkr.ecr.us-west-2.amazonaws.com/forecasting-deepar:1", "forecasting-deepar", "1"),
        ("266724342769.dkr.ecr.us-west-2.amazonaws.com/lda:1", "lda", "1"),
    ],
)
def test_amazons_image_is_found(image, name, version):
    algorithm = find_algorithm(image)
    assert (algorithm.name, algorithm.version) == (name, version)
    assert amazon_image(image) is None


@pytest.mark.parametrize(
    ("image", "meant"),
    [
        (
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/xgboost:mine",
            "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:mine",
        ),
        (
            "811284229777.dkr.ecr.us-west-2.amazonaws.com/xgboost:1",
            "433757028032.dkr.ecr.us-west-2.amazonaws.com/xgboost:1",
        ),
        (
            "382416733822.dkr.ecr.us-east-1.amazonaws.com/xgboost:1",
            "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1",
        ),
        ("190319476487.dkr.ecr.ca-west-1.amazonaws.com/xgboost:1", None),
        ("811284229777.dkr.ecr.us-east-1.amazonaws.com/team/xgboost:1", None),
        ("763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.2-cpu-py310", None),
        ("local", None),
    ],
)
def test_other_image_is_custom(image, meant):
    assert find_algorithm(image) is None
    assert amazon_image(image) == meant


def names(algorithm, metric=None, **hyperparameters):
    return [each["Name"] for each in algorithm.metric_definitions(hyperparameters, metric)]


def test_definitions_of_the_first_xgboost_are_the_recorded_ones():
    algorithm = find_algorithm("811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1")
    definitions = algorithm.metric_definitions({}, "validation:auc")
    assert len(definitions) == 19
    assert [each["Name"] for each in definitions[:3]] == ["train:mae", "validation:auc", "train:merror"]
    assert definitions[1]["Regex"] == (
        r".*\[[0-9]+\].*#011validation-auc:([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?).*"
    )
    assert definitions[-1] == {"Name": "ObjectiveMetric", "Regex": definitions[1]["Regex"]}


def test_definitions_follow_version_and_kind_of_objective():
    assert len(names(find_algorithm(f"{XGBOOST}:0.90-1"))) == 34
    newer = find_algorithm(f"{XGBOOST}:1.5-1")
    assert len(names(newer, objective="reg:squarederror")) == 27
    binary = names(newer, "validation:mape", objective="binary:logistic")
    assert binary[-2:] == ["validation:mape", "ObjectiveMetric"]
    assert "validation:aucpr" in binary


def test_linear_learner_shows_the_37_recorded_ones_and_the_objective():
    algorithm = find_algorithm(LINEAR)
    assert len(names(algorithm, "validation:objective_loss")) == 38
    regexes = {each["Name"]: each["Regex"] for each in algorithm.metric_definitions({}, "validation:rmse")}
    line = "[07/01/2024 19:50:55 INFO 1397] #quality_metric: host=algo-1, validation rmse <loss>=0.25"
    assert re.search(regexes["ObjectiveMetric"], line)[1] == "0.25"


def every_algorithm():
    for repository, entry in table("algorithms").items():
        account = table("accounts")[entry["accounts"]]["us-east-1"]
        yield find_algorithm(f"{account}.dkr.ecr.us-east-1.amazonaws.com/{repository}:1")
    for tag in ("0.90-2", "1.0-1", "1.2-1", "1.3-1", "1.7-1", "3.0-5"):
        yield find_algorithm(f"{XGBOOST}:{tag}")


@pytest.mark.parametrize("algorithm", list(every_algorithm()), ids=lambda each: f"{each.name}-{each.version}")
def test_each_table_is_whole(algorithm):
    assert set(algorithm.objectives) <= set(algorithm.metrics)
    assert algorithm.channels
    for regex in algorithm.metrics.values():
        assert re.compile(regex).groups == (1 if regex else 0)
        assert "SPLIT" not in regex
        assert "METRIC" not in regex
    for objective in algorithm.objectives:
        for kind in (
            "binary:logistic",
            "multi:softmax",
            "reg:linear",
            "rank:map",
            "survival:cox",
            "count:poisson",
        ):
            definitions = algorithm.metric_definitions({"objective": kind}, objective)
            assert len(definitions) <= MAX_METRICS
            assert len({each["Name"] for each in definitions}) == len(definitions)
            if algorithm.metrics[objective]:
                assert definitions[-1]["Name"] == "ObjectiveMetric"
    for tunable in algorithm.tunable.values():
        assert tunable.kind in ("Integer", "Continuous", "Categorical")
        if tunable.low is not None:
            assert float(tunable.low) < float(tunable.high)


def test_hyperparameters_come_and_go_with_versions():
    known = table("xgboost")["hyperparameters"]
    assert in_version(known["silent"], "0.72")
    assert in_version(known["silent"], "1.0")
    assert not in_version(known["silent"], "1.2")
    assert not in_version(known["colsample_bynode"], "0.72")
    assert in_version(known["colsample_bynode"], "0.90")


PAGE = (Path(__file__).parents[3] / "docs" / "algorithms.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("algorithm", list(every_algorithm()), ids=lambda each: f"{each.name}-{each.version}")
def test_the_page_has_each_algorithm(algorithm):
    [row] = [
        line
        for line in PAGE.splitlines()
        if line.startswith("| `") and f"`{algorithm.name}`" in line.split("|")[1]
    ]
    _, _, trains, objectives, tunable, _ = row.split("|")
    assert (trains.strip() == "yes") == (algorithm.name == "sagemaker-xgboost")
    assert all(f"`{name}`" in objectives for name in algorithm.objectives)
    assert all(f"`{name}`" in tunable for name in algorithm.tunable)
