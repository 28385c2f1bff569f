"""The judge of all runs can say no."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.faults.invariants import Job, Violation, check_invariant

DONE = Job("tune", "Completed", created=10.0, ended=20.0, final_metric=0.5, active_training_jobs=0)
STOPPED = replace(DONE, name="tune-0", status="Stopped", created=1.0, ended=9.0, final_metric=None)
RESULT: dict[str, Any] = {"tuning_job_name": "tune", "final_metric": 0.5}


@pytest.mark.parametrize(
    ("jobs", "delivered", "outcome"),
    [
        ([DONE], [RESULT], "delivered"),
        ([STOPPED, DONE], [RESULT], "recreated"),
        ([STOPPED], [], "stopped"),
        ([], [], "stopped"),
    ],
)
def test_what_is_right(jobs: list[Job], delivered: list[dict[str, Any]], outcome: str) -> None:
    assert check_invariant(jobs, delivered) == outcome


@pytest.mark.parametrize(
    ("jobs", "delivered", "why"),
    [
        ([replace(DONE, status="InProgress", ended=None)], [], "runs that no task waits for"),
        ([replace(STOPPED, active_training_jobs=1)], [], "runs that no task waits for"),
        ([DONE], [], "its result never arrived"),
        ([], [RESULT], "without a job"),
        ([DONE], [RESULT, RESULT], "arrived 2 times"),
        ([replace(STOPPED, ended=11.0), DONE], [RESULT], "two jobs at a time"),
        ([replace(DONE, name="tune-0", created=1.0, ended=5.0), DONE], [RESULT], "had not been stopped"),
        ([STOPPED], [RESULT], "not that of the task's last job"),
        ([replace(DONE, final_metric=0.4)], [RESULT], "not the job's"),
    ],
)
def test_what_is_not(jobs: list[Job], delivered: list[dict[str, Any]], why: str) -> None:
    with pytest.raises(Violation, match=why):
        check_invariant(jobs, delivered)
