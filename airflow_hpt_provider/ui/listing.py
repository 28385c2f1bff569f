"""Lists of tuning jobs from Airflow's own records; SageMaker adds their states.

The account's list is never shown as it is: only jobs that tasks of readable DAGs have named are looked up in it.
"""

from __future__ import annotations

from asyncio import gather
from collections import defaultdict
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.utils.session import create_session
from fastapi.concurrency import run_in_threadpool

from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.ui import tasks
from airflow_hpt_provider.ui.document import finite, seconds
from airflow_hpt_provider.ui.job_owner import is_derived
from airflow_hpt_provider.ui.problems import Problem

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TuningJobSummary
    from airflow_hpt_provider.ui.access import Access
    from airflow_hpt_provider.ui.async_reader import AsyncJobReader
    from airflow_hpt_provider.ui.paging import Position
    from airflow_hpt_provider.ui.tasks import Found, TaskJob, TaskKey

T = TypeVar("T")
PAGE_SIZE = 100
MAX_TAGS_READ = 25
"""Jobs whose tags are read for one list. The others show no status until the next refresh, which has these cached."""
_NOT_READ = object()


def of_user(access: Access, before: Position | None) -> Found:
    """Read one page of the navigation's list from Airflow's database, the newest jobs first."""
    with create_session(scoped=False) as session:
        found = tasks.recent_jobs(session, access.visible_dags(), before=before, limit=PAGE_SIZE)
    # Checked for the few DAGs of this page only: there may be thousands.
    readable = {dag_id: access.may_read(dag_id) for dag_id in {job.task.dag_id for job in found.jobs}}
    return replace(found, jobs=[job for job in found.jobs if readable[job.task.dag_id]])


def of_run(dag_id: str, run_id: str, before: Position | None) -> Found:
    """Read one page of a DAG run's list from Airflow's database."""
    with create_session(scoped=False) as session:
        return tasks.jobs_of_run(session, dag_id, run_id, before=before)


def of_task(dag_id: str, task_id: str, before: Position | None) -> Found:
    """Read one page of the history of a task from Airflow's database."""
    with create_session(scoped=False) as session:
        return tasks.jobs_of_task(session, dag_id, task_id, before=before)


async def page(found: Found, reader: AsyncJobReader, access: Access) -> dict[str, Any]:
    """Return the same as :func:`rows`, and ``older``: the browser's next ``before``; None for the last page."""
    return {**await rows(found.jobs, reader, access), "older": found.older and str(found.older)}


async def rows(jobs: Sequence[TaskJob], reader: AsyncJobReader, access: Access) -> dict[str, Any]:
    """Return ``jobs``, one dict each, and ``problems`` with accounts that could not be read.

    SageMaker's data of a job are included only if the user may see that job: the name is an XCom's.
    """
    accounts = {job.settings.key: job for job in jobs if isinstance(job.connection, ConnectionSettings)}
    # Concurrently: one account that does not respond delays the list long enough for all.
    answers = await gather(*(_try(reader.summaries(job)) for job in accounts.values()))
    lists = {key: answer for key, answer in zip(accounts, answers, strict=True) if isinstance(answer, dict)}
    found = [_summary(job, lists) for job in jobs]
    unclear: dict[str, list[tuple[TaskJob, str]]] = defaultdict(list)
    for job, summary in [
        (job, summary)
        for job, summary in zip(jobs, found, strict=True)
        if summary is not None and not is_derived(job.name, job.task.owner)
    ][:MAX_TAGS_READ]:
        unclear[job.settings.key].append((job, summary.hyper_parameter_tuning_job_arn))
    read = await gather(*(_try(reader.tags(each)) for each in unclear.values()))
    tags = {task: answer for each in read if isinstance(each, dict) for task, answer in each.items()}
    visible = await run_in_threadpool(lambda: [_is_visible(job, tags, access) for job in jobs])
    causes = (*answers, *read, *tags.values(), *(job.connection for job in jobs))
    problems = [cause.to_dict() for cause in causes if isinstance(cause, Problem)]
    return {
        "jobs": [
            _row(job, summary if is_visible else None)
            for job, summary, is_visible in zip(jobs, found, visible, strict=True)
        ],
        "problems": list({tuple(problem.values()): problem for problem in problems}.values()),
    }


def _summary(job: TaskJob, lists: Mapping[str, dict[str, TuningJobSummary]]) -> TuningJobSummary | None:
    return None if isinstance(job.connection, Problem) else lists.get(job.connection.key, {}).get(job.name)


def _is_visible(job: TaskJob, tags: Mapping[TaskKey, Any], access: Access) -> bool:
    if is_derived(job.name, job.task.owner):
        return True
    read = tags.get(job.task, _NOT_READ)
    return read is not _NOT_READ and not isinstance(read, Problem) and access.denial(job, read) is None


async def _try(call: Awaitable[T]) -> T | Problem:
    try:
        return await call
    except Problem as problem:
        return problem


def _row(job: TaskJob, summary: TuningJobSummary | None) -> dict[str, Any]:
    counters = summary and summary.training_job_status_counters
    limits = summary and summary.resource_limits
    return {
        **job.task._asdict(),
        "task_state": job.task_state,
        "name": job.name,
        "announced": seconds(job.announced),
        "final_metric": finite(job.final_metric),
        "status": summary and str(summary.status),
        "strategy": summary and summary.strategy,
        "created_at": summary and seconds(summary.creation_time),
        "ended_at": summary and seconds(summary.hyper_parameter_tuning_end_time),
        "finished": counters and counters.finished,
        "failed": counters and counters.failed,
        "max_training_jobs": limits and limits.max_number_of_training_jobs,
    }
