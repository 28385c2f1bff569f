"""Properties of what a config says and of what a script gets, on ten thousand examples each (``make test-heavy``).

The suites of every day try a hundred examples of the same properties.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.provider import test_templates as templates
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
