"""Properties of configs, of what a script gets, and of requests, on ten thousand examples each (``make test-heavy``).

The suites of every day try a hundred examples of the same properties.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.provider import test_templates as templates
from tests.support.agreement import Agreement, variants, within_limits
from tests.support.any_request import requests
from tests.unit.docs.test_what_reaches_sagemaker import CONFIG
from tests.unit.local import test_tuned_values as tuned_values
from tests.unit.models import test_yaml_1_2 as yaml_1_2

pytestmark = [pytest.mark.integration, pytest.mark.heavy, pytest.mark.timeout(3600)]


def hold(test: Callable[..., Any], *strategies: Any) -> None:
    """Try a property on ten thousand examples."""
    settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))(
        given(*strategies)(test)
    )()


def test_literals_under_native_rendering():
    def literals(mapped: bool, values: list[str]) -> None:
        templates.literals_come_out_equal(CONFIG, mapped, values)

    hold(literals, st.booleans(), templates.VALUES)


def test_yaml_and_json_of_other_programs():
    def values(value: Any) -> None:
        yaml_1_2.is_read_as_it_was_meant(value)

    hold(values, yaml_1_2.VALUES)


def test_tuned_values_to_the_last_digit():
    def values(real: float, whole: int, word: str) -> None:
        tuned_values.same_everywhere(real, whole, word)

    hold(values, tuned_values.FLOATS, tuned_values.INTEGERS, tuned_values.CATEGORIES)


def test_validate_and_the_local_service_agree(tmp_path: Path) -> None:
    """Requests of the whole generator, each with nine copies that break a rule."""
    agreement, dice = Agreement(tmp_path), random.Random(18)

    def agree(request: dict[str, Any]) -> None:
        if dice.random() < 0.8:
            request = within_limits(request)
        for each in variants(request, dice, 9):
            agreement.check(each)

    logging.disable(logging.CRITICAL)  # thousands of warnings about what may go wrong on AWS
    phases = [Phase.generate]
    settings(max_examples=1_050, deadline=None, suppress_health_check=list(HealthCheck), phases=phases)(
        given(requests(alone=True))(agree)
    )()
    logging.disable(logging.NOTSET)
    print(dict(agreement.counts))
    assert agreement.counts.total() >= 10_000
    assert agreement.counts["valid"] > 500
    assert agreement.counts["local limit"] < 1_000
