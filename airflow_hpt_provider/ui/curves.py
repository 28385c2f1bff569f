"""Learning curves: the values that training jobs reported while they trained, from CloudWatch's metrics."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from airflow_hpt_provider.hooks.actions import needs
from airflow_hpt_provider.hooks.pages import PageTokens

NAMESPACE = "/aws/sagemaker/TrainingJobs"
QUERIES = 500
"""CloudWatch's limit for one call."""
MOST_POINTS = 100
"""Of one curve: a chart has no more room, and a thousand curves have to reach the browser."""
OBJECTIVE = "ObjectiveMetric"
"""SageMaker's second name of the objective, among the final metrics only."""
DAY = 86_400.0


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
    """Return the curves, in the same order: 500 in one call; one of which nothing is known is empty.

    Args:
        cloudwatch: a boto3 client.
        wanted: which.
        now: seconds since 1970.
        is_aws: whether the metrics have CloudWatch's resolution of a minute. The local service keeps every value.
    """
    curves: list[Curve] = []
    for first in range(0, len(wanted), QUERIES):
        curves += _batch(cloudwatch, wanted[first : first + QUERIES], now, is_aws=is_aws)
    return curves


def period(age: float, *, is_aws: bool) -> int:
    """Return the shortest period, in seconds, for which CloudWatch still has values of this age."""
    if not is_aws:
        return 1
    return 60 if age < 15 * DAY else 300 if age < 63 * DAY else 3600


def _batch(cloudwatch: Any, wanted: Sequence[Wanted], now: float, *, is_aws: bool) -> list[Curve]:
    begin = min(one.begin for one in wanted) - 60  # CloudWatch puts a value to the begin of its period
    seconds = period(now - begin, is_aws=is_aws)
    queries = [
        {
            "Id": f"q{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": NAMESPACE,
                    "MetricName": one.metric,
                    "Dimensions": [{"Name": "TrainingJobName", "Value": one.training_job}],
                },
                "Period": seconds,
                "Stat": "Average",
            },
        }
        for number, one in enumerate(wanted)
    ]
    points: list[dict[float, float]] = [{} for _ in wanted]
    for answer in _pages(
        cloudwatch,
        MetricDataQueries=queries,
        StartTime=datetime.fromtimestamp(begin, UTC),
        EndTime=datetime.fromtimestamp(max(one.end for one in wanted) + 2 * seconds, UTC),
        ScanBy="TimestampAscending",
    ):
        for result in answer.get("MetricDataResults", ()):
            number = int(result["Id"].removeprefix("q"))
            for at, value in zip(result["Timestamps"], result["Values"], strict=True):
                if math.isfinite(value):
                    points[number][at.timestamp()] = value
    return [_thinned(one, found) for one, found in zip(wanted, points, strict=True)]


@needs("cloudwatch:GetMetricData")
def _pages(cloudwatch: Any, **parameters: Any) -> Iterator[dict[str, Any]]:
    tokens, token = PageTokens("get_metric_data", most=200), None
    while True:
        answer = cloudwatch.get_metric_data(**parameters, **({"NextToken": token} if token else {}))
        yield answer
        token = tokens.next(answer.get("NextToken"))
        if token is None:
            return


def _thinned(wanted: Wanted, points: dict[float, float]) -> Curve:
    """Keep at most :data:`MOST_POINTS` of the points, evenly; the first and the last among them."""
    ordered = [(number, at, value) for number, (at, value) in enumerate(sorted(points.items()), 1)]
    if len(ordered) > MOST_POINTS:
        step = (len(ordered) - 1) / (MOST_POINTS - 1)
        ordered = [ordered[round(place * step)] for place in range(MOST_POINTS)]
    return Curve(
        [number for number, _, _ in ordered],
        [round(max(0.0, at - wanted.begin), 1) for _, at, _ in ordered],
        [float(f"{value:.6g}") for _, _, value in ordered],
    )
