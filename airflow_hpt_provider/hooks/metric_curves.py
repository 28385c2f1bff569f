"""The metrics of training jobs over time, from CloudWatch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow_hpt_provider.hooks.actions import needs
from airflow_hpt_provider.hooks.pages import PageTokens

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TrainingJobSummary

NAMESPACE = "/aws/sagemaker/TrainingJobs"
DAY = 86_400.0
QUERIES = 500
"""Most metrics that one GetMetricData may ask for."""
MOST_PAGES = 1_000
MARGIN = timedelta(minutes=2)


class MetricPoint(NamedTuple):
    """A metric's average in one period."""

    time: datetime
    value: float


class CurveKey(NamedTuple):
    """One metric of one training job."""

    training_job: str
    metric: str


Curves = dict[CurveKey, list[MetricPoint]]


@needs("cloudwatch:GetMetricData")
def metric_curves(
    cloudwatch: Any, training_jobs: Sequence[TrainingJobSummary], metrics: Sequence[str]
) -> Curves:
    """Return the metrics of the training jobs that have started, oldest value first.

    CloudWatch keeps the metrics of training jobs by the minute, and older ones by longer periods (:func:`period`); the
    values of one period are averaged. A metric that CloudWatch does not have is missing from the result.

    Args:
        cloudwatch: a boto3 client.
        training_jobs: whose curves.
        metrics: names, as in MetricDefinitions.

    Raises:
        ClientError: for example without the permission cloudwatch:GetMetricData.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
    """
    started = [each for each in training_jobs if each.training_start_time is not None]
    keys = [CurveKey(each.training_job_name, metric) for each in started for metric in metrics]
    if not keys:
        return {}
    start = min(each.training_start_time for each in started if each.training_start_time) - MARGIN
    ends = [each.training_end_time for each in started if each.training_end_time]
    end = (max(ends) if len(ends) == len(started) else datetime.now(UTC)) + MARGIN
    age = (datetime.now(UTC) - start).total_seconds()
    return read_points(cloudwatch, keys, start, end, period(age))


def period(age: float) -> int:
    """Return the shortest period, in seconds, for which CloudWatch still has values of this age in seconds."""
    return 60 if age < 15 * DAY else 300 if age < 63 * DAY else 3600


@needs("cloudwatch:GetMetricData")
def read_points(
    cloudwatch: Any, keys: Sequence[CurveKey], start: datetime, end: datetime, period_seconds: int
) -> Curves:
    """Return the finite averages of each period, oldest first, of the metrics that CloudWatch has.

    One GetMetricData call for 500 metrics, more if CloudWatch pages its response.

    Args:
        cloudwatch: a boto3 client.
        keys: which metrics.
        start, end: between which times.
        period_seconds: the period.

    Raises:
        ClientError: for example without the permission cloudwatch:GetMetricData.
    """
    points: dict[CurveKey, dict[datetime, float]] = {}
    for first in range(0, len(keys), QUERIES):
        batch = keys[first : first + QUERIES]
        queries = [_query(number, key, period_seconds) for number, key in enumerate(batch)]
        by_id = {query["Id"]: key for query, key in zip(queries, batch, strict=True)}
        for result in _results(
            cloudwatch, MetricDataQueries=queries, StartTime=start, EndTime=end, ScanBy="TimestampAscending"
        ):
            found = zip(result.get("Timestamps", ()), result.get("Values", ()), strict=False)
            finite = {time: value for time, value in found if math.isfinite(value)}
            if finite and result.get("Id") in by_id:
                points.setdefault(by_id[result["Id"]], {}).update(finite)
    return {key: [MetricPoint(*point) for point in sorted(of.items())] for key, of in points.items()}


def _query(number: int, key: CurveKey, period_seconds: int) -> dict[str, Any]:
    metric = {
        "Namespace": NAMESPACE,
        "MetricName": key.metric,
        "Dimensions": [{"Name": "TrainingJobName", "Value": key.training_job}],
    }
    return {"Id": f"q{number}", "MetricStat": {"Metric": metric, "Period": period_seconds, "Stat": "Average"}}


@needs("cloudwatch:GetMetricData")
def _results(cloudwatch: Any, **parameters: Any) -> Iterator[dict[str, Any]]:
    tokens, token = PageTokens("get_metric_data", MOST_PAGES), None
    while True:
        answer = cloudwatch.get_metric_data(**parameters, **({"NextToken": token} if token else {}))
        yield from answer.get("MetricDataResults", ())
        token = tokens.next(answer.get("NextToken"))
        if token is None:
            return
