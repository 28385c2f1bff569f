"""Whatever ``airflow-hpt validate`` calls valid, the local service can search."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from airflow_hpt_provider.local.engine.plan import Plan
from airflow_hpt_provider.local.engine.suggesters import make_search
from airflow_hpt_provider.local.strategies.contract import Exhausted, Outcome, Trial
from airflow_hpt_provider.models import check_request
from airflow_hpt_provider.models.numbers import number
from tests.support.any_request import requests
from tests.support.cases import case

EXAMPLES = int(os.environ.get("REQUESTS", "60"))
"""Requests to try; more with --timeout 0: half a second each."""


@settings(
    deadline=None,
    max_examples=EXAMPLES,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(requests(alone=True))
def test_what_is_valid_can_be_searched(request):
    assert check_request(request) == []
    check_searched(request)


def check_searched(request):
    for definition in Plan.of(request, seed=1).definitions:
        search = make_search(definition)
        point = search.strategy.suggest([]).point
        names = {each["Name"] for elements in definition.ranges.values() for each in elements}
        assert set(point) == names
        assert not names & set(definition.static)
        for kind in ("IntegerParameterRanges", "ContinuousParameterRanges"):
            for each in definition.ranges.get(kind, ()):
                value = point[each["Name"]]
                assert number(each["MinValue"]) <= value <= number(each["MaxValue"])


def test_only_auto_parameters_are_searched():
    request = case("only-auto-parameters")
    assert check_request(request) == []
    check_searched(request)
    [definition] = Plan.of(request, seed=1).definitions
    assert set(make_search(definition).strategy.suggest([]).point) == {
        "max_depth",
        "eta",
        "subsample",
        "num_round",
    }
    assert "num_round" not in definition.static


def test_without_anything_to_search_there_is_one_training_job():
    request = case("control-characters") | {"Autotune": {"Mode": "Enabled"}}
    for strategy in ("Bayesian", "Random", "Grid"):
        request["HyperParameterTuningJobConfig"] |= {"Strategy": strategy, "ParameterRanges": {}}
        assert check_request(request) == []
        [definition] = Plan.of(request, seed=1).definitions
        search = make_search(definition)
        assert search.strategy.suggest([]).point == {}
        with pytest.raises(Exhausted):
            search.strategy.suggest([Trial(1, {}, Outcome.SUCCEEDED, 1.0)])
