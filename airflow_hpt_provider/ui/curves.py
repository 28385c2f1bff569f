"""Learning curves: the values that training jobs reported while they trained, from CloudWatch's metrics."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from airflow_hpt_provider.hooks.metric_curves import CurveKey, MetricPoint, period, read_points

MOST_POINTS = 100
"""Of one curve: a chart has no more room, and a thousand curves have to reach the browser."""
OBJECTIVE = "ObjectiveMetric"
"""SageMaker's second name of the objective, among the final metrics only."""


class Wanted(NamedTuple):
    """A curve to be read.

    Attributes:
        training_job: its name.
        metric: a metric of it.
        begin, end: between which times it trained, in seconds since 1970.
    """

    training_job: str
    metric: str
    begin: float
    end: float


class Curve(NamedTuple):
    """A curve that was read.

    Attributes:
        numbers: 1 for the first value that was reported; some in between are left out of a long curve.
        seconds: since ``begin`` of what was wanted, of each.
        values: of each.
    """

    numbers: list[int]

    seconds: list[float]
    values: list[float]


def read_curves(cloudwatch: Any, wanted: Sequence[Wanted], now: float, *, is_aws: bool) -> list[Curve]:
    """Return the curves, in the same order; one of which nothing is known is empty.

    Args:
        cloudwatch: a boto3 client.
        wanted: which.
        now: seconds since 1970.
        is_aws: whether the metrics have CloudWatch's resolution of a minute. The local service keeps every value.
    """
    if not wanted:
        return []
    begin = min(one.begin for one in wanted) - 60  # CloudWatch puts a value to the begin of its period
    seconds = period(now - begin) if is_aws else 1
    points = read_points(
        cloudwatch,
        [CurveKey(one.training_job, one.metric) for one in wanted],
        datetime.fromtimestamp(begin, UTC),
        datetime.fromtimestamp(max(one.end for one in wanted) + 2 * seconds, UTC),
        seconds,
    )
    return [_thinned(one, points.get(CurveKey(one.training_job, one.metric), [])) for one in wanted]


def _thinned(wanted: Wanted, points: Sequence[MetricPoint]) -> Curve:
    """Keep at most :data:`MOST_POINTS` of the points, evenly; the first and the last among them."""
    ordered = [(number, point.time.timestamp(), point.value) for number, point in enumerate(points, 1)]
    if len(ordered) > MOST_POINTS:
        step = (len(ordered) - 1) / (MOST_POINTS - 1)
        ordered = [ordered[round(place * step)] for place in range(MOST_POINTS)]
    return Curve(
        [number for number, _, _ in ordered],
        [round(max(0.0, at - wanted.begin), 1) for _, at, _ in ordered],
        [float(f"{value:.6g}") for _, _, value in ordered],
    )
