"""Lists of tuning jobs, as Airflow's own records tell of them; SageMaker adds how they are doing.

The account's list is never shown as it is: only jobs that tasks of readable DAGs have named are looked up in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.ui import tasks
from airflow_hpt_provider.ui.document import finite, seconds
from airflow_hpt_provider.ui.problems import Problem

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from airflow_hpt_provider.models import TuningJobSummary
    from airflow_hpt_provider.ui.access import Access
    from airflow_hpt_provider.ui.jobs import JobReader
    from airflow_hpt_provider.ui.paging import Position
    from airflow_hpt_provider.ui.tasks import Found, TaskJob

PAGE_SIZE = 100
MAX_AT_ONCE = 8
"""Accounts that are asked at the same time."""


def page(session: Session, access: Access, reader: JobReader, before: Position | None) -> dict[str, Any]:
    """One page of the navigation's list, the newest jobs first."""
    found = tasks.recent_jobs(session, access.visible_dags(), before=before, limit=PAGE_SIZE)
    # Asked for the few DAGs of this page only: there may be thousands.
    readable = {dag_id: access.may_read(dag_id) for dag_id in {job.task.dag_id for job in found.jobs}}
    return of(replace(found, jobs=[job for job in found.jobs if readable[job.task.dag_id]]), reader)


def of(found: Found, reader: JobReader) -> dict[str, Any]:
    """The same as :func:`rows`, and ``older``: what the browser gives back as ``before``; None for the last page."""
    return {**rows(found.jobs, reader), "older": found.older and str(found.older)}


def rows(jobs: Sequence[TaskJob], reader: JobReader) -> dict[str, Any]:
    """``jobs``, one dict each, and ``problems`` with accounts that could not be asked."""
    accounts = {job.settings.key: job for job in jobs}
    # Side by side: one that does not answer keeps people waiting long enough for all.
    with ThreadPoolExecutor(MAX_AT_ONCE, "tuning-jobs") as pool:
        answers = dict(
            zip(accounts, pool.map(lambda job: _listed(job, reader), accounts.values()), strict=True)
        )
    told = [answer.to_dict() for answer in answers.values() if isinstance(answer, Problem)]
    problems = {tuple(problem.values()): problem for problem in told}
    lists = {key: {} if isinstance(answer, Problem) else answer for key, answer in answers.items()}
    return {
        "jobs": [_row(job, lists[job.settings.key].get(job.arn)) for job in jobs],
        "problems": list(problems.values()),
    }


def _listed(job: TaskJob, reader: JobReader) -> dict[str, TuningJobSummary] | Problem:
    try:
        return reader.summaries(job)
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
