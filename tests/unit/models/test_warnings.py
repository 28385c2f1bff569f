"""What AWS accepts but is likely to go wrong: one request for each warning, and its neighbour without it."""
# ruff: noqa: E501 - the table below has one warning a line

from typing import Any

import pytest

from airflow_hpt_provider.models import TuningJobRequest
from tests.support.cases import case
from tests.unit.models.test_rules import (
    ALGORITHM,
    CHANNEL,
    CONTINUOUS,
    GONE,
    JOB,
    OBJECTIVE,
    RANGES,
    changed,
    channel,
    only,
    span,
)

STATIC = f"{JOB}.StaticHyperParameters"
OWN = {f"{ALGORITHM}.MetricDefinitions": [{"Name": "validation:auc", "Regex": "x"}]}
SCRIPT = {f"{STATIC}.sagemaker_program": "train.py"}
TO_A_HUNDRED = only(Integer=[span("num_round", 10, 100)])
CUSTOM = "123456789012.dkr.ecr.us-east-1.amazonaws.com/own:1"

# name, the change to a request without warnings, the field, words of the warning
WARNED: list[tuple[str, dict[str, Any], str, str]] = [
    ("own metrics", OWN, f"{ALGORITHM}.MetricDefinitions", "reported both to refuse and to accept"),
    ("no channel", {f"{CHANNEL}.0": channel("training")}, CHANNEL, "no channel 'train'"),
    ("no channel for the objective", {f"{CHANNEL}.1": channel("test")}, f"{OBJECTIVE}.MetricName", "only with a channel 'validation'"),
    ("no required hyperparameter", {f"{STATIC}.num_round": GONE}, STATIC, "has no num_round"),
    ("wider than recommended", {f"{CONTINUOUS}.0.MaxValue": "0.9"}, f"{CONTINUOUS}[0].MaxValue", "recommends, 0.1 to 0.5"),
    ("lower than recommended", {f"{CONTINUOUS}.0.MinValue": "0"}, f"{CONTINUOUS}[0].MinValue", "recommends, 0.1 to 0.5"),
    ("fractions of whole numbers", only(Continuous=[span("max_depth", 1, 9)]), f"{CONTINUOUS}[0].Name", "move its range to IntegerParameterRanges"),
]  # fmt: skip

QUIET: list[tuple[str, dict[str, Any]]] = [
    ("as it is", {}),
    ("required hyperparameter searched", {f"{STATIC}.num_round": GONE, **TO_A_HUNDRED}),
    ("whole numbers for a fraction", only(Integer=[span("min_child_weight", 2, 8)])),
    ("a script in the algorithm's image", {CHANNEL: GONE, f"{STATIC}.num_round": GONE, **SCRIPT}),
]


@pytest.mark.parametrize(
    ("change", "field", "words"), [each[1:] for each in WARNED], ids=[each[0] for each in WARNED]
)
def test_warning_names_field_and_remedy(change, field, words):
    [warning] = TuningJobRequest.model_validate(changed(case("builtin-xgboost"), change)).warnings()
    assert warning.field == field
    assert words in str(warning)
    assert warning.remedy


@pytest.mark.parametrize("change", [each[1] for each in QUIET], ids=[each[0] for each in QUIET])
def test_no_warning(change):
    assert TuningJobRequest.model_validate(changed(case("builtin-xgboost"), change)).warnings() == []


@pytest.mark.parametrize(
    ("regex", "written", "remedy"),
    [
        (r"\tloss=(\S+)", r"\t", "write #011"),
        ("\tloss=(\\S+)", r"\t", "write #011"),
        (r"[\x1b]loss=(\S+)", r"\x1b", "write #033"),
        (r"\u000dloss=(\S+)", r"\u000d", "write #015"),
        (r"a\nloss=(\S+)", r"\n", "within one line"),
    ],
)
def test_regex_that_looks_for_a_control_character(regex, written, remedy):
    change = {f"{ALGORITHM}.MetricDefinitions.0.Regex": regex}
    [warning] = TuningJobRequest.model_validate(changed(case("control-characters"), change)).warnings()
    assert warning.message.startswith(f"{written} never matches")
    assert warning.remedy.startswith(remedy) or warning.remedy.endswith(remedy)


@pytest.mark.parametrize(
    "regex", [r"\\tloss=(\S+)", r"#011loss=(\S+)", r"\\\\nloss", r"\bloss=(\S+)", r"\x20loss"]
)
def test_regex_without_control_characters(regex):
    change = {f"{ALGORITHM}.MetricDefinitions.0.Regex": regex}
    assert TuningJobRequest.model_validate(changed(case("control-characters"), change)).warnings() == []


@pytest.mark.parametrize(
    ("regex", "missed"),
    [
        (r"loss=([0-9.]+)", "-0.5 and 1e-05"),
        (r"loss=(-?[0-9.]+);", "1e-05"),
        (r"loss=([\d.e-]+?)", None),
        (r"loss=-?([0-9.]+(?:e-\d+)?)", "-0.5"),
        (r"[(](?:train|test)=(\d*\.?\d+)[)]", "-0.5 and 1e-05"),
        (r"loss=([-+.0-9e]+)", None),
        (r"loss=(.*?);", None),
        (r"loss=(\S+)", None),
        (r"epoch=([a-z]+)", None),
        (r"loss=[0-9.]+", None),
    ],
)
def test_regex_that_misses_small_or_negative_numbers(regex, missed):
    change = {f"{ALGORITHM}.MetricDefinitions.0.Regex": regex}
    warnings = TuningJobRequest.model_validate(changed(case("control-characters"), change)).warnings()
    assert [f"does not read {missed}, as Python prints" in warning.message for warning in warnings] == [
        True
    ] * (missed is not None)
    for warning in warnings:
        assert warning.remedy == "write ([-+.0-9e]+) for the number"


def test_custom_image_gets_no_warning_of_an_algorithm():
    change = {
        f"{ALGORITHM}.TrainingImage": CUSTOM,
        **OWN,
        RANGES: only(Integer=[span("i", 1, 9)])[RANGES],
        CHANNEL: GONE,
    }
    request = TuningJobRequest.model_validate(changed(case("builtin-xgboost"), change))
    assert request.warnings() == []
