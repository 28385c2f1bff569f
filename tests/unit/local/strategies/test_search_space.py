"""The search space: ranges from the API, scales, bins, strings."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_hpt_provider.local.strategies.parameters import Integer, Scale
from airflow_hpt_provider.local.strategies.space import SearchSpace
from tests.unit.local.strategies.search_cases import CATEGORICAL, MIXED, continuous


@st.composite
def ranges(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """Any ParameterRanges that make sense."""
    finite = st.floats(-1e300, 1e300)
    positive = st.floats(1e-300, 1e300)
    unit = st.floats(0, 1, exclude_max=True)
    whole = st.integers(-(10**15), 10**15)

    def pair(values: st.SearchStrategy[Any]) -> tuple[Any, Any]:
        low, high = sorted((draw(values), draw(values)))
        return low, high

    reals = [
        continuous("linear", *pair(finite), "Linear"),
        continuous("log", *pair(positive), "Logarithmic"),
        continuous("reverse", *pair(unit), "ReverseLogarithmic"),
        continuous("auto", *pair(finite), "Auto"),
    ]
    integers = [
        continuous("whole", *pair(whole), "Linear"),
        continuous("wholelog", *pair(st.integers(1, 10**15)), "Logarithmic"),
    ]
    values = draw(st.lists(st.text(min_size=1), min_size=1, max_size=5, unique=True))
    return {
        "ContinuousParameterRanges": reals,
        "IntegerParameterRanges": integers,
        "CategoricalParameterRanges": [{"Name": "category", "Values": values}],
    }


@given(ranges(), st.lists(st.floats(0, 1), min_size=7, max_size=7))
@settings(max_examples=200, deadline=None)
def test_any_place_of_the_cube_is_a_point_within_the_ranges(
    api: dict[str, list[dict[str, Any]]], coordinates: list[float]
) -> None:
    space = SearchSpace.from_ranges(api)
    row = space.from_cube(np.array([coordinates]))[0]
    assert ((row >= 0) & (row <= 1)).all()
    point = space.decode(row)
    for kind in ("ContinuousParameterRanges", "IntegerParameterRanges"):
        for item in api[kind]:
            assert float(item["MinValue"]) <= point[item["Name"]] <= float(item["MaxValue"])
    assert point["category"] in api["CategoricalParameterRanges"][0]["Values"]
    assert space.parse(space.format(point)) == point
    assert np.allclose(space.encode(space.decode(space.encode(point))), space.encode(point), atol=1e-6)


@given(st.integers(-50, 50), st.integers(0, 40))
def test_every_integer_has_the_same_share_of_a_linear_range(low: int, width: int) -> None:
    parameter = Integer("i", low, low + width)
    places = (np.arange(7 * (width + 1)) + 0.5) / (7 * (width + 1))
    assert set(Counter(parameter.from_unit(u) for u in places).values()) == {7}


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.floats(0, 1), st.sampled_from(list(Scale)[:2]))
def test_an_integer_comes_back_from_the_middle_of_its_bin(
    low: int, width: int, u: float, scale: Scale
) -> None:
    parameter = Integer("i", low, low + width, scale)
    value = parameter.from_unit(u)
    assert parameter.from_unit(parameter.to_unit(value)) == value
    assert parameter.snap(np.array([u]))[0] == pytest.approx(parameter.to_unit(value))


@pytest.mark.parametrize(
    ("scaling", "low", "high", "middle"),
    [
        ("Linear", 0, 10, 5.0),
        ("Logarithmic", 1e-4, 1, 1e-2),
        ("ReverseLogarithmic", 0, 0.9999, 0.99),
        ("Auto", 1e-4, 1, 1e-2),
        ("Auto", 0.5, 2, 1.25),
        ("Auto", 0, 1000, 500.0),
        ("Auto", 0.9, 0.9999, 1 - math.sqrt(0.1 * 0.0001)),
    ],
)
def test_the_middle_of_a_range_is_where_its_scale_has_it(
    scaling: str, low: float, high: float, middle: float
) -> None:
    space = SearchSpace.from_ranges({"ContinuousParameterRanges": [continuous("x", low, high, scaling)]})
    assert space.decode(np.array([0.5]))["x"] == pytest.approx(middle)


def test_values_are_written_as_sagemaker_writes_them() -> None:
    space = SearchSpace.from_ranges(MIXED)
    point = {
        "rate": 0.4630125855085939,
        "momentum": 0.9,
        "drop": 0.0,
        "depth": 7,
        "width": 512,
        "kind": '"b"',
    }
    assert space.format(point) == {
        "rate": "0.4630125855085939",
        "momentum": "0.9",
        "drop": "0.0",
        "depth": "7",
        "width": "512",
        "kind": '"b"',
    }


@pytest.mark.parametrize(
    "change",
    [{"rate": "2.0"}, {"rate": "fast"}, {"depth": "9"}, {"kind": "d"}, {"kind": None}, {"drop": "nan"}],
)
def test_a_parents_point_outside_the_ranges_is_skipped(change: dict[str, Any]) -> None:
    space = SearchSpace.from_ranges(MIXED)
    values = {"rate": "0.1", "momentum": "0.9", "drop": "0.5", "depth": "3.0", "width": "8", "kind": "a"}
    assert space.parse(values | {"not_searched": "1"}) is not None
    assert space.parse({k: v for k, v in (values | change).items() if v is not None}) is None


def test_a_finite_space_is_counted_and_numbered() -> None:
    space = SearchSpace.from_ranges(CATEGORICAL)
    assert space.size == 24
    points = [space.point_at(index) for index in range(24)]
    assert len({space.key(point) for point in points}) == 24
    assert [point["size"] for point in points[:5]] == ["1", "2", "4", "8", "1"]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (
            continuous("x", 0, 1, "Logarithmic"),
            "ScalingType of 'x': Logarithmic scaling needs a range above 0",
        ),
        (continuous("x", 0, 1, "ReverseLogarithmic"), "needs a continuous range within 0 <= x < 1"),
        (continuous("x", 2, 1), "MinValue of 'x' is 2.0, above its MaxValue 1.0: swap them"),
        (continuous("x", "low", 1), "MinValue of 'x' is 'low': give a number"),
        (continuous("x", "nan", 1), "give a finite number"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused(item: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SearchSpace.from_ranges({"ContinuousParameterRanges": [item]})


def test_an_integer_range_wants_whole_numbers() -> None:
    with pytest.raises(ValueError, match="MaxValue of 'n' is '1.5': give a whole number"):
        SearchSpace.from_ranges({"IntegerParameterRanges": [continuous("n", 1, "1.5")]})
