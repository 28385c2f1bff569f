"""The books can fail to balance, for each of their rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.cluster.books import Decision, Entry, PaidJob, balance, outcome
from tests.faults.invariants import Violation

DONE = PaidJob("tune-1", "Completed", 10.0, 20.0, 0.5, 0, planned=2, completed=2)
STOPPED = replace(DONE, status="Stopped", completed=1)
RUNNING = replace(DONE, status="InProgress", ended=None, active_training_jobs=1, completed=0)
RESULT: dict[str, Any] = {"tuning_job_name": "tune-1", "final_metric": 0.5}
DELIVERED = Entry("dag/run/tune", "success", ("success",), RESULT, (DONE,))
MARKED = replace(
    DELIVERED,
    state="failed",
    tries=("failed",),
    result=None,
    jobs=(STOPPED,),
    decision=Decision.MARKED_FAILED,
)
CLEARED = replace(DELIVERED, tries=("failed", "success"), cleared=True, may_fail=True)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (DELIVERED, "delivered"),
        (replace(DELIVERED, tries=("failed", "success")), "retried"),
        (CLEARED, "cleared"),
        (replace(DELIVERED, decision=Decision.CLEARED, tries=("removed", "success")), "retried"),
        (MARKED, "stopped"),
        (replace(MARKED, decision=Decision.MARKED_SUCCESS, state="success"), "stopped"),
        (replace(MARKED, decision=Decision.RUN_MARKED_FAILED), "stopped"),
        (replace(MARKED, decision=Decision.RUN_MARKED_FAILED, state="skipped"), "stopped"),
    ],
)
def test_books_that_balance(entry: Entry, expected: str) -> None:
    assert outcome(entry) == expected
    assert balance([entry], [job.name for job in entry.jobs]) == ([expected], [])


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        (replace(DELIVERED, jobs=(STOPPED, DONE)), "2 tuning jobs were paid for"),
        (replace(CLEARED, jobs=(STOPPED, DONE)), "2 tuning jobs were paid for"),
        (replace(DELIVERED, jobs=(replace(DONE, completed=1),)), "half a search"),
        (replace(DELIVERED, jobs=(STOPPED,)), "half a search"),
        (
            replace(DELIVERED, jobs=(STOPPED,), result=None, state="failed"),
            "nothing was decided about its task",
        ),
        (replace(DELIVERED, state="failed", result=None), "is failed, and nothing was decided"),
        (replace(DELIVERED, state="running", result=None), "is running, and nothing was decided"),
        (replace(DELIVERED, result=None), "without a result"),
        (replace(DELIVERED, result=None, jobs=(RUNNING,)), "without a result"),
        (replace(DELIVERED, jobs=()), "a result without a job"),
        (replace(DELIVERED, jobs=(replace(DONE, active_training_jobs=1),)), "runs that no task waits for"),
        (
            replace(DELIVERED, result=RESULT | {"tuning_job_name": "tune-0"}),
            "not that of the task's last job",
        ),
        (replace(DELIVERED, result=RESULT | {"final_metric": 0.4}), "not the job's"),
        (replace(CLEARED, may_fail=False), "a fault that must not spend them"),
        (replace(MARKED, jobs=()), "had no tuning job"),
        (replace(MARKED, jobs=(RUNNING,)), "was not stopped though its task was marked failed"),
        (replace(MARKED, jobs=(DONE,)), "was not stopped though its task was marked failed"),
        (replace(MARKED, jobs=(replace(STOPPED, active_training_jobs=1),)), "was not stopped though"),
        (replace(MARKED, state="success"), "is success though it was marked failed"),
        (replace(MARKED, result=RESULT | {"final_metric": 0.1}), "half a search"),
        (
            replace(MARKED, jobs=(replace(STOPPED, completed=2),), result=RESULT),
            "delivered though the task was",
        ),
        (replace(MARKED, decision=Decision.CLEARED), "nothing was decided about its task"),
    ],
)
def test_books_that_do_not(entry: Entry, rule: str) -> None:
    with pytest.raises(Violation, match=rule):
        outcome(entry)
    outcomes, wrong = balance([entry], [job.name for job in entry.jobs])
    assert outcomes == ["violated"]
    assert rule in wrong[0]


def test_a_job_that_belongs_to_no_task() -> None:
    outcomes, wrong = balance([DELIVERED], ["tune-1", "stray"])
    assert outcomes == ["delivered"]
    assert wrong == ["tuning job stray belongs to no task"]
