"""Rounding to single precision equals what SageMaker has answered."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_hpt_provider.models.float32 import MAX, float32

RECORDED = {
    2.91488: 2.9148800373077393,
    -3.5419: -3.5418999195098877,
    3.53175: 3.531749963760376,
    0.654594: 0.6545940041542053,
    1.19876: 1.1987600326538086,
    0.98765403: 0.9876540303230286,
}
"""What training jobs printed, and the values in SageMaker's responses about them."""


@pytest.mark.parametrize(("printed", "answered"), RECORDED.items())
def test_recorded_values(printed: float, answered: float) -> None:
    assert float32(printed) == answered
    assert float32(answered) == answered


def test_what_is_beyond_single_precision_stays_a_number() -> None:
    assert (float32(1e300), float32(-1e39)) == (MAX, -MAX)
    assert (float32(10**400), float32(-(10**400))) == (MAX, -MAX)
    assert float32(1e-60) == 0.0
    assert math.isnan(float32(math.nan))
    assert float32(-math.inf) == -math.inf


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_order_is_kept(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert float32(low) <= float32(high)
