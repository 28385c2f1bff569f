"""Which ranges stand in for AutoParameters."""

import pytest

from airflow_hpt_provider.models.auto_ranges import searched_ranges

XGBOOST = "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1"


def searched(*auto, image="mine", static=None, strategy="Bayesian", **ranges):
    ranges["AutoParameters"] = [{"Name": name, "ValueHint": hint} for name, hint in auto]
    return searched_ranges(ranges, image=image, static=static or {}, strategy=strategy, autotune=True)


@pytest.mark.parametrize(
    ("hint", "kind", "bounds"),
    [
        ("50", "Integer", ("25", "100")),
        ("1", "Integer", ("1", "2")),
        ("0", "Integer", ("0", "2")),
        ("-1", "Integer", ("-2", "-1")),
        ("-9", "Integer", ("-18", "-4")),
        ("0.5", "Continuous", ("0.05", "1.0", "Logarithmic")),
        ("1.0", "Continuous", ("0.1", "1.0", "Logarithmic")),
        ("2.5", "Continuous", ("0.25", "25.0", "Logarithmic")),
        ("1e-4", "Continuous", ("1e-05", "0.001", "Logarithmic")),
        ("0.0", "Continuous", ("0.0", "1.0")),
        ("-0.5", "Continuous", ("-5.0", "-0.05")),
    ],
)
def test_range_from_a_hint(hint, kind, bounds):
    ranges, kept = searched(("x", hint))
    element = dict(zip(("MinValue", "MaxValue", "ScalingType"), bounds, strict=False))
    assert ranges == {f"{kind}ParameterRanges": [{"Name": "x", **element}]}
    assert kept == {}


@pytest.mark.parametrize("hint", ["adam", "", "nan", "inf", "1e308", "-1e308", "1_000"])
def test_other_hints_are_kept(hint):
    assert searched(("x", hint)) == ({}, {"x": hint})


def test_switches_and_given_ranges():
    given = {"CategoricalParameterRanges": [{"Name": "kind", "Values": ["a"]}]}
    ranges, kept = searched(("on", "True"), ("depth", "4"), strategy="Grid", **given)
    assert ranges == {
        "CategoricalParameterRanges": [
            {"Name": "kind", "Values": ["a"]},
            {"Name": "on", "Values": ["True", "False"]},
        ]
    }
    assert kept == {"depth": "4"}
    assert given == {"CategoricalParameterRanges": [{"Name": "kind", "Values": ["a"]}]}, (
        "the input is left alone"
    )


def test_an_algorithm_has_its_recommended_ranges():
    ranges, kept = searched(("max_depth", "5"), ("eta", "0.1"), ("booster", "dart"), image=XGBOOST)
    assert ranges == {
        "IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "0", "MaxValue": "10"}],
        "ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5"}],
    }
    assert kept == {"booster": "dart"}


def test_an_algorithm_without_ranges_is_searched_whole():
    ranges, _ = searched(image=XGBOOST, static={"num_round": "5"})
    names = {each["Name"] for elements in ranges.values() for each in elements}
    assert {"eta", "max_depth", "lambda"} <= names
    assert "num_round" not in names
    assert searched(image="mine") == ({}, {})
