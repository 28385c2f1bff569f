"""Reading and stopping tuning jobs without holding a thread of Airflow's API server."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_hpt_provider.ui.executor import PageExecutor
from airflow_hpt_provider.ui.problems import Problem
from airflow_hpt_provider.ui.training_jobs import TrainingJobReader

if TYPE_CHECKING:
    from airflow_hpt_provider.ui.host import PageJob
    from airflow_hpt_provider.ui.jobs import JobReader, JobView
    from airflow_hpt_provider.ui.tasks import TaskJob, TaskKey

T = TypeVar("T")
TAGS_SECONDS = 8.0
"""How long a list reads tags, one job after the other."""


class AsyncJobReader:
    """:class:`JobReader` for coroutines: its calls run in the page's own threads, those of one connection in a few.

    Args:
        reader: reads the jobs.
        executor: runs its calls.

    Attributes:
        training: reads single training jobs; its methods block, so they belong into :meth:`run`.
    """

    def __init__(self, reader: JobReader, executor: PageExecutor | None = None) -> None:
        self._reader = reader
        self.training = TrainingJobReader(self._reader)
        self._executor = executor or PageExecutor()

    async def view(self, job: PageJob) -> JobView:
        """Return a job with its training jobs, at most some seconds old.

        Raises:
            Problem: it cannot be read.
        """
        fresh = self._reader.fresh_view(job)
        if fresh is not None:
            return fresh
        return await self.run(job, f"view {job.name}", lambda: _encoded(self._reader.view(job)))

    async def summaries(self, job: PageJob) -> dict[str, Any]:
        """Return the newest 100 tuning jobs of the account that a job is in, by name.

        Raises:
            Problem: they cannot be listed.
        """
        return await self.run(job, "list", lambda: self._reader.summaries(job))

    async def tags(
        self, jobs: Sequence[tuple[TaskJob, str]]
    ) -> dict[TaskKey, dict[str, str] | Problem | None]:
        """Return the tags of jobs of one connection, by task, or why they cannot be read now.

        Args:
            jobs: each with its ARN. The last ones may be missing in what is returned, if this takes long.

        Raises:
            Problem: there is no thread to read them in.
        """
        key = f"tags {' '.join(sorted(arn for _, arn in jobs))}"
        return await self.run(jobs[0][0], key, lambda: self._tags(jobs))

    def _tags(self, jobs: Sequence[tuple[TaskJob, str]]) -> dict[TaskKey, dict[str, str] | Problem | None]:
        read: dict[TaskKey, dict[str, str] | Problem | None] = {}
        end = time.monotonic() + TAGS_SECONDS
        for job, arn in jobs:
            if time.monotonic() > end:
                break
            try:
                read[job.task] = self._reader.tags(job, arn)
            except Problem as problem:
                read[job.task] = problem
        return read

    async def derived(self, job: PageJob, what: str, view: JobView, compute: Callable[[], T]) -> T:
        """Return something computed from a view, computed once while the job does not change."""
        call: Callable[[], T] = lambda: self._reader.derived(job, what, view, compute)  # noqa: E731
        return await self._executor.run(f"{what} {job.key} {id(view)}", "computing", call)

    async def stop(self, job: PageJob) -> bool:
        """Stop a job; return whether it was running.

        Raises:
            Problem: it could not be stopped.
        """
        return await self.run(job, f"stop {job.name}", lambda: self._reader.stop(job))

    async def run(self, job: PageJob, what: str, call: Callable[[], T]) -> T:
        """Return what ``call`` returns, which runs in a thread for a job's connection.

        Args:
            job: whose connection the call uses.
            what: equal for calls through one connection that return the same.
            call: blocks.
        """
        return await self._executor.run(f"{what} {job.settings.key}", job.settings.key, call)


def _encoded(view: JobView) -> JobView:
    _ = view.encoded  # here rather than in the event loop: it takes a while for a thousand training jobs
    return view
