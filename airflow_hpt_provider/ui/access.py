"""Who may see and do what: Airflow's own permissions, asked for each DAG that a job belongs to."""

from __future__ import annotations

from typing import Any, Literal

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import HTTPException, Request

from airflow_hpt_provider.creation.ownership import OWNER_TAG, Owner
from airflow_hpt_provider.ui.problems import Problem

DAG_TAG = "airflow:dag_id"

requires_reading = requires_access_dag("GET", access_entity=DagAccessEntity.XCOM)
"""To look at a tuning job: the permission to read XComs of the DAG in the path."""
requires_editing = requires_access_dag("PUT", access_entity=DagAccessEntity.TASK_INSTANCE)
"""To stop one: the permission to mark a task instance failed, which stops the job too."""


class Access:
    """What the user of one request may.

    Args:
        request: the request.
        user: Airflow's user.
    """

    def __init__(self, request: Request, user: Any) -> None:
        self._request, self._user = request, user

    def may_read(self, dag_id: str) -> bool:
        """Whether the user may look at the tuning jobs of a DAG."""
        return self._may("GET", DagAccessEntity.XCOM, dag_id)

    def may_edit(self, dag_id: str) -> bool:
        """Whether the user may stop them."""
        return self._may("PUT", DagAccessEntity.TASK_INSTANCE, dag_id)

    def visible_dags(self) -> set[str]:
        """The ids of all DAGs that the user may see; for each, :meth:`may_read` tells whether its XComs too."""
        return set(get_auth_manager().get_authorized_dag_ids(user=self._user, method="GET"))

    def _may(self, method: Literal["GET", "PUT"], entity: DagAccessEntity, dag_id: str) -> bool:
        check = requires_access_dag(method, access_entity=entity, param_dag_id=dag_id)
        try:
            check(self._request, self._user)
        except HTTPException:
            return False
        return True


def maker(tags: dict[str, str] | None, owner: Owner) -> str | None:
    """The DAG that a tuning job was made by, if its tags tell of another one than the task's own.

    A task names its job in an XCom, and whoever may write XComs can name any job. So the job's own tags are asked:
    the page shows a job to those only who may also read the DAG that made it.

    Returns:
        None if the job is the task's own DAG's, or carries no tag of ours (made outside of Airflow, or without the
        permission to tag); else the other DAG's id, empty if the tags do not tell it.
    """
    if not tags or OWNER_TAG not in tags or tags[OWNER_TAG] == owner.digest:
        return None
    dag_id = tags.get(DAG_TAG, "")
    return None if dag_id == owner.dag_id else dag_id


def forbidden_by_maker(dag_id: str) -> Problem:
    """The job belongs to a DAG that the user may not read."""
    return Problem(
        403,
        "forbidden",
        "This tuning job belongs to another DAG",
        f"Its tags say that DAG {dag_id or '(not told)'} made it.",
        "Ask for the permission to read that DAG.",
    )
