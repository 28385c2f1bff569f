"""Whose a tuning job is that a task names: what its tags prove, and what the name alone proves.

A task names its job in an XCom, and users who may write XComs can name any job. So the page and the clean-up act only
on what those users cannot write: the job's tags, or a name that is derived from the task instance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_hpt_provider.creation.ownership import MAX_NAMES, OWNER_TAG, Owner, attempt_name
from airflow_hpt_provider.ui.problems import Problem

if TYPE_CHECKING:
    from airflow_hpt_provider.ui.host import PageJob
    from airflow_hpt_provider.ui.tasks import TaskJob

DAG_TAG = "airflow:dag_id"


@dataclass(frozen=True)
class JobOwner:
    """The DAG that a tuning job belongs to.

    Attributes:
        dag_id: the DAG; empty if the job's tags prove that it is not the task's and name no DAG.
        is_proven: False: the task waits for the job, but neither tags nor name say who created it.
    """

    dag_id: str
    is_proven: bool = True


def owner_of(
    tags: Mapping[str, str] | None, name: str, owner: Owner, *, is_confirmed: bool
) -> JobOwner | None:
    """Return the owner of a tuning job; None if it cannot be known.

    Args:
        tags: the job's; None if the connection has no permission to read them.
        name: the job's.
        owner: the task instance that names it.
        is_confirmed: a worker or the DAG's code has given the task this name.
    """
    if tags is not None and OWNER_TAG in tags:
        return JobOwner(owner.dag_id if tags[OWNER_TAG] == owner.digest else tags.get(DAG_TAG, ""))
    if is_derived(name, owner):
        return JobOwner(owner.dag_id)
    return JobOwner(owner.dag_id, is_proven=False) if tags is not None and is_confirmed else None


def is_own(tags: Mapping[str, str] | None, name: str, owner: Owner) -> bool:
    """Return whether a tuning job is proven to be a task instance's own; parameters as in :func:`owner_of`."""
    if tags is not None and OWNER_TAG in tags:
        return tags[OWNER_TAG] == owner.digest
    return is_derived(name, owner)


def is_derived(name: str, owner: Owner) -> bool:
    """Return whether a tuning job's name is one that the provider derives from a task instance.

    The names hold 50 bits of a hash of the task instance, so no other task's job has one of them by chance.
    """
    return any(name == attempt_name(owner.base_name, number) for number in range(1, MAX_NAMES + 1))


def is_named_by_xcom_only(job: TaskJob) -> bool:
    """Return whether only an XCom names a job: a user who may write XComs can have made the name up."""
    return not job.is_confirmed and not is_derived(job.name, job.task.owner)


def unproven_job(job: PageJob) -> Problem:
    """Return the one response for every job that only an XCom names and that is not the task's or a readable DAG's.

    It does not depend on whether the job exists or whose it is: no user can try out names of jobs.
    """
    return Problem(
        403,
        "unknown_owner",
        "It cannot be checked whose tuning job this is",
        f"Only an XCom names {job.name}. Either no such tuning job exists, or its tags do not show that this task or a"
        " DAG that you may read created it.",
        "Allow sagemaker:AddTags and sagemaker:ListTags to the task's connection, so that new jobs say whose they are;"
        " or leave HyperParameterTuningJobName out of the config.",
    )


def unknown_owner(job: TaskJob, tags: Mapping[str, str] | None) -> Problem:
    """Return the problem for a job that nothing proves to be the task's own."""
    if tags is not None or is_named_by_xcom_only(job):
        return unproven_job(job)
    return Problem(
        403,
        "unknown_owner",
        "It cannot be checked whose tuning job this is",
        f"The task names {job.name}, and the connection has no permission to read the job's tags.",
        "Allow sagemaker:ListTags to the task's connection.",
    )


def foreign_owner(job: TaskJob) -> Problem:
    """Return the problem for a job of a DAG that the user may not read; it does not name the DAG."""
    if is_named_by_xcom_only(job):
        return unproven_job(job)
    return Problem(
        403,
        "forbidden",
        "This tuning job belongs to another DAG",
        f"The tags of {job.name} name a DAG as the owner that you may not read.",
        "Ask an administrator for the permission to read the DAG in the job's tag airflow:dag_id.",
    )
