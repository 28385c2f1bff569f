"""Curves from CloudWatch: batches of 500, pages that end, the time between start and end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_hpt_provider.hooks.metric_curves import QUERIES, CurveKey, metric_curves
from airflow_hpt_provider.hooks.responses import EndlessPagesError
from tests.support.tuning_history import START, history_as_json, history_from_json

JOBS = history_from_json(history_as_json()).training_jobs


class CloudWatch:
    """Answers each query with its training job's number, in two pages of one point each."""

    def __init__(self, token: str | None = None) -> None:
        self.calls: list[dict[str, object]] = []
        self.token = token

    def get_metric_data(self, **parameters):
        self.calls.append(parameters)
        page = "NextToken" in parameters
        results = [
            {
                "Id": query["Id"],
                "Timestamps": [START + timedelta(minutes=page)],
                "Values": [float(query["MetricStat"]["Metric"]["Dimensions"][0]["Value"][-3:])],
            }
            for query in parameters["MetricDataQueries"]
        ]
        answer = {"MetricDataResults": results}
        return answer if page and self.token is None else {**answer, "NextToken": self.token or "more"}


def test_pages_are_put_together_in_order():
    cloudwatch = CloudWatch()
    curves = metric_curves(cloudwatch, JOBS, ["loss", "accuracy"])
    assert set(curves) == {CurveKey(f"exported-00{n}", m) for n in (1, 2, 3) for m in ("loss", "accuracy")}
    assert [tuple(point) for point in curves[CurveKey("exported-002", "loss")]] == [
        (START, 2.0),
        (START + timedelta(minutes=1), 2.0),
    ]


def test_a_call_has_500_queries_at_most_with_ids_of_its_own():
    cloudwatch = CloudWatch()
    metrics = [f"metric-{number}" for number in range(200)]
    assert len(metric_curves(cloudwatch, JOBS, metrics)) == 600
    sizes = [len(call["MetricDataQueries"]) for call in cloudwatch.calls]
    assert sizes == [QUERIES, QUERIES, 100, 100]
    for call in cloudwatch.calls:
        assert len({query["Id"] for query in call["MetricDataQueries"]}) == len(call["MetricDataQueries"])


def test_the_time_is_that_of_the_training_jobs_and_open_while_one_runs():
    ended = [job for job in JOBS if job.training_end_time]
    for jobs, until in ((ended, START + timedelta(minutes=3)), (JOBS, datetime.now(UTC))):
        cloudwatch = CloudWatch()
        metric_curves(cloudwatch, jobs, ["loss"])
        assert cloudwatch.calls[0]["StartTime"] <= START
        assert cloudwatch.calls[0]["EndTime"] >= until


@pytest.mark.parametrize(("jobs", "metrics"), [([], ["loss"]), (JOBS, [])])
def test_nothing_to_ask_for_is_no_call(jobs, metrics):
    cloudwatch = CloudWatch()
    assert metric_curves(cloudwatch, jobs, metrics) == {}
    assert cloudwatch.calls == []


def test_a_token_that_repeats_ends_the_loop():
    with pytest.raises(EndlessPagesError):
        metric_curves(CloudWatch(token="again"), JOBS, ["loss"])


@pytest.mark.parametrize(("days", "seconds"), [(1, 60), (16, 300), (64, 3600)])
def test_old_metrics_are_asked_for_by_the_periods_that_cloudwatch_still_has(days, seconds):
    started = datetime.now(UTC) - timedelta(days=days)
    ended = started + timedelta(minutes=10)
    cloudwatch = CloudWatch()
    old = JOBS[0].model_copy(update={"training_start_time": started, "training_end_time": ended})
    metric_curves(cloudwatch, [old], ["loss"])
    assert {call["MetricDataQueries"][0]["MetricStat"]["Period"] for call in cloudwatch.calls} == {seconds}
