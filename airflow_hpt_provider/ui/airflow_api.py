"""The API's routes in Airflow: the tuning job that a task instance names, and lists of tuning jobs."""

from __future__ import annotations

import re
from typing import Annotated

from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.api_fastapi.logging.decorators import action_logging
from airflow.utils.session import create_session
from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from airflow_hpt_provider.ui import api, listing, tasks, training_api
from airflow_hpt_provider.ui.access import Access, requires_editing, requires_logs, requires_reading
from airflow_hpt_provider.ui.api import ReaderDep, json_response
from airflow_hpt_provider.ui.paging import Position
from airflow_hpt_provider.ui.problems import Problem
from airflow_hpt_provider.ui.refused_config import refusal
from airflow_hpt_provider.ui.tasks import TaskKey

router = APIRouter()
TASK = "/dags/{dag_id}/runs/{run_id}/tasks/{task_id}"
_INDEX = re.compile("[0-9]{1,9}")
can_read, can_edit = Depends(requires_reading), Depends(requires_editing)
REFUSED = frozenset({"failed", "up_for_retry"})
"""The states in which a task may have refused its config."""
audited = Depends(action_logging(event="stop_tuning_job"))
training_audited = Depends(action_logging(event="stop_training_job"))


def _access(request: Request, user: GetUserDep) -> Access:
    return Access(request, user)


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
TaskDep = Annotated[TaskKey, Depends(_task)]
PositionDep = Annotated[Position | None, Depends(_position)]


def _job_of_task(request: Request, task: TaskDep, access: AccessDep) -> None:
    """Find the tuning job that the task instance in the path names; no other can be asked for."""
    # Airflow's own session dependency would hold a connection to the database while SageMaker responds.
    with create_session(scoped=False) as session:
        job = tasks.job_of(session, task)
        if job is None:
            state = tasks.task_state(session, task)
            refused = state in REFUSED and tasks.is_ours(session, task)
            raise (refused and refusal(tasks.rendered_fields(session, task))) or _nothing(state, task)
    request.state.tuning_job, request.state.access = job, access


of_task = Depends(_job_of_task)
router.include_router(api.router, prefix=TASK, dependencies=[can_read, of_task])
router.include_router(training_api.router, prefix=TASK, dependencies=[can_read, of_task])
router.include_router(
    training_api.logs, prefix=TASK, dependencies=[can_read, Depends(requires_logs), of_task]
)
router.include_router(api.stopping, prefix=TASK, dependencies=[can_read, can_edit, audited, of_task])
router.include_router(
    training_api.stopping, prefix=TASK, dependencies=[can_read, can_edit, training_audited, of_task]
)


@router.get("/dags/{dag_id}/runs/{run_id}/jobs", dependencies=[can_read])
async def list_jobs_of_run(
    dag_id: str, run_id: str, reader: ReaderDep, access: AccessDep, before: PositionDep
) -> Response:
    """Return the newest tuning jobs of a DAG run; ``before`` asks for older ones."""
    found = await run_in_threadpool(listing.of_run, dag_id, run_id, before)
    return json_response(await listing.page(found, reader, access))


@router.get("/dags/{dag_id}/tasks/{task_id}/jobs", dependencies=[can_read])
async def list_jobs_of_task(
    dag_id: str, task_id: str, reader: ReaderDep, access: AccessDep, before: PositionDep
) -> Response:
    """Return the newest tuning jobs of all runs of a task; ``before`` asks for older ones."""
    found = await run_in_threadpool(listing.of_task, dag_id, task_id, before)
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
            "This page refreshes every 4 s.",
        )
    return Problem(
        404,
        "no_job",
        "This task has created no tuning job",
        f"The task ended as {state} and names no tuning job in its XComs, or its class is neither"
        " HyperParameterTuningJobOperator nor HyperParameterTuningJobSensor.",
        "Open a task of one of these classes, or of a class derived from one. If this is one, see its log.",
    )
