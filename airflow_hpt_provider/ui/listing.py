"""Lists of tuning jobs from Airflow's own records; SageMaker adds their states.

The account's list is never shown as it is: only jobs that tasks of readable DAGs have named are looked up in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.ui import tasks
from airflow_hpt_provider.ui.document import finite, seconds
from airflow_hpt_provider.ui.job_owner import is_derived
from airflow_hpt_provider.ui.problems import Problem

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from airflow_hpt_provider.models import TuningJobSummary
    from airflow_hpt_provider.ui.access import Access
    from airflow_hpt_provider.ui.jobs import JobReader
    from airflow_hpt_provider.ui.paging import Position
    from airflow_hpt_provider.ui.tasks import Found, TaskJob, TaskKey

T = TypeVar("T")
PAGE_SIZE = 100
MAX_AT_ONCE = 8
"""Accounts that are asked at the same time."""
MAX_TAGS_READ = 25
"""Jobs whose tags are read for one list. The others show no status until the next refresh, which has these cached."""
_NOT_READ = object()


def page(session: Session, access: Access, reader: JobReader, before: Position | None) -> dict[str, Any]:
    """One page of the navigation's list, the newest jobs first."""
    found = tasks.recent_jobs(session, access.visible_dags(), before=before, limit=PAGE_SIZE)
    # Asked for the few DAGs of this page only: there may be thousands.
    readable = {dag_id: access.may_read(dag_id) for dag_id in {job.task.dag_id for job in found.jobs}}
    return of(replace(found, jobs=[job for job in found.jobs if readable[job.task.dag_id]]), reader, access)


def of(found: Found, reader: JobReader, access: Access) -> dict[str, Any]:
    """Return :func:`rows`, and ``older``: what the browser sends back as ``before``; None for the last page."""
    return {**rows(found.jobs, reader, access), "older": found.older and str(found.older)}


def rows(jobs: Sequence[TaskJob], reader: JobReader, access: Access) -> dict[str, Any]:
    """Return ``jobs``, one dict each, and ``problems`` with accounts that could not be read.

    SageMaker's data of a job are included only if the user may see that job: the name is an XCom's.
    """
    accounts = {job.settings.key: job for job in jobs if isinstance(job.connection, ConnectionSettings)}
    # Concurrently: one account that does not respond delays the list long enough for all.
    with ThreadPoolExecutor(MAX_AT_ONCE, "tuning-jobs") as pool:
        listed = pool.map(lambda job: _try(reader.summaries, job), accounts.values())
        answers = dict(zip(accounts, listed, strict=True))
        lists = {key: {} if isinstance(answer, Problem) else answer for key, answer in answers.items()}
        found = [
            None if isinstance(job.connection, Problem) else lists[job.settings.key].get(job.name)
            for job in jobs
        ]
        unclear = [
            (job, summary.hyper_parameter_tuning_job_arn)
            for job, summary in zip(jobs, found, strict=True)
            if summary is not None and not is_derived(job.name, job.task.owner)
        ][:MAX_TAGS_READ]
        read = pool.map(lambda one: _try(reader.tags, *one), unclear)
        tags = {job.task: answer for (job, _), answer in zip(unclear, read, strict=True)}
    problems = [
        *(answer for answer in (*answers.values(), *tags.values()) if isinstance(answer, Problem)),
        *(job.connection for job in jobs if isinstance(job.connection, Problem)),
    ]
    told = {tuple(problem.to_dict().values()): problem.to_dict() for problem in problems}
    return {
        "jobs": [
            _row(job, summary if summary and _is_visible(job, tags, access) else None)
            for job, summary in zip(jobs, found, strict=True)
        ],
        "problems": list(told.values()),
    }


def _is_visible(job: TaskJob, tags: Mapping[TaskKey, Any], access: Access) -> bool:
    if is_derived(job.name, job.task.owner):
        return True
    read = tags.get(job.task, _NOT_READ)
    return read is not _NOT_READ and not isinstance(read, Problem) and access.denial(job, read) is None


def _try(call: Callable[..., T], *arguments: Any) -> T | Problem:
    try:
        return call(*arguments)
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
        "max_trials": limits and limits.max_number_of_training_jobs,
    }
