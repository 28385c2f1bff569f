"""Learning curves: which calls read them, what of them reaches the browser, and which are read again."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_hpt_provider.hooks.metric_curves import DAY, QUERIES
from airflow_hpt_provider.ui.curve_reader import LATE_SECONDS, CurveReader
from airflow_hpt_provider.ui.curves import MOST_POINTS, Wanted, read_curves

NOW = 1_800_000_000.0


class CloudWatch:
    """Has these values of every metric: seconds since the training job's begin, value."""

    def __init__(self, values: list[tuple[float, float]], begin: float = NOW, page: int = 2) -> None:
        self.values, self.begin, self.page, self.calls = values, begin, page, list[dict[str, Any]]()

    def get_metric_data(self, **parameters: Any) -> dict[str, Any]:
        self.calls.append(parameters)
        first = int(parameters.get("NextToken", "0"))
        queries = parameters["MetricDataQueries"]
        results = [
            {
                "Id": query["Id"],
                "Timestamps": [datetime.fromtimestamp(self.begin + at, UTC) for at, _ in self.values],
                "Values": [value for _, value in self.values],
            }
            for query in queries[first : first + self.page]
        ]
        rest = first + self.page
        more = {"NextToken": str(rest)} if rest < len(queries) else {}
        return {"MetricDataResults": results, **more}


def wanted(count: int) -> list[Wanted]:
    return [Wanted(f"job-{number}", "loss", NOW, NOW + 100) for number in range(count)]


def test_all_pages_of_a_batch_and_values_without_nan() -> None:
    cloudwatch = CloudWatch([(0, 1.0), (10, float("nan")), (20, 0.123456789)])
    found = read_curves(cloudwatch, wanted(5), NOW, is_aws=False)
    assert [tuple(curve) for curve in found] == [([1, 2], [0.0, 20.0], [1.0, 0.123457])] * 5
    assert [call.get("NextToken") for call in cloudwatch.calls] == [None, "2", "4"]
    query = cloudwatch.calls[0]["MetricDataQueries"][3]
    assert query["MetricStat"]["Metric"]["Dimensions"] == [{"Name": "TrainingJobName", "Value": "job-3"}]


def test_500_curves_in_one_call() -> None:
    cloudwatch = CloudWatch([], page=300)
    assert len(read_curves(cloudwatch, wanted(QUERIES + 1), NOW, is_aws=False)) == QUERIES + 1
    sizes = [len(call["MetricDataQueries"]) for call in cloudwatch.calls if "NextToken" not in call]
    assert sizes == [500, 1]


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    values = [(float(at), float(at)) for at in range(1234)]
    [curve] = read_curves(CloudWatch(values), wanted(1), NOW, is_aws=False)
    assert (len(curve.values), curve.values[0], curve.values[-1]) == (MOST_POINTS, 0.0, 1233.0)
    assert curve.values == sorted(set(curve.values))
    assert (curve.numbers[0], curve.numbers[-1]) == (1, 1234), "each keeps the number of its value"
    assert [number - 1 for number in curve.numbers] == curve.values


@pytest.mark.parametrize(
    ("age", "is_aws", "seconds"),
    [(60, False, 1), (60, True, 60), (14 * DAY, True, 60), (16 * DAY, True, 300), (64 * DAY, True, 3600)],
)
def test_old_values_have_a_coarser_resolution(age: float, is_aws: bool, seconds: int) -> None:
    cloudwatch = CloudWatch([])
    read_curves(cloudwatch, wanted(1), NOW + age, is_aws=is_aws)
    [call] = cloudwatch.calls
    assert call["MetricDataQueries"][0]["MetricStat"]["Period"] == seconds


def reader_of(cloudwatch: CloudWatch) -> CurveReader:
    reader: Any = SimpleNamespace(
        guarded=lambda job, attempt, call: call(), hook=lambda settings: SimpleNamespace(is_aws=False)
    )
    return CurveReader(reader, lambda job, service: cloudwatch)


def view_of(*ended_seconds_ago: float | None) -> Any:
    now = datetime.now(UTC)
    trials = {
        f"job-{number}": SimpleNamespace(
            training_job_name=f"job-{number}",
            training_start_time=now - timedelta(hours=1),
            training_end_time=None if ago is None else now - timedelta(seconds=ago),
        )
        for number, ago in enumerate(ended_seconds_ago)
    }
    objective = SimpleNamespace(metric_name="loss")
    return SimpleNamespace(
        training_jobs=trials, description=SimpleNamespace(objective_of=lambda: objective, is_terminal=False)
    )


def test_curves_that_do_not_change_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    cloudwatch = CloudWatch([(1.0, 0.5)], begin=time.time())
    curves = reader_of(cloudwatch)
    job: Any = SimpleNamespace(name="churn", settings=SimpleNamespace(key="k"))
    view = view_of(LATE_SECONDS + 60, 1, None)
    assert curves.of_objective(job, view)["curves"]["name"] == ["job-0", "job-1", "job-2"]
    assert curves.of_objective(job, view)["metric"] == "loss"
    asked = [len(call["MetricDataQueries"]) for call in cloudwatch.calls if "NextToken" not in call]
    assert asked == [3], "the second request is answered from the cache"
    monkeypatch.setattr("airflow_hpt_provider.ui.curve_reader.RUNNING_SECONDS", 0.0)
    curves = reader_of(cloudwatch)
    cloudwatch.calls.clear()
    for _ in range(2):
        found = curves.of_objective(job, view)
    assert found["curves"]["name"] == ["job-0", "job-1", "job-2"]
    asked = [len(call["MetricDataQueries"]) for call in cloudwatch.calls if "NextToken" not in call]
    assert asked == [3, 2], "values of one that has just ended may still arrive"


def test_training_jobs_that_have_not_begun_and_empty_curves_are_left_out() -> None:
    view = view_of(None)
    view.training_jobs["job-0"].training_start_time = None
    job: Any = SimpleNamespace(name="churn", settings=SimpleNamespace(key="k"))
    cloudwatch = CloudWatch([])
    assert reader_of(cloudwatch).of_objective(job, view)["curves"]["name"] == []
    assert cloudwatch.calls == []
    assert reader_of(cloudwatch).of_objective(job, view_of(1))["curves"]["name"] == []
