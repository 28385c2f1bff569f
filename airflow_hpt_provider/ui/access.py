"""Who may see and do what: Airflow's own permissions, asked for each DAG that a job belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import ConnectionDetails, DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import HTTPException, Request

from airflow_hpt_provider.ui.job_owner import foreign_owner, owner_of, unknown_owner

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_hpt_provider.ui.job_owner import JobOwner
    from airflow_hpt_provider.ui.problems import Problem
    from airflow_hpt_provider.ui.tasks import TaskJob

requires_reading = requires_access_dag("GET", access_entity=DagAccessEntity.XCOM)
"""The permission to see a tuning job: reading XComs of the DAG in the path."""
requires_logs = requires_access_dag("GET", access_entity=DagAccessEntity.TASK_LOGS)
"""The permission to read a training job's log: reading the logs of the DAG's tasks."""
requires_editing = requires_access_dag("PUT", access_entity=DagAccessEntity.TASK_INSTANCE)
"""The permission to stop a tuning job: marking a task instance failed, which stops the job too."""


class Access:
    """What the user of one request may.

    Args:
        request: the request.
        user: Airflow's user.
    """

    sees_values = False

    def __init__(self, request: Request, user: Any) -> None:
        self._request, self._user = request, user

    def may_read(self, dag_id: str) -> bool:
        """Return whether the user may see the tuning jobs of a DAG."""
        return self._may("GET", DagAccessEntity.XCOM, dag_id)

    def may_read_logs(self, job: TaskJob, tags: Mapping[str, str] | None) -> bool:
        """Return whether the user may read the logs of a tuning job's training jobs; as in :meth:`denial`.

        Required is the permission to read the task logs of the DAG that owns the job, and of the task's.
        """
        owner = _owner(job, tags)
        if owner is None or not owner.dag_id:
            return False
        return all(self.may_read_task_logs(dag_id) for dag_id in {job.task.dag_id, owner.dag_id})

    def may_read_task_logs(self, dag_id: str) -> bool:
        """Return whether the user may read the task logs of a DAG."""
        return self._may("GET", DagAccessEntity.TASK_LOGS, dag_id)

    def may_edit(self, dag_id: str) -> bool:
        """Return whether the user may stop the tuning jobs of a DAG."""
        return self._may("PUT", DagAccessEntity.TASK_INSTANCE, dag_id)

    def may_read_connection(self, conn_id: str) -> bool:
        """Return whether the user may see a connection in Airflow."""
        return self._may_connection("GET", conn_id)

    def may_edit_connection(self, conn_id: str) -> bool:
        """Return whether the user may change a connection in Airflow."""
        return self._may_connection("PUT", conn_id)

    def _may_connection(self, method: Literal["GET", "PUT"], conn_id: str) -> bool:
        details = ConnectionDetails(conn_id=conn_id)
        return get_auth_manager().is_authorized_connection(method=method, details=details, user=self._user)

    def visible_dags(self) -> set[str]:
        """Return the ids of all DAGs that the user may see; :meth:`may_read` then decides about each one's XComs."""
        return set(get_auth_manager().get_authorized_dag_ids(user=self._user, method="GET"))

    def denial(self, job: TaskJob, tags: Mapping[str, str] | None) -> Problem | None:
        """Return the reason why the user may not see a tuning job that a readable task names; None if allowed.

        Args:
            job: the job as the task names it.
            tags: the job's; None if the connection has no permission to read them.
        """
        owner = _owner(job, tags)
        if owner is None:
            return unknown_owner(job, tags)
        if owner.dag_id == job.task.dag_id or (owner.dag_id and self.may_read(owner.dag_id)):
            return None
        return foreign_owner(job)

    def may_stop(self, job: TaskJob, tags: Mapping[str, str] | None) -> bool:
        """Return whether the user may stop a tuning job; the parameters are those of :meth:`denial`.

        It must be proven whose job it is, and the user must be permitted to edit that DAG and the task's.
        """
        owner = _owner(job, tags)
        if owner is None or not owner.is_proven or not owner.dag_id:
            return False
        return all(self.may_edit(dag_id) for dag_id in {job.task.dag_id, owner.dag_id})

    def _may(self, method: Literal["GET", "PUT"], entity: DagAccessEntity, dag_id: str) -> bool:
        check = requires_access_dag(method, access_entity=entity, param_dag_id=dag_id)
        try:
            check(self._request, self._user)
        except HTTPException:
            return False
        return True


def _owner(job: TaskJob, tags: Mapping[str, str] | None) -> JobOwner | None:
    return owner_of(tags, job.name, job.task.owner, is_confirmed=job.is_confirmed)
