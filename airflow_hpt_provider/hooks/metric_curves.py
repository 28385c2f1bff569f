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
PERIOD_SECONDS = 60
"""CloudWatch keeps the metrics of training jobs by the minute; values of one minute are averaged."""
QUERIES = 500
"""Most metrics that one GetMetricData may ask for."""
MARGIN = timedelta(minutes=2)


class MetricPoint(NamedTuple):
    """A metric's average in one minute."""

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

    One GetMetricData call for 500 curves, more if CloudWatch pages its answer. A metric that CloudWatch does not have
    is missing from the result.

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
    curves: Curves = {}
    for first in range(0, len(keys), QUERIES):
        for key, points in _points(cloudwatch, keys[first : first + QUERIES], start, end):
            curves.setdefault(key, []).extend(points)
    return curves


@needs("cloudwatch:GetMetricData")
def _points(
    cloudwatch: Any, keys: Sequence[CurveKey], start: datetime, end: datetime
) -> Iterator[tuple[CurveKey, list[MetricPoint]]]:
    queries = [
        {
            "Id": f"q{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": NAMESPACE,
                    "MetricName": key.metric,
                    "Dimensions": [{"Name": "TrainingJobName", "Value": key.training_job}],
                },
                "Period": PERIOD_SECONDS,
                "Stat": "Average",
            },
        }
        for number, key in enumerate(keys)
    ]
    by_id = {query["Id"]: key for query, key in zip(queries, keys, strict=True)}
    tokens = PageTokens("get_metric_data")
    more: dict[str, str] = {}
    while True:
        answer = cloudwatch.get_metric_data(
            MetricDataQueries=queries, StartTime=start, EndTime=end, ScanBy="TimestampAscending", **more
        )
        for result in answer.get("MetricDataResults", ()):
            points = zip(result.get("Timestamps", ()), result.get("Values", ()), strict=False)
            found = [MetricPoint(time, value) for time, value in points if math.isfinite(value)]
            if found and result.get("Id") in by_id:
                yield by_id[result["Id"]], found
        token = tokens.next(answer.get("NextToken"))
        if token is None:
            return
        more = {"NextToken": token}
