"""The list of tuning jobs: every account is asked once, all at the same time; one that fails spoils no other."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.creation.ownership import Owner
from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.ui.listing import rows
from airflow_hpt_provider.ui.problems import Problem
from airflow_hpt_provider.ui.tasks import TaskJob, TaskKey

if TYPE_CHECKING:
    import pytest


def job(number: int, conn_id: str) -> TaskJob:
    return TaskJob(
        task=TaskKey("dag", "run", f"task{number}", -1),
        name=f"tune-{number}",
        arn=f"arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/tune-{number}",
        settings=ConnectionSettings(aws_conn_id=conn_id),
        announced=datetime(2026, 11, 24, tzinfo=UTC),
        task_state="running",
    )


class Accounts:
    """A reader that answers only when ``together`` accounts are being asked."""

    def __init__(self, together: int) -> None:
        self.barrier = threading.Barrier(together)
        self.asked: Counter[str | None] = Counter()

    def summaries(self, job: TaskJob) -> dict[str, Any]:
        self.asked[job.settings.aws_conn_id] += 1
        self.barrier.wait(30)
        if str(job.settings.aws_conn_id).startswith("denied"):
            raise Problem(
                403, "access_denied", "Not allowed", remedy=f"Allow it to {job.settings.aws_conn_id}."
            )
        summary = SimpleNamespace(
            status="InProgress",
            strategy="Bayesian",
            creation_time=job.announced,
            hyper_parameter_tuning_end_time=None,
            training_job_status_counters=None,
            resource_limits=None,
        )
        return {job.arn: summary}


def test_accounts_are_asked_side_by_side() -> None:
    accounts = Accounts(together=3)
    jobs = [job(1, "a"), job(2, "b"), job(3, "denied"), job(4, "denied")]
    listed = rows(jobs, accounts)  # type: ignore[arg-type]
    assert accounts.asked == {"a": 1, "b": 1, "denied": 1}
    assert [row["name"] for row in listed["jobs"]] == ["tune-1", "tune-2", "tune-3", "tune-4"]
    assert [row["status"] for row in listed["jobs"]] == ["InProgress", "InProgress", None, None]
    assert [problem["kind"] for problem in listed["problems"]] == ["access_denied"]


def test_every_account_that_could_not_be_asked_is_told() -> None:
    accounts = Accounts(together=2)
    listed = rows([job(1, "denied-a"), job(2, "denied-b")], accounts)  # type: ignore[arg-type]
    assert [problem["remedy"] for problem in listed["problems"]] == [
        "Allow it to denied-a.",
        "Allow it to denied-b.",
    ]


def test_no_jobs_are_no_list_and_no_problem() -> None:
    assert rows([], Accounts(together=1)) == {"jobs": [], "problems": []}  # type: ignore[arg-type]


def test_a_tasks_jobs_are_those_of_this_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__HPT__DEPLOYMENT", "blue")
    assert TaskKey("dag", "run", "task").owner == Owner("dag", "task", "run", deployment="blue")
