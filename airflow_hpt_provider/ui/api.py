"""The page's JSON: a job in one request, its importance, its parents, downloads and stopping; the same on every host.

A host puts the job and the user's permissions into ``request.state`` before a route runs (see
:mod:`airflow_hpt_provider.ui.host`).
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from airflow_hpt_provider.ui import export
from airflow_hpt_provider.ui.async_reader import AsyncJobReader
from airflow_hpt_provider.ui.clone import request_yaml
from airflow_hpt_provider.ui.document import encode
from airflow_hpt_provider.ui.host import PageAccess, PageJob
from airflow_hpt_provider.ui.importance import importance as importance_of
from airflow_hpt_provider.ui.job_owner import unproven_job
from airflow_hpt_provider.ui.jobs import JobView
from airflow_hpt_provider.ui.own_requests import own_request
from airflow_hpt_provider.ui.problems import JOB_GONE, Problem

router, stopping = APIRouter(), APIRouter()
"""The routes that read a tuning job, and the one that stops it. A host adds its own path and permissions to each."""
NOT_KEPT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Headers of downloads and of what a request has changed."""


# FastAPI solves these also where the host's dependency has an invalid parameter; the response is then 422.
async def _job(request: Request) -> PageJob:
    job: PageJob = getattr(request.state, "tuning_job", None)  # type: ignore[assignment]
    return job


async def _access(request: Request) -> PageAccess:
    access: PageAccess = getattr(request.state, "access", None)  # type: ignore[assignment]
    return access


async def _reader(request: Request) -> AsyncJobReader:
    reader: AsyncJobReader = request.app.state.reader
    return reader


JobDep = Annotated[PageJob, Depends(_job)]
AccessDep = Annotated[PageAccess, Depends(_access)]
ReaderDep = Annotated[AsyncJobReader, Depends(_reader)]


async def viewed(job: PageJob, reader: AsyncJobReader, access: PageAccess) -> JobView:
    """Return a tuning job.

    Raises:
        Problem: it cannot be read, or the user may not see it.
    """
    try:
        view = await reader.view(job)
    except Problem as problem:
        is_guessed = problem.kind == JOB_GONE and job.is_guessed
        raise (unproven_job(job) if is_guessed else problem) from None
    denial = await run_in_threadpool(access.denial, job, view.tags)  # Airflow's permissions: a short query
    if denial is not None:
        raise denial
    return view


async def require_stopping(job: PageJob, view: JobView, access: PageAccess) -> None:
    """Refuse a user who may not stop a tuning job.

    Raises:
        Problem: 403.
    """
    if not await run_in_threadpool(access.may_stop, job, view.tags):
        raise Problem(
            403,
            "forbidden",
            "You do not have permission to stop this tuning job",
            "Its tags name another DAG as the owner, or nothing proves that this task created it.",
            "Ask for the permission to edit the DAG that owns it, or stop it in the SageMaker console.",
        )


@router.get("")
async def get_job(
    job: JobDep,
    reader: ReaderDep,
    access: AccessDep,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Everything of a tuning job in one answer; 304 if it is as before."""
    view = await viewed(job, reader, access)
    own = {
        **job.about(),
        "can_stop": not view.description.is_terminal
        and await run_in_threadpool(access.may_stop, job, view.tags),
    }
    body = b'{"page":' + encode(own) + b"," + view.encoded[1:]
    tag = f'W/"{hashlib.sha256(body).hexdigest()[:24]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if if_none_match == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@router.get("/importance")
async def get_importance(job: JobDep, reader: ReaderDep, access: AccessDep) -> Response:
    """Return the importance of each hyperparameter, computed on request."""
    view = await viewed(job, reader, access)
    return json_response(await reader.derived(job, "importance", view, lambda: importance_of(view.document)))


@router.get("/parents/{name}")
async def get_parent(name: str, job: JobDep, reader: ReaderDep, access: AccessDep) -> Response:
    """Return a warm-start parent of a tuning job, for the comparison."""
    warm_start = (await viewed(job, reader, access)).document["job"]["warm_start"]
    if not warm_start or name not in warm_start["parents"]:
        raise Problem(
            404,
            "no_job",
            "Not a parent",
            f"{job.name} was not warm-started from {name!r}.",
            "Choose one of its parents.",
        )
    parent = await viewed(job.parent(name), reader, access)
    return Response(parent.encoded, media_type="application/json")


@router.get("/training-jobs.csv")
async def download_csv(job: JobDep, reader: ReaderDep, access: AccessDep) -> Response:
    """Return the training jobs as CSV."""
    view = await viewed(job, reader, access)
    return _file(await run_in_threadpool(export.to_csv, view.document), job.name, "csv", "text/csv")


@router.get("/training-jobs.json")
async def download_json(job: JobDep, reader: ReaderDep, access: AccessDep) -> Response:
    """Return the training jobs as JSON."""
    view = await viewed(job, reader, access)
    return _file(await run_in_threadpool(export.to_json, view.document), job.name, "json", "application/json")


@router.get("/request.yaml")
async def get_request(job: JobDep, reader: ReaderDep, access: AccessDep) -> Response:
    """Return the tuning job's request as YAML, for another tuning job like it."""
    view = await viewed(job, reader, access)
    return _file(
        request_yaml(view.description, with_values=access.sees_values), job.name, "yaml", "application/yaml"
    )


@stopping.post("/stop", dependencies=[own_request])
async def stop_job(job: JobDep, reader: ReaderDep, access: AccessDep) -> Response:
    """Stop a tuning job."""
    view = await viewed(job, reader, access)
    await require_stopping(job, view, access)
    return json_response({"stopped": await reader.stop(job)}, **NOT_KEPT)


def json_response(value: Any, **headers: str) -> Response:
    """Return JSON that browsers ask for again each time."""
    headers = {"Cache-Control": "private, no-cache", **headers}
    return Response(encode(value), media_type="application/json", headers=headers)


def _file(text: str, name: str, suffix: str, media_type: str) -> Response:
    disposition = f'attachment; filename="{name}.{suffix}"'
    return Response(text, media_type=media_type, headers={"Content-Disposition": disposition, **NOT_KEPT})
