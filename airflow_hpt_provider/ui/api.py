"""The page's JSON: a job in one request, its importance, its parents, downloads, stopping, and lists of jobs."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import Annotated, Any

from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.api_fastapi.logging.decorators import action_logging
from airflow.utils.session import create_session
from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from airflow_hpt_provider.ui import export, listing, tasks
from airflow_hpt_provider.ui.access import Access, requires_editing, requires_reading
from airflow_hpt_provider.ui.async_reader import AsyncJobReader
from airflow_hpt_provider.ui.document import encode
from airflow_hpt_provider.ui.importance import importance as importance_of
from airflow_hpt_provider.ui.job_owner import is_named_by_xcom_only, unproven_job
from airflow_hpt_provider.ui.jobs import JobView
from airflow_hpt_provider.ui.own_requests import own_request
from airflow_hpt_provider.ui.paging import Position
from airflow_hpt_provider.ui.problems import JOB_GONE, Problem
from airflow_hpt_provider.ui.tasks import TaskJob, TaskKey

router = APIRouter()
TASK = "/dags/{dag_id}/runs/{run_id}/tasks/{task_id}"
NOT_KEPT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Headers of downloads and of what a request has changed."""
_INDEX = re.compile("[0-9]{1,9}")
can_read, can_edit = Depends(requires_reading), Depends(requires_editing)


def _access(request: Request, user: GetUserDep) -> Access:
    return Access(request, user)


def _reader(request: Request) -> AsyncJobReader:
    reader: AsyncJobReader = request.app.state.reader
    return reader


def _task(dag_id: str, run_id: str, task_id: str, map_index: str = "-1") -> TaskKey:
    # Airflow's UI leaves the placeholder {MAP_INDEX} as it is where the task is not mapped.
    index = int(map_index) if _INDEX.fullmatch(map_index) else -1
    return TaskKey(dag_id, run_id, task_id, index)


def _position(before: Annotated[str | None, Query(max_length=400)] = None) -> Position | None:
    try:
        return None if before is None else Position.parse(before)
    except ValueError:
        raise HTTPException(422, "before: give back what the page before this one has as `older`.") from None


AccessDep = Annotated[Access, Depends(_access)]
ReaderDep = Annotated[AsyncJobReader, Depends(_reader)]
TaskDep = Annotated[TaskKey, Depends(_task)]
PositionDep = Annotated[Position | None, Depends(_position)]


def _job(task: TaskDep) -> TaskJob:
    """Return the tuning job that the task instance in the path names; no other can be asked for."""
    # Airflow's own session dependency would hold a connection to the database while SageMaker responds.
    with create_session(scoped=False) as session:
        job = tasks.job_of(session, task)
        if job is None:
            raise _nothing(tasks.task_state(session, task), task)
        return job


JobDep = Annotated[TaskJob, Depends(_job)]


async def viewed(job: TaskJob, reader: AsyncJobReader, access: Access) -> JobView:
    """Return a task's tuning job.

    Raises:
        Problem: it cannot be read, or the user may not see it.
    """
    try:
        view = await reader.view(job)
    except Problem as problem:
        is_guessed = problem.kind == JOB_GONE and is_named_by_xcom_only(job)
        raise (unproven_job(job) if is_guessed else problem) from None
    denial = await run_in_threadpool(access.denial, job, view.tags)  # Airflow's permissions: a short query
    if denial is not None:
        raise denial
    return view


async def require_stopping(job: TaskJob, view: JobView, access: Access) -> None:
    """Refuse a user who may not stop a task's tuning job.

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


@router.get(TASK, dependencies=[can_read])
async def get_job(
    job: JobDep,
    reader: ReaderDep,
    access: AccessDep,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Everything of the task's tuning job in one answer; 304 if it is as before."""
    view = await viewed(job, reader, access)
    own = {
        "task": {**job.task._asdict(), "state": job.task_state},
        "can_stop": not view.description.is_terminal
        and await run_in_threadpool(access.may_stop, job, view.tags),
    }
    body = b'{"page":' + encode(own) + b"," + view.encoded[1:]
    tag = f'W/"{hashlib.sha256(body).hexdigest()[:24]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if if_none_match == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@router.get(f"{TASK}/importance", dependencies=[can_read])
async def get_importance(job: JobDep, reader: ReaderDep, access: AccessDep) -> Response:
    """Return the importance of each hyperparameter, computed on request."""
    view = await viewed(job, reader, access)
    return json_response(await reader.derived(job, "importance", view, lambda: importance_of(view.document)))


@router.get(f"{TASK}/parents/{{name}}", dependencies=[can_read])
async def get_parent(name: str, job: JobDep, reader: ReaderDep, access: AccessDep) -> Response:
    """Return a warm-start parent of the task's tuning job, for the comparison."""
    warm_start = (await viewed(job, reader, access)).document["job"]["warm_start"]
    if not warm_start or name not in warm_start["parents"]:
        raise Problem(
            404,
            "no_job",
            "Not a parent",
            f"{job.name} was not warm-started from {name!r}.",
            "Choose one of its parents.",
        )
    parent = replace(job, name=name, final_metric=None, is_confirmed=True)
    return Response((await viewed(parent, reader, access)).encoded, media_type="application/json")


@router.get(f"{TASK}/training-jobs.csv", dependencies=[can_read])
async def download_csv(job: JobDep, reader: ReaderDep, access: AccessDep) -> Response:
    """Return the training jobs as CSV."""
    view = await viewed(job, reader, access)
    return _file(await run_in_threadpool(export.to_csv, view.document), job.name, "csv", "text/csv")


@router.get(f"{TASK}/training-jobs.json", dependencies=[can_read])
async def download_json(job: JobDep, reader: ReaderDep, access: AccessDep) -> Response:
    """Return the training jobs as JSON."""
    view = await viewed(job, reader, access)
    return _file(await run_in_threadpool(export.to_json, view.document), job.name, "json", "application/json")


@router.post(
    f"{TASK}/stop",
    dependencies=[can_read, can_edit, own_request, Depends(action_logging(event="stop_tuning_job"))],
)
async def stop_job(job: JobDep, reader: ReaderDep, access: AccessDep) -> Response:
    """Stop the task's tuning job."""
    view = await viewed(job, reader, access)
    await require_stopping(job, view, access)
    return json_response({"stopped": await reader.stop(job)}, **NOT_KEPT)


@router.get("/dags/{dag_id}/runs/{run_id}/jobs", dependencies=[can_read])
async def list_jobs_of_run(
    dag_id: str, run_id: str, reader: ReaderDep, access: AccessDep, before: PositionDep
) -> Response:
    """Return the newest tuning jobs of a DAG run; ``before`` asks for older ones."""
    found = await run_in_threadpool(listing.of_run, dag_id, run_id, before)
    return json_response(await listing.page(found, reader, access))


@router.get("/jobs")
async def list_jobs(reader: ReaderDep, access: AccessDep, before: PositionDep) -> Response:
    """Return the newest tuning jobs of all DAGs that the user may read; ``before`` asks for older ones."""
    found = await run_in_threadpool(listing.of_user, access, before)
    return json_response(await listing.page(found, reader, access))


def _nothing(state: str | None, task: TaskKey) -> Problem:
    if state is None:
        return Problem(
            404,
            "no_task",
            "There is no such task instance",
            f"Task {task.task_id} of run {task.run_id} of DAG {task.dag_id}.",
            "Open the page from a task instance in Airflow's UI.",
        )
    if state in (
        "",
        "scheduled",
        "queued",
        "running",
        "up_for_retry",
        "up_for_reschedule",
        "restarting",
        "deferred",
    ):
        return Problem(
            404,
            "not_started",
            "No tuning job yet",
            f"The task is {state or 'not scheduled yet'}. Its tuning job appears here as soon as it exists.",
            "This page looks again by itself.",
        )
    return Problem(
        404,
        "no_job",
        "This task has created no tuning job",
        f"The task ended as {state} and names no tuning job in its XComs, or its class is neither"
        " HyperParameterTuningJobOperator nor HyperParameterTuningJobSensor.",
        "Open a task of one of these classes, or of a class derived from one. If this is one, see its log.",
    )


def json_response(value: Any, **headers: str) -> Response:
    """Return JSON that browsers ask for again each time."""
    headers = {"Cache-Control": "private, no-cache", **headers}
    return Response(encode(value), media_type="application/json", headers=headers)


def _file(text: str, name: str, suffix: str, media_type: str) -> Response:
    disposition = f'attachment; filename="{name}.{suffix}"'
    return Response(text, media_type=media_type, headers={"Content-Disposition": disposition, **NOT_KEPT})
