"""Values in CloudWatch's periods, and their statistics."""

from __future__ import annotations

import statistics as reference

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_hpt_provider.local.cloudwatch.periods import DAY, first_period, in_periods, is_period
from airflow_hpt_provider.local.cloudwatch.statistics import is_percentile, statistic

NOW = 1_790_000_000.0
FINITE = st.floats(-1e6, 1e6)


@pytest.mark.parametrize("seconds", [1, 5, 10, 20, 30, 60, 120, 3600, 86400])
def test_periods_of_cloudwatch(seconds):
    assert is_period(seconds)


@pytest.mark.parametrize("seconds", [0, -60, 2, 15, 45, 61, 90])
def test_no_periods_of_cloudwatch(seconds):
    assert not is_period(seconds)


@pytest.mark.parametrize(
    ("age", "period", "step"),
    [
        (100, 1, 1),
        (100, 5, 5),
        (100, 30, 30),
        (100, 60, 60),
        (100, 3600, 60),
        (16 * DAY, 60, 300),
        (64 * DAY, 60, 3600),
        (64 * DAY, 1, 3600),
    ],
)
def test_a_start_time_is_rounded_down(age, period, step):
    start = NOW - age + 0.75
    first = first_period(start, period, NOW)
    assert first % step == 0
    assert 0 <= start - first < step


@given(
    st.lists(st.tuples(st.floats(0, 10_000), FINITE), min_size=1),
    st.sampled_from([1, 5, 10, 20, 30, 60, 300]),
)
def test_each_value_is_in_the_period_of_its_time(values, period):
    values = sorted(values)
    found = in_periods(values, 0, period)
    assert [value for _, each in found for value in each] == [value for _, value in values]
    assert [at for at, _ in found] == sorted({at // period * period for at, _ in values})


def test_what_cloudwatch_cannot_store_is_left_out():
    assert in_periods([(0, 1e300), (1, 2.0), (2, float("inf"))], 0, 60) == [(0, [2.0])]


@given(st.lists(FINITE, min_size=2))
def test_statistics_of_a_period(values):
    computed = {
        name: statistic(name)(values)
        for name in ("SampleCount", "Average", "Sum", "Minimum", "Maximum", "p0", "p50", "p100", "p25")
    }
    assert computed["SampleCount"] == len(values)
    assert computed["Average"] == pytest.approx(reference.fmean(values), abs=1e-6)
    assert computed["Sum"] == pytest.approx(sum(values), abs=1e-3)
    assert computed["Minimum"] == computed["p0"] == min(values)
    assert computed["Maximum"] == computed["p100"] == max(values)
    assert computed["p50"] == pytest.approx(reference.median(values), abs=1e-6)
    assert computed["p25"] == pytest.approx(reference.quantiles(values, n=4, method="inclusive")[0], abs=1e-6)


@pytest.mark.parametrize("name", ["Median", "p101", "p-1", "average", "tm90", "p", ""])
def test_unknown_statistics(name):
    assert statistic(name) is None
    assert not is_percentile(name)
