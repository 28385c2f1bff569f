"""All tuning jobs of an Airflow connection: for users who may read that connection.

See docs/decisions/0019-jobs-of-a-connection.md for the permissions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from airflow.models.connection import Connection
from airflow.sdk import BaseHook
from airflow.utils.session import create_session
from fastapi import APIRouter, Depends, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from sqlalchemy import select

from airflow_hpt_provider.creation.ownership import OWNER_TAG
from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.ui import api, connection_api, training_api
from airflow_hpt_provider.ui.airflow_api import AccessDep, audited, training_audited
from airflow_hpt_provider.ui.api import json_response
from airflow_hpt_provider.ui.connection_api import CONNECTION, JOB, JobName
from airflow_hpt_provider.ui.job_owner import DAG_TAG
from airflow_hpt_provider.ui.named_jobs import NamedJob
from airflow_hpt_provider.ui.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_hpt_provider.ui.access import Access

router = APIRouter()
AWS = "aws"
DEFAULT = "aws_default"


class ConnectionAccess:
    """What the user of one request may do with the tuning jobs of a connection.

    Args:
        access: the user's permissions.
        connection: the connection's id.
    """

    sees_values = False

    def __init__(self, access: Access, connection: str) -> None:
        self._access, self._connection = access, connection

    def denial(self, job: NamedJob, tags: Mapping[str, str] | None) -> Problem | None:
        """Return why the user may not see a job of the connection, which he may read; None if he may."""
        if tags is None:
            return Problem(
                403,
                "unknown_owner",
                "It cannot be checked whose tuning job this is",
                f"Connection {self._connection!r} has no permission to read the tags of tuning jobs.",
                "Allow sagemaker:ListTags to the connection.",
            )
        if OWNER_TAG not in tags:
            return None
        dag_id = tags.get(DAG_TAG, "")
        return None if dag_id and self._access.may_read(dag_id) else _foreign(job)

    def may_read_logs(self, job: NamedJob, tags: Mapping[str, str] | None) -> bool:
        """Return whether the user may read the training jobs' logs: those of a DAG need its task logs' permission."""
        if tags is None or self.denial(job, tags) is not None:
            return False
        return OWNER_TAG not in tags or self._access.may_read_task_logs(tags.get(DAG_TAG, ""))

    def may_stop(self, job: NamedJob, tags: Mapping[str, str] | None) -> bool:
        """Return whether the user may edit the connection, and the DAG that the job's tags name."""
        if tags is None or not self._access.may_edit_connection(self._connection):
            return False
        if OWNER_TAG not in tags:
            return True
        dag_id = tags.get(DAG_TAG, "")
        return bool(dag_id) and self._access.may_edit(dag_id)


def _foreign(job: NamedJob) -> Problem:
    return Problem(
        403,
        "forbidden",
        "This tuning job belongs to a DAG",
        f"The tags of {job.name} name a DAG as the owner that you may not read.",
        "Ask an administrator for the permission to read the DAG in the job's tag airflow:dag_id.",
    )


def _connection(
    request: Request, access: AccessDep, connection: Annotated[str, Path(max_length=250)]
) -> NamedJob:
    if not access.may_read_connection(connection):
        raise Problem(
            403,
            "forbidden",
            "You do not have permission to see the tuning jobs of this connection",
            "The list of all tuning jobs requires the permission to read the connection.",
            "Ask your Airflow administrator for it.",
        )
    if not _is_aws(connection):
        raise Problem(
            404,
            "no_connection",
            "There is no such AWS connection",
            f"Airflow has no connection {connection!r} of type 'aws'.",
            "Choose another connection.",
        )
    request.state.access = ConnectionAccess(access, connection)
    request.state.tuning_job = NamedJob("", connection, ConnectionSettings(connection))
    return request.state.tuning_job  # type: ignore[no-any-return]


def _job(
    request: Request, connection: Annotated[NamedJob, Depends(_connection)], tuning_job: JobName
) -> None:
    request.state.tuning_job = connection.named(tuning_job)


def _is_aws(connection: str) -> bool:
    try:
        return bool(BaseHook.get_connection(connection).conn_type == AWS)
    except Exception:  # noqa: BLE001 - Airflow has the error in different places
        return False


of_connection, of_job = Depends(_connection), Depends(_job)
router.include_router(connection_api.router, prefix=CONNECTION, dependencies=[of_connection])
router.include_router(api.router, prefix=JOB, dependencies=[of_job])
router.include_router(training_api.router, prefix=JOB, dependencies=[of_job])
router.include_router(training_api.logs, prefix=JOB, dependencies=[of_job])
router.include_router(api.stopping, prefix=JOB, dependencies=[of_job, audited])
router.include_router(training_api.stopping, prefix=JOB, dependencies=[of_job, training_audited])


@router.get("/connections")
async def list_connections(access: AccessDep) -> Response:
    """Return the ids of the AWS connections that the user may read."""
    return json_response({"connections": await run_in_threadpool(_readable, access)})


def _readable(access: Access) -> list[str]:
    with create_session(scoped=False) as session:
        known = set(session.scalars(select(Connection.conn_id).where(Connection.conn_type == AWS)))
    if _is_aws(DEFAULT):  # it may be an environment variable
        known.add(DEFAULT)
    return sorted(one for one in known if access.may_read_connection(one))
