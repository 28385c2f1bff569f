"""The list of tuning jobs: every account is asked once, all at the same time; one that fails spoils no other."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.creation.ownership import OWNER_TAG, Owner
from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.ui.job_owner import JobOwner, owner_of
from airflow_hpt_provider.ui.listing import MAX_TAGS_READ, rows
from airflow_hpt_provider.ui.problems import Problem
from airflow_hpt_provider.ui.tasks import TaskJob, TaskKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest


def job(number: int, conn_id: str) -> TaskJob:
    return TaskJob(
        task=TaskKey("dag", "run", f"task{number}", -1),
        name=f"tune-{number}",
        connection=ConnectionSettings(aws_conn_id=conn_id),
        announced=datetime(2026, 11, 24, tzinfo=UTC),
        task_state="running",
    )


class Accounts:
    """A reader that answers only when ``together`` accounts are being asked."""

    def __init__(self, together: int) -> None:
        self.barrier = asyncio.Barrier(together)
        self.asked: Counter[str | None] = Counter()
        self.tags_read: list[str] = []

    async def summaries(self, job: TaskJob) -> dict[str, Any]:
        self.asked[job.settings.aws_conn_id] += 1
        async with asyncio.timeout(30):
            await self.barrier.wait()
        if str(job.settings.aws_conn_id).startswith("denied"):
            raise Problem(
                403, "access_denied", "Not allowed", remedy=f"Allow it to {job.settings.aws_conn_id}."
            )
        common = SimpleNamespace(
            status="InProgress",
            strategy="Bayesian",
            creation_time=job.announced,
            hyper_parameter_tuning_end_time=None,
            training_job_status_counters=None,
            resource_limits=None,
        )
        names = [f"tune-{number}" for number in range(1, 101)]
        names.append(TaskKey("dag", "run", "task5").owner.base_name)
        return {
            name: SimpleNamespace(**vars(common), hyper_parameter_tuning_job_arn=arn_of(name))
            for name in names
        }

    async def tags(self, jobs: Sequence[tuple[TaskJob, str]]) -> dict[TaskKey, Any]:
        self.tags_read += [job.name for job, _ in jobs]
        assert [arn for _, arn in jobs] == [arn_of(job.name) for job, _ in jobs]
        special: dict[str, Any] = {
            "tune-7": {OWNER_TAG: Owner("other", "task", "run").digest},
            "tune-8": None,
            "tune-9": Problem(504, "unreachable", "Throttled"),
        }
        return {job.task: special.get(job.name, {OWNER_TAG: job.task.owner.digest}) for job, _ in jobs}


class NoAccess:
    """A user who may read only the DAG of the tasks."""

    def denial(self, job: TaskJob, tags: dict[str, str] | None) -> Problem | None:
        owner = owner_of(tags, job.name, job.task.owner, is_confirmed=job.is_confirmed)
        return None if owner == JobOwner("dag") else Problem(403, "forbidden", "No")


def arn_of(name: str) -> str:
    return f"arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/{name}"


def listed(jobs: list[TaskJob], accounts: Accounts) -> dict[str, Any]:
    return asyncio.run(rows(jobs, accounts, NoAccess()))  # type: ignore[arg-type]


def test_accounts_are_asked_side_by_side() -> None:
    accounts = Accounts(together=3)
    jobs = [job(1, "a"), job(2, "b"), job(3, "denied"), job(4, "denied")]
    found = listed(jobs, accounts)
    assert accounts.asked == {"a": 1, "b": 1, "denied": 1}
    assert [row["name"] for row in found["jobs"]] == ["tune-1", "tune-2", "tune-3", "tune-4"]
    assert [row["status"] for row in found["jobs"]] == ["InProgress", "InProgress", None, None]
    assert [problem["kind"] for problem in found["problems"]] == ["access_denied"]


def test_every_account_that_could_not_be_asked_is_reported() -> None:
    accounts = Accounts(together=2)
    found = listed([job(1, "denied-a"), job(2, "denied-b")], accounts)
    assert [problem["remedy"] for problem in found["problems"]] == [
        "Allow it to denied-a.",
        "Allow it to denied-b.",
    ]


def test_no_jobs_are_no_list_and_no_problem() -> None:
    assert listed([], Accounts(together=1)) == {"jobs": [], "problems": []}


def test_what_sagemaker_says_of_a_job_is_listed_only_if_its_tags_allow_it() -> None:
    accounts = Accounts(together=1)
    jobs = [job(number, "a") for number in (6, 7, 8, 9)]
    derived = replace(job(5, "a"), name=job(5, "a").task.owner.base_name)
    unknown = replace(job(4, "a"), connection=Problem(409, "unknown_connection", "Unknown"))
    found = listed([derived, unknown, *jobs], accounts)
    assert [row["status"] for row in found["jobs"]] == ["InProgress", None, "InProgress", None, None, None]
    assert {problem["kind"] for problem in found["problems"]} == {"unknown_connection", "unreachable"}
    assert sorted(accounts.tags_read) == ["tune-6", "tune-7", "tune-8", "tune-9"], (
        "a derived name needs no tags"
    )


def test_a_list_reads_the_tags_of_few_jobs() -> None:
    accounts = Accounts(together=1)
    found = listed([job(number, "a") for number in range(11, 61)], accounts)
    assert len(accounts.tags_read) == MAX_TAGS_READ
    assert [row["status"] for row in found["jobs"]] == ["InProgress"] * MAX_TAGS_READ + [None] * 25


def test_a_tasks_jobs_are_those_of_this_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__HPT__DEPLOYMENT", "blue")
    assert TaskKey("dag", "run", "task").owner == Owner("dag", "task", "run", deployment="blue")
