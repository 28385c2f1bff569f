"""Which models the gate of RegisterBestTrainingJobOperator lets through."""

import math
from types import SimpleNamespace

import pytest

from airflow_hpt_provider.registry import Champion, refusal

CHAMPION = Champion("arn", "loss", 0.5)


def result(value, kind="Minimize"):
    return SimpleNamespace(
        final_metric=value, objective=SimpleNamespace(metric_name="loss", type=kind), tuning_job_name="tune"
    )


@pytest.mark.parametrize(
    ("value", "kind", "passes"),
    [(0.4, "Minimize", True), (0.6, "Minimize", False), (0.5, "Minimize", False), (0.6, "Maximize", True)],
)
def test_better_than_the_champion(value, kind, passes):
    reason = refusal(result(value, kind), min_metric=None, must_improve=True, champion=CHAMPION)
    assert (reason is None) is passes


@pytest.mark.parametrize("kind", ["Minimize", "Maximize"])
def test_a_metric_that_is_no_number_is_refused(kind):
    for limits in ({"min_metric": 0.5, "must_improve": False}, {"min_metric": None, "must_improve": True}):
        assert refusal(result(math.nan, kind), **limits, champion=CHAMPION)
