"""The page's JSON about single training jobs: details, learning curves, logs, and stopping one."""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.logging.decorators import action_logging
from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response  # noqa: TC002 - FastAPI reads the annotations

from airflow_hpt_provider.ui.access import requires_logs
from airflow_hpt_provider.ui.api import (
    NOT_KEPT,
    TASK,
    AccessDep,
    JobDep,
    ReaderDep,
    can_edit,
    can_read,
    json_response,
    require_stopping,
    viewed,
)
from airflow_hpt_provider.ui.own_requests import own_request
from airflow_hpt_provider.ui.problems import Problem
from airflow_hpt_provider.ui.training_job import ENDED

router = APIRouter()
TRAINING_JOB = f"{TASK}/training-jobs/{{name}}"
TokenDep = Annotated[str | None, Query(max_length=1000)]


@router.get(TRAINING_JOB, dependencies=[can_read])
async def get_training_job(name: str, job: JobDep, reader: ReaderDep, access: AccessDep) -> Response:
    """Return one training job of the task's tuning job."""
    view = await viewed(job, reader, access)
    found = await reader.run(job, f"training job {name}", lambda: reader.training.detail(job, view, name))
    can_stop = found["status"] not in ENDED and await run_in_threadpool(access.may_stop, job, view.tags)
    return json_response({**found, "can_stop": can_stop})


@router.get(f"{TASK}/curves", dependencies=[can_read])
async def get_curves(job: JobDep, reader: ReaderDep, access: AccessDep) -> Response:
    """Return the learning curve of the objective for each training job of the task's tuning job."""
    view = await viewed(job, reader, access)
    found = await reader.run(
        job, f"curves {job.name}", lambda: reader.training.curves.of_objective(job, view)
    )
    return json_response(found)


@router.get(f"{TRAINING_JOB}/curves", dependencies=[can_read])
async def get_curves_of_training_job(
    name: str, job: JobDep, reader: ReaderDep, access: AccessDep
) -> Response:
    """Return the learning curve of each metric of one training job."""
    view = await viewed(job, reader, access)
    found = await reader.run(job, f"curves {name}", lambda: reader.training.all_curves(job, view, name))
    return json_response(found)


@router.get(f"{TRAINING_JOB}/log", dependencies=[can_read, Depends(requires_logs)])
async def get_log(
    name: str,
    job: JobDep,
    reader: ReaderDep,
    access: AccessDep,
    stream: TokenDep = None,
    token: TokenDep = None,
) -> Response:
    """Return a page of a training job's log: its end, or the page that ``token`` names."""
    view = await viewed(job, reader, access)
    if not await run_in_threadpool(access.may_read_logs, job, view.tags):
        raise Problem(
            403,
            "forbidden",
            "You do not have permission to read this log",
            "The tuning job's tags name another DAG as the owner.",
            "Ask for the permission to read that DAG's task logs.",
        )
    found = await reader.run(
        job, f"log {name} {stream} {token}", lambda: reader.training.log(job, view, name, stream, token)
    )
    return json_response(found, **NOT_KEPT)


@router.post(
    f"{TRAINING_JOB}/stop",
    dependencies=[can_read, can_edit, own_request, Depends(action_logging(event="stop_training_job"))],
)
async def stop_training_job(name: str, job: JobDep, reader: ReaderDep, access: AccessDep) -> Response:
    """Stop one training job of the task's tuning job, which keeps running."""
    view = await viewed(job, reader, access)
    await require_stopping(job, view, access)
    stopped = await reader.run(job, f"stop {name}", lambda: reader.training.stop(job, view, name))
    return json_response({"stopped": stopped}, **NOT_KEPT)
