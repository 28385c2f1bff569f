"""The operator that stops a tuning job: what it stops, how long it waits, and what it returns."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_hpt_provider.operators.stopping import StopHyperParameterTuningJobOperator


class Hook:
    def __init__(self, *statuses: str) -> None:
        self.statuses, self.stopped, self.waits = list(statuses), [], []  # type: ignore[var-annotated]

    def _next(self) -> Any:
        status = self.statuses.pop(0)
        return SimpleNamespace(status=status, is_terminal=status in {"Completed", "Failed", "Stopped"})

    def describe(self, name: str) -> Any:
        return self._next()

    def stop(self, name: str) -> bool:
        self.stopped.append(name)
        return True

    def wait(self, name: str, **options: Any) -> Any:
        self.waits.append(options)
        return self._next()


def run(hook: Hook, **options: Any) -> str:
    operator = StopHyperParameterTuningJobOperator(task_id="stop", tuning_job_name="job", **options)
    operator.__dict__["hook"] = hook
    return operator.execute({})  # type: ignore[arg-type]


@pytest.mark.parametrize("wait", [True, False])
def test_a_running_job_is_stopped(wait: bool) -> None:
    hook = Hook("InProgress", "Stopped" if wait else "Stopping")
    assert run(hook, wait_for_completion=wait) == ("Stopped" if wait else "Stopping")
    assert hook.stopped == ["job"]
    assert len(hook.waits) == wait


def test_a_job_that_has_ended_is_left_alone() -> None:
    hook = Hook("Completed", "Completed")
    assert run(hook) == "Completed"
    assert hook.stopped == []


@pytest.mark.parametrize("timeout", [None, 900.0])
def test_the_wait_has_the_authors_limits(timeout: float | None) -> None:
    hook = Hook("InProgress", "Stopped")
    run(hook, poll_interval=3, timeout=timeout)
    [options] = hook.waits
    assert options["poll_interval"] == 3
    assert (options["deadline"] is None) is (timeout is None)


def test_the_defaults() -> None:
    operator = StopHyperParameterTuningJobOperator(task_id="stop", tuning_job_name="job")
    assert (operator.wait_for_completion, operator.poll_interval, operator.timeout) == (True, 10.0, 900.0)


def test_the_connection_is_the_authors() -> None:
    operator = StopHyperParameterTuningJobOperator(
        task_id="stop", tuning_job_name="job", aws_conn_id="other", region_name="eu-west-1"
    )
    settings = operator.connection_settings
    assert (operator.task_id, settings.aws_conn_id, settings.region_name) == ("stop", "other", "eu-west-1")
