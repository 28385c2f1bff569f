"""The warning about training jobs that all report the same objective value."""

import math

import pytest

from airflow_hpt_provider.models.constant_objective import constant_objective, constant_objective_warning


def results(*objectives):
    return [({"rate": str(number)}, objective) for number, objective in enumerate(objectives)]


@pytest.mark.parametrize(
    ("found", "value"),
    [
        (results(0.5, 0.5, 0.5, 0.5, 0.5), 0.5),
        (results(0.0, None, math.nan, 0.0, 0.0, 0.0, math.inf, 0.0), 0.0),
        (results(0.5, 0.5, 0.5, 0.5), None),
        (results(0.5, 0.5, 0.5, 0.5, None), None),
        (results(0.5, 0.5, 0.5, 0.5, 0.5, 0.5000001), None),
        ([({"rate": "1"}, 0.5)] * 7, None),
        ([], None),
    ],
)
def test_five_different_training_jobs_with_one_objective_value_are_suspicious(found, value):
    assert constant_objective(found) == value


def test_the_order_of_hyperparameters_makes_no_difference():
    pairs = [({"a": "1", "b": "2"}, 1.0), ({"b": "2", "a": "1"}, 1.0)] * 3
    assert constant_objective(pairs) is None


def test_the_warning_names_metric_value_and_remedy():
    text = constant_objective_warning("loss", 0.25)
    assert text.startswith("All training jobs reported the same value of loss, 0.25,")
    assert "Check that the training script reads its hyperparameters" in text
