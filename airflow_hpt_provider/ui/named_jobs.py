"""Tuning jobs of a connection by name, whatever created them; and one page of the list of them."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.creation.ownership import OWNER_TAG
from airflow_hpt_provider.hooks.actions import needs
from airflow_hpt_provider.hooks.responses import read
from airflow_hpt_provider.models import TuningJobSummary
from airflow_hpt_provider.ui.cache import SharedCache
from airflow_hpt_provider.ui.document import finite, seconds
from airflow_hpt_provider.ui.job_owner import DAG_TAG
from airflow_hpt_provider.ui.jobs import ENDED_SECONDS, LIST_SECONDS, JobReader, PageHook
from airflow_hpt_provider.ui.problems import LISTING, READING, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_hpt_provider.hooks.settings import ConnectionSettings
    from airflow_hpt_provider.models import TuningJobDescription
    from airflow_hpt_provider.ui.executor import PageExecutor

PAGE_SIZE = 25
"""Tuning jobs on a page of the list. Each takes a Describe and a ListTags, once while it does not change."""
DETAIL_SECONDS = 8.0
"""How long one request reads details. The next refresh reads those that are missing."""
AT_ONCE = 3
"""Threads that read the details of one list."""
SORTS = {"created": "CreationTime", "name": "Name", "status": "Status"}


@dataclass(frozen=True)
class NamedJob:
    """A tuning job that a user asks for by its name.

    Attributes:
        name: the tuning job's name.
        connection: the connection's name in the page's addresses.
        settings: how the connection is reached.
        is_guessed: False: the permission on the connection covers every name.
    """

    name: str
    connection: str
    settings: ConnectionSettings
    is_guessed: bool = False

    @property
    def key(self) -> str:
        """Equal for jobs that are read in the same way."""
        return f"{self.name} {self.settings.key}"

    def about(self) -> dict[str, Any]:
        """Return the connection, for the page's document."""
        return {"connection": self.connection}

    def named(self, name: str) -> NamedJob:
        """Return another tuning job of the same connection."""
        return replace(self, name=name)

    parent = named


@dataclass(frozen=True)
class Query:
    """One page of the list.

    Attributes:
        sort: a key of :data:`SORTS`.
        ascending: whether the smallest comes first.
        contains: part of the names; empty: all.
        token: SageMaker's NextToken of the page before.
    """

    sort: str = "created"
    ascending: bool = False
    contains: str = ""
    token: str | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of ListHyperParameterTuningJobs."""
        return {
            "SortBy": SORTS[self.sort],
            "SortOrder": "Ascending" if self.ascending else "Descending",
            "NameContains": self.contains or None,
            "NextToken": self.token,
            "MaxResults": PAGE_SIZE,
        }


@dataclass(frozen=True)
class Details:
    """What the list of SageMaker does not say of a job. ``tags`` is None if the connection may not read them."""

    description: TuningJobDescription
    tags: Mapping[str, str] | None


class NamedJobs:
    """Reads the list of all tuning jobs of a connection.

    Args:
        reader: calls SageMaker.
        executor: runs the calls.
    """

    def __init__(self, reader: JobReader, executor: PageExecutor) -> None:
        self._reader, self._executor = reader, executor
        self._pages: SharedCache[tuple[list[TuningJobSummary], str | None]] = SharedCache(size=64)
        self._details: SharedCache[Details] = SharedCache(size=2000)

    @needs("sagemaker:ListHyperParameterTuningJobs")
    async def page(self, connection: NamedJob, query: Query) -> tuple[list[TuningJobSummary], str | None]:
        """Return the tuning jobs of one page, and the NextToken.

        Raises:
            Problem: they cannot be listed.
        """
        key = f"{json.dumps(query.parameters)} {connection.settings.key}"

        def load(hook: PageHook) -> tuple[list[TuningJobSummary], str | None]:
            answer = hook.call("list_hyper_parameter_tuning_jobs", **query.parameters)
            found = answer.get("HyperParameterTuningJobSummaries", ())
            return [read(TuningJobSummary, item) for item in found], answer.get("NextToken")

        def cached() -> tuple[list[TuningJobSummary], str | None]:
            return self._pages.get(
                key, lambda _: self._reader.call(connection, LISTING, load), lambda _: LIST_SECONDS
            )

        return await self._executor.run(f"page {key}", connection.settings.key, cached)

    async def details(
        self, connection: NamedJob, jobs: Sequence[TuningJobSummary]
    ) -> dict[str, Details | Problem]:
        """Return the details of jobs, by name, or why they cannot be read. Jobs may be missing if this takes long."""
        end = time.monotonic() + DETAIL_SECONDS
        shares = [share for share in (jobs[start::AT_ONCE] for start in range(AT_ONCE)) if share]
        group = connection.settings.key

        async def read_share(share: Sequence[TuningJobSummary]) -> dict[str, Details | Problem]:
            names = " ".join(one.hyper_parameter_tuning_job_name for one in share)
            try:
                return await self._executor.run(
                    f"details {names} {group}", group, lambda: self._share(connection, share, end)
                )
            except Problem as problem:
                return {share[0].hyper_parameter_tuning_job_name: problem}

        read_shares = await asyncio.gather(*map(read_share, shares))
        return {name: one for share in read_shares for name, one in share.items()}

    def _share(
        self, connection: NamedJob, jobs: Sequence[TuningJobSummary], end: float
    ) -> dict[str, Details | Problem]:
        found: dict[str, Details | Problem] = {}
        for job in jobs:
            if time.monotonic() > end:
                break
            try:
                found[job.hyper_parameter_tuning_job_name] = self._of(connection, job)
            except Problem as problem:
                found[job.hyper_parameter_tuning_job_name] = problem
        return found

    def _of(self, connection: NamedJob, job: TuningJobSummary) -> Details:
        named = connection.named(job.hyper_parameter_tuning_job_name)
        arn = job.hyper_parameter_tuning_job_arn

        def load(hook: PageHook) -> Details:
            return Details(hook.describe(named.name), self._reader.tags(named, arn))

        def fresh_for(details: Details) -> float:
            # An ended job changes no more; a missing owner tag may still come.
            is_settled = details.description.is_terminal and OWNER_TAG in (details.tags or {})
            return 20 * ENDED_SECONDS if is_settled else LIST_SECONDS

        key = f"{arn} {named.key}"
        return self._details.get(key, lambda _: self._reader.call(named, READING, load), fresh_for)


def row(job: TuningJobSummary, details: Details | None) -> dict[str, Any]:
    """Return a row of the list: what SageMaker's list says, and the details as far as they are known."""
    counters, limits = job.training_job_status_counters, job.resource_limits
    description = details and details.description
    objective = description.objective_of() if description else None
    best = description and description.best_training_job
    tags = (details and details.tags) or {}
    return {
        "name": job.hyper_parameter_tuning_job_name,
        "status": str(job.status),
        "strategy": job.strategy,
        "created_at": seconds(job.creation_time),
        "ended_at": seconds(job.hyper_parameter_tuning_end_time),
        "finished": counters.finished,
        "failed": counters.failed,
        "max_training_jobs": limits and limits.max_number_of_training_jobs,
        "metric": objective and objective.metric_name,
        "final_metric": finite(best.final_metric) if best else None,
        "owner": tags.get(DAG_TAG) and {"dag_id": tags[DAG_TAG], "task_id": tags.get("airflow:task_id", "")},
    }
