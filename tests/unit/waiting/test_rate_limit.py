"""How often to poll a job, and how many calls an account takes."""

import pytest

from airflow_hpt_provider.waiting import rate_limit
from airflow_hpt_provider.waiting.rate_limit import AdaptiveTokenBucket, next_poll_delay, shared_budget
from airflow_hpt_provider.waiting.snapshot import JobSnapshot

NOW = 1_800_000_000.0


def interval(*, age, completed=0, limit=20, quiet=0.0, status="InProgress", running=2):
    seen = JobSnapshot("tune-1", "arn", status, completed, running, limit=limit, created=NOW - age)
    return next_poll_delay(seen, now=NOW, quiet=quiet, shortest=5, longest=60)


def test_a_young_job_is_polled_often_and_then_less():
    assert [interval(age=age) for age in (0, 40, 100, 300, 10_000)] == [5, 5, 10, 30, 60]


def test_the_nearer_the_end_the_more_often():
    hour = [interval(age=180 * done, completed=done) for done in range(1, 20)]
    assert hour[:9] == [60] * 9
    assert hour[-1] == pytest.approx(18)  # the last training job: three minutes to come
    assert sorted(hour, reverse=True) == hour


def test_a_last_training_job_that_takes_long_is_polled_less_and_less_often():
    assert interval(age=180 * 19, completed=19, quiet=500) == pytest.approx(50)
    assert interval(age=180 * 19, completed=19, quiet=5000) == 60


def test_a_job_that_is_stopping_is_about_to_end():
    assert interval(age=10_000, completed=1, status="Stopping") == 5


def test_without_a_limit_only_the_longest_interval_is_safe():
    assert interval(age=10_000, completed=3, limit=None) == 60


def test_the_callers_own_interval_is_never_exceeded():
    seen = JobSnapshot("tune-1", "arn", "InProgress", created=NOW)
    assert next_poll_delay(seen, now=NOW, quiet=0, shortest=5, longest=2) == 2


def test_a_budget_lets_a_burst_pass_and_then_its_rate():
    budget = AdaptiveTokenBucket(5.0)
    waits = [budget.acquire(100.0) for _ in range(15)]
    assert waits[:10] == [0.0] * 10
    assert waits[10:] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert budget.acquire(103.0) == 0.0  # two seconds' worth is saved up again


def test_throttling_slows_down_and_success_speeds_up_again():
    budget = AdaptiveTokenBucket(5.0)
    budget.on_throttle(100.0)
    budget.on_throttle(100.1)  # was under way together with the first
    assert budget.rate == pytest.approx(3.5)
    for second in range(101, 140):
        budget.on_throttle(float(second))
    assert budget.rate == pytest.approx(0.25)  # never stands still
    for _ in range(20):
        budget.on_success()
    assert budget.rate == 5.0


def test_a_pause_that_the_service_asked_for_is_kept():
    budget = AdaptiveTokenBucket(5.0)
    budget.pause(100.0, 30.0)
    assert budget.acquire(110.0) == pytest.approx(20.0)
    assert budget.acquire(131.0) == 0.0


def test_one_budget_for_each_account_and_region():
    one = shared_budget("https://here", "123456789012", "us-east-1")
    assert shared_budget("https://here", "123456789012", "us-east-1") is one
    assert shared_budget("https://here", "123456789012", "eu-west-1") is not one


def test_the_rate_is_configurable(monkeypatch):
    monkeypatch.setenv("AIRFLOW__HPT__POLLING_CALLS_PER_SECOND", "1.5")
    assert shared_budget("https://here", "123456789012", "eu-north-1").limit == 1.5


def test_the_defaults_are_those_that_airflow_shows():
    from airflow_hpt_provider.provider_info import get_provider_info
    from airflow_hpt_provider.waiting import rate_limit

    options = get_provider_info()["config"]["hpt"]["options"]
    numbers = {name: option for name, option in options.items() if option["type"] == "float"}
    assert {name: float(option["default"]) for name, option in numbers.items()} == {
        "polling_calls_per_second": rate_limit.CALLS_PER_SECOND,
        "min_poll_interval": rate_limit.MIN_POLL_INTERVAL,
    }


def test_settings_have_lower_bounds(monkeypatch):
    assert rate_limit.min_poll_interval() == rate_limit.MIN_POLL_INTERVAL
    assert rate_limit.calls_per_second() == rate_limit.CALLS_PER_SECOND
    monkeypatch.setattr(rate_limit, "setting", lambda name, default: -1.0)
    assert rate_limit.min_poll_interval() == 0
    assert rate_limit.calls_per_second() == 0.01
