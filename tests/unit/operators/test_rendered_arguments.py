"""Arguments that were templates: each is checked once it is rendered, before a tuning job is created."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG

from airflow_hpt_provider.exceptions import TuningJobConfigError
from airflow_hpt_provider.operators.arguments import check_on_resource_limit
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.retries.strategy import TuningRetryStrategy
from airflow_hpt_provider.waiting.budget import BudgetLimits

CREATED = datetime(2026, 11, 1, tzinfo=UTC)


def rendered(**values: Any) -> HyperParameterTuningJobOperator:
    """Return an operator whose arguments were templates, and have these values now."""
    with DAG("dag", schedule=None):
        task = HyperParameterTuningJobOperator(
            task_id="tune", config={}, **dict.fromkeys(values, "{{ params.x }}")
        )
    for name, value in values.items():
        setattr(task, name, value)
    return task


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeout", "0"),
        ("timeout", "soon"),
        ("resource_limit_timeout", "0"),
        ("resource_limit_timeout", "soon"),
        ("poll_interval", "0"),
        ("on_resource_limit", "ignore"),
        ("on_resource_limit", ""),
        ("on_stopped", "ignore"),
        ("on_timeout", "ignore"),
        ("on_budget_exceeded", "ignore"),
        ("event_queue_url", "queue"),
        ("event_queue_url", ""),
        ("retry_strategy", "many"),
        ("retry_strategy", "0"),
        ("max_billable_seconds", "0"),
        ("max_billable_seconds", "cheap"),
        ("max_failed_training_jobs", "-1"),
        ("wait_for_completion", "perhaps"),
    ],
)
def test_a_wrong_value_ends_the_task_first(name: str, value: str) -> None:
    with pytest.raises((ValueError, TuningJobConfigError), match=name):
        rendered(**{name: value})._cast_templated()


def test_right_values() -> None:
    task = rendered(
        timeout="3600",
        resource_limit_timeout="PT2M",
        poll_interval="7",
        on_resource_limit="wait",
        on_stopped="skip",
        on_timeout="use_best",
        on_budget_exceeded="fail",
        event_queue_url="https://sqs.us-east-1.amazonaws.com/123456789012/queue",
        retry_strategy="3",
        max_billable_seconds="60",
        max_failed_training_jobs="2",
        wait_for_completion="false",
    )
    task._cast_templated()
    assert (task.poll_interval, task.wait_for_completion) == (7.0, False)
    assert (task._timeout, task._limit_timeout) == (timedelta(hours=1), timedelta(minutes=2))
    assert task._strategy == TuningRetryStrategy(3)
    assert task._limits == BudgetLimits(60.0, 2)
    assert task._policies == {"on_stopped": "skip", "on_timeout": "use_best", "on_budget_exceeded": "fail"}


def test_values_that_are_left_empty() -> None:
    names = ("timeout", "resource_limit_timeout", "retry_strategy", "event_queue_url", "on_budget_exceeded")
    task = rendered(**dict.fromkeys(names))
    task._cast_templated()
    assert (task._timeout, task._limit_timeout, task._strategy, task._limits) == (
        *(None, None, None),
        BudgetLimits(),
    )


def test_what_to_do_about_a_quota() -> None:
    for value in ("wait", "fail"):
        check_on_resource_limit(value)
    for value in ("WAIT", "", None, True):
        with pytest.raises(ValueError, match="on_resource_limit must be 'wait' or 'fail', got"):
            check_on_resource_limit(value)


def test_a_deadline_counts_from_the_first_attempt() -> None:
    job: Any = SimpleNamespace(creation_time=CREATED)
    earlier: Any = [SimpleNamespace(creation_time=CREATED - timedelta(hours=hours)) for hours in (5, 2)]
    task = rendered(timeout="3600")
    assert task._deadline(job, []) == CREATED + timedelta(hours=1)
    assert task._deadline(job, earlier) == CREATED - timedelta(hours=4)
    assert rendered(timeout=None)._deadline(job, earlier) is None


def test_the_result_is_resolved_as_the_author_says() -> None:
    task = rendered(on_stopped="skip", on_timeout="use_best")
    task.top_k = 4
    task.__dict__["hook"] = hook = object()
    earlier: Any = [object()]
    resolver = task._resolver(earlier)
    assert (resolver.hook, resolver.top_k, resolver.previous_attempts) == (hook, 4, earlier)
    assert (resolver.on_stopped, resolver.on_timeout, resolver.on_budget_exceeded) == (
        "skip",
        "use_best",
        None,
    )
