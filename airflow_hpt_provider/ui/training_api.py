"""The page's JSON about single training jobs: details, learning curves, logs, and stopping one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response  # noqa: TC002 - FastAPI reads the annotations

from airflow_hpt_provider.models.status import TERMINAL_TRAINING_STATUSES
from airflow_hpt_provider.ui.api import (
    NOT_KEPT,
    AccessDep,
    JobDep,
    ReaderDep,
    json_response,
    require_stopping,
    viewed,
)
from airflow_hpt_provider.ui.own_requests import own_request
from airflow_hpt_provider.ui.problems import Problem

router, logs, stopping = APIRouter(), APIRouter(), APIRouter()
"""The route that reads a training job, that of its log, and the one that stops it. A host adds path and permissions."""
TRAINING_JOB = "/training-jobs/{name}"
TokenDep = Annotated[str | None, Query(max_length=1000)]


@router.get(TRAINING_JOB)
async def get_training_job(name: str, job: JobDep, reader: ReaderDep, access: AccessDep) -> Response:
    """Return one training job of a tuning job."""
    view = await viewed(job, reader, access)
    found = await reader.run(job, f"training job {name}", lambda: reader.training.detail(job, view, name))
    can_stop = found["status"] not in TERMINAL_TRAINING_STATUSES and await run_in_threadpool(
        access.may_stop, job, view.tags
    )
    return json_response({**found, "can_stop": can_stop})


@router.get("/curves")
async def get_curves(job: JobDep, reader: ReaderDep, access: AccessDep) -> Response:
    """Return the learning curve of the objective for each training job of the tuning job."""
    view = await viewed(job, reader, access)
    found = await reader.run(
        job, f"curves {job.name}", lambda: reader.training.curves.of_objective(job, view)
    )
    return json_response(found)


@router.get(f"{TRAINING_JOB}/curves")
async def get_curves_of_training_job(
    name: str, job: JobDep, reader: ReaderDep, access: AccessDep
) -> Response:
    """Return the learning curve of each metric of one training job."""
    view = await viewed(job, reader, access)
    found = await reader.run(job, f"curves {name}", lambda: reader.training.all_curves(job, view, name))
    return json_response(found)


@logs.get(f"{TRAINING_JOB}/log")
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


@stopping.post(f"{TRAINING_JOB}/stop", dependencies=[own_request])
async def stop_training_job(name: str, job: JobDep, reader: ReaderDep, access: AccessDep) -> Response:
    """Stop one training job of a tuning job, which keeps running."""
    view = await viewed(job, reader, access)
    await require_stopping(job, view, access)
    stopped = await reader.run(job, f"stop {name}", lambda: reader.training.stop(job, view, name))
    return json_response({"stopped": stopped}, **NOT_KEPT)
