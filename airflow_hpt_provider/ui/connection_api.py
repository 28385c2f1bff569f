"""The API's routes for all tuning jobs of a connection; the same on every host.

A host puts the connection, as a :class:`NamedJob`, and the user's permissions into ``request.state`` before a route
runs.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request
from fastapi import Query as Parameter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from airflow_hpt_provider.ui.api import AccessDep, JobDep, json_response
from airflow_hpt_provider.ui.host import PageAccess
from airflow_hpt_provider.ui.named_jobs import Details, NamedJobs, Query, row
from airflow_hpt_provider.ui.problems import Problem

router = APIRouter()
CONNECTION = "/connections/{connection}/jobs"
JOB = f"{CONNECTION}/{{tuning_job}}"
JobName = Annotated[str, Path(max_length=32, pattern="^[a-zA-Z0-9](-*[a-zA-Z0-9])*$")]
"""The tuning job's name in a path."""


async def _jobs(request: Request) -> NamedJobs:
    jobs: NamedJobs = request.app.state.named_jobs
    return jobs


JobsDep = Annotated[NamedJobs, Depends(_jobs)]


@router.get("")
async def list_all_jobs(
    connection: JobDep,
    access: AccessDep,
    jobs: JobsDep,
    sort: Literal["created", "name", "status"] = "created",
    order: Literal["ascending", "descending"] = "descending",
    contains: Annotated[str, Parameter(pattern=r"^[a-zA-Z0-9-]{0,63}$")] = "",
    before: Annotated[str | None, Parameter(max_length=8192)] = None,
) -> Response:
    """Return one page of all tuning jobs of a connection; ``before`` is the ``older`` of the page before."""
    query = Query(sort, order == "ascending", contains, before)
    summaries, token = await jobs.page(connection, query)  # type: ignore[arg-type]
    details = await jobs.details(connection, summaries)  # type: ignore[arg-type]
    shown = await run_in_threadpool(lambda: [_visible(job, details, access, connection) for job in summaries])
    problems = [one.to_dict() for one in details.values() if isinstance(one, Problem)]
    return json_response(
        {
            "jobs": [row(job, one) for job, one in zip(summaries, shown, strict=True) if one is not None],
            "hidden": shown.count(None),
            "problems": list({tuple(problem.values()): problem for problem in problems}.values()),
            "older": token,
        }
    )


def _visible(
    job: Any, details: dict[str, Details | Problem], access: PageAccess, connection: Any
) -> Details | None:
    """Return the details of a job that the user may see; None for all others, and while the owner is not known."""
    found = details.get(job.hyper_parameter_tuning_job_name)
    if not isinstance(found, Details):
        return None
    return found if access.denial(connection, found.tags) is None else None
