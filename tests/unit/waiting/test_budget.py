"""Which counters of a poll exceed a budget, and which budgets there are."""

from __future__ import annotations

import pytest

from airflow_hpt_provider.exceptions import TuningJobBudgetExceededError
from airflow_hpt_provider.waiting.budget import BudgetLimits
from airflow_hpt_provider.waiting.snapshot import JobSnapshot


def seen(failed: int, status: str = "InProgress") -> JobSnapshot:
    return JobSnapshot("tune", "arn", status, failed=failed)


@pytest.mark.parametrize(
    ("most", "snapshot"),
    [(None, seen(99)), (2, seen(2)), (0, seen(0)), (2, seen(3, "Stopping")), (2, seen(3, "Completed"))],
)
def test_a_budget_that_is_not_exceeded(most: int | None, snapshot: JobSnapshot) -> None:
    BudgetLimits(max_failed_training_jobs=most).check_counters(snapshot)


@pytest.mark.parametrize(("most", "failed"), [(0, 1), (2, 3)])
def test_too_many_failed_training_jobs(most: int, failed: int) -> None:
    with pytest.raises(TuningJobBudgetExceededError, match=f"{failed} failed training jobs"):
        BudgetLimits(max_failed_training_jobs=most).check_counters(seen(failed))


def test_bounds() -> None:
    BudgetLimits(max_billable_seconds=0.1, max_failed_training_jobs=0)
    for seconds in (0, -1):
        with pytest.raises(ValueError, match="max_billable_seconds must be greater than 0"):
            BudgetLimits(max_billable_seconds=seconds)
    with pytest.raises(ValueError, match="max_failed_training_jobs must be at least 0, got -1"):
        BudgetLimits(max_failed_training_jobs=-1)
