"""``airflow-hpt validate`` and the local service agree on generated requests; ``make test-heavy`` tries 10,000."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.models import check_request
from tests.support.agreement import Agreement, variants, within_limits
from tests.support.any_request import requests
from tests.support.cases import case


def test_both_take_it_or_neither_does(tmp_path):
    agreement = Agreement(tmp_path)

    @settings(
        deadline=None,
        max_examples=15,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.reuse, Phase.generate],
    )
    @given(requests(alone=True))
    def agree(request):
        dice = random.Random(len(str(request)))
        if dice.random() < 0.8:
            request = within_limits(request)
        for each in variants(request, dice, 5):
            agreement.check(each)

    agree()
    assert agreement.counts["valid"] > 5
    assert agreement.counts["invalid"] > 20


@pytest.mark.parametrize("name", ["builtin-xgboost", "only-auto-parameters", "control-characters"])
def test_cases_that_both_take(tmp_path, name):
    agreement = Agreement(tmp_path)
    agreement.check(case(name))
    assert agreement.counts == {"valid": 1}


def test_a_disagreement_is_found(tmp_path, monkeypatch):
    agreement = Agreement(tmp_path)
    request = case("control-characters")

    def refuse(*_):
        raise ServiceError("ValidationException", "no")

    monkeypatch.setattr(agreement.engine.runner, "check", refuse)
    with pytest.raises(AssertionError, match="validate takes what the service refuses: no"):
        agreement.check(request)


def test_no_python_in_a_refusal(tmp_path):
    agreement = Agreement(tmp_path)
    request = case("control-characters")
    request["TrainingJobDefinition"]["OutputDataConfig"]["S3OutputPath"] = "https://a]b\x85/é"
    assert check_request(request) == []
    agreement.check(request)
    assert agreement.counts == {"local limit": 1}
