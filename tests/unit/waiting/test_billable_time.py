"""When a job's billable seconds are measured, and when its budget is exceeded; with a clock of the test's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from airflow_hpt_provider.exceptions import TuningJobBudgetExceededError
from airflow_hpt_provider.waiting import billable_time
from airflow_hpt_provider.waiting.billable_time import MEASURE_SECONDS, BillableTimeMonitor
from tests.support.frozen_clock import stop_clock

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, billable_time, NOW)


class Hook:
    """Spent seconds by job; counts the calls."""

    def __init__(self, spent: dict[str, float]) -> None:
        self.spent = spent
        self.calls: list[str] = []

    def billable_seconds(self, name: str) -> float:
        self.calls.append(name)
        return self.spent[name]


def running(age: float, parallel: int, status: str = "InProgress") -> Any:
    limits = SimpleNamespace(max_parallel_training_jobs=parallel)
    config = SimpleNamespace(resource_limits=limits)
    return SimpleNamespace(
        status=status,
        hyper_parameter_tuning_job_config=config,
        creation_time=NOW - timedelta(seconds=age),
    )


def monitor(spent: float, limit: float = 1000, **earlier: float) -> tuple[BillableTimeMonitor, Hook]:
    hook = Hook({"job": spent, **earlier})
    return BillableTimeMonitor(hook, "job", limit, list(earlier)), hook  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("age", "parallel", "measured"),
    [(99, 10, False), (100, 10, True), (249, 4, False), (250, 4, True), (999, 1, False), (1000, 1, True)],
)
def test_it_is_measured_as_soon_as_parallel_jobs_can_have_used_it_up(
    age: float, parallel: int, measured: bool
) -> None:
    meter, hook = monitor(500)
    meter.check(running(age, parallel))
    assert hook.calls == ["job"] * measured


@pytest.mark.parametrize(("age", "parallel", "due"), [(20, 10, 80), (0, 4, 250), (999.9, 1, 1)])
def test_and_not_before(age: float, parallel: int, due: float) -> None:
    meter, _ = monitor(0)
    assert meter.check(running(age, parallel)) == pytest.approx(due)


@pytest.mark.parametrize(("spent", "exceeded"), [(999.9, False), (1000, True), (5000, True)])
def test_the_limit_is_reached_at_the_limit(spent: float, exceeded: bool) -> None:
    meter, _ = monitor(spent)
    if not exceeded:
        assert meter.check(running(900, 10)) == MEASURE_SECONDS
        return
    with pytest.raises(TuningJobBudgetExceededError, match=rf"has used {spent:.0f} billable seconds"):
        meter.check(running(900, 10))


def test_what_is_left_is_used_by_all_parallel_jobs() -> None:
    meter, _ = monitor(200, limit=10_000)
    assert meter.check(running(2500, 4)) == pytest.approx((10_000 - 200) / 4)


def test_earlier_attempts_count_and_are_measured_once() -> None:
    meter, hook = monitor(100, first=600.0, second=200.0)
    assert meter.check(running(40, 4)) == pytest.approx((1000 - 800) / 4 - 40)
    meter._due = 0.0
    hook.spent["job"] = 200.0
    with pytest.raises(TuningJobBudgetExceededError, match="has used 1000 billable"):
        meter.check(running(50, 4))
    assert hook.calls == ["first", "second", "job"]


def test_no_call_before_it_is_due_or_when_the_job_is_over() -> None:
    meter, hook = monitor(500)
    assert meter.check(running(5000, 10, status="Stopping")) == MEASURE_SECONDS
    assert 0 < meter.check(running(5000, 10)) <= MEASURE_SECONDS
    assert hook.calls == []


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "ListTrainingJobs")


@pytest.mark.parametrize(
    ("error", "fatal"),
    [
        (refused("AccessDeniedException"), True),
        (refused("ThrottlingException"), False),
        (RuntimeError("on no list, and the connection has worked"), False),
    ],
    ids=repr,
)
def test_an_error_for_good_is_raised_and_another_retried(error: Exception, fatal: bool) -> None:
    meter, _ = monitor(0)

    def fail(name: str) -> float:
        raise error

    meter.hook.billable_seconds = fail  # type: ignore[method-assign, assignment]
    if fatal:
        with pytest.raises(ClientError):
            meter.check(running(5000, 10))
    else:
        assert meter.check(running(5000, 10)) == MEASURE_SECONDS
