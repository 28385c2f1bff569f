"""Which tuning job a task instance names, and the connection to it, from Airflow's own records.

The name is an XCom's, which users may change, so :mod:`airflow_hpt_provider.ui.job_owner` checks whose job it is. The
connection is never an XCom's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from airflow.models.renderedtifields import RenderedTaskInstanceFields
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from sqlalchemy import select

from airflow_hpt_provider.compat import deployment
from airflow_hpt_provider.creation.ownership import Owner
from airflow_hpt_provider.ui.connections import connection_of
from airflow_hpt_provider.ui.job_owner import is_named_by_xcom_only
from airflow_hpt_provider.ui.paging import NEWEST_FIRST, Position
from airflow_hpt_provider.ui.problems import Problem
from airflow_hpt_provider.ui.task_code import TaskCode, task_codes
from airflow_hpt_provider.xcom.job_name import job_name
from airflow_hpt_provider.xcom.push import FINAL_METRIC, TUNING_JOB_NAME

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from airflow_hpt_provider.hooks.settings import ConnectionSettings

_KEYS = (TUNING_JOB_NAME, FINAL_METRIC)
CONFIG_NAME = "HyperParameterTuningJobName"


class TaskKey(NamedTuple):
    """A task instance."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1

    @property
    def owner(self) -> Owner:
        """The task instance as the owner of a tuning job."""
        return Owner(self.dag_id, self.task_id, self.run_id, self.map_index, deployment=deployment())


@dataclass(frozen=True)
class TaskJob:
    """A tuning job as a task instance of this provider's operators names it.

    Attributes:
        task: the task instance.
        name: the tuning job's, from an XCom.
        connection: the task's connection; or the reason why it cannot be known.
        announced: when the XCom was written.
        task_state: Airflow's state of the task instance.
        final_metric: what the task left in XCom; None before its end.
        is_confirmed: a worker or the DAG's code has given the task the same name.
        has_form: Airflow has a trigger form for the DAG.
    """

    task: TaskKey
    name: str
    connection: ConnectionSettings | Problem = field(compare=False)
    announced: datetime
    task_state: str | None
    final_metric: float | None = None
    is_confirmed: bool = False
    has_form: bool = False

    @property
    def settings(self) -> ConnectionSettings:
        """The task's connection.

        Raises:
            Problem: it cannot be known.
        """
        if isinstance(self.connection, Problem):
            raise self.connection
        return self.connection

    @property
    def key(self) -> str:
        """Equal for task instances that read the same job in the same way."""
        return f"{self.name} {self.settings.key}"

    @property
    def is_guessed(self) -> bool:
        """Whether only an XCom names the job."""
        return is_named_by_xcom_only(self)

    def about(self) -> dict[str, Any]:
        """Return the task instance and its state, for the page's document."""
        return {"task": {**self.task._asdict(), "state": self.task_state}, "has_form": self.has_form}

    def parent(self, name: str) -> TaskJob:
        """Return a warm-start parent of the job, read with the same connection."""
        return replace(self, name=name, final_metric=None, is_confirmed=True)


def task_state(session: Session, task: TaskKey) -> str | None:
    """Airflow's state of a task instance; an empty string if it has none yet, None if there is no such task."""
    instances = _instances(session, [task])
    return (instances[task].state or "") if task in instances else None


def job_of(session: Session, task: TaskKey) -> TaskJob | None:
    """Return the tuning job of a task instance; None if it names none, or is a task of another operator."""
    query = select(XComModel).where(
        XComModel.key == TUNING_JOB_NAME,
        XComModel.dag_id == task.dag_id,
        XComModel.run_id == task.run_id,
        XComModel.task_id == task.task_id,
        XComModel.map_index == task.map_index,
    )
    jobs = _jobs(session, session.scalars(query))
    return jobs[0] if jobs else None


def rendered_fields(session: Session, task: TaskKey) -> Mapping[str, Any]:
    """Return what a worker has stored of a task's arguments; empty if Airflow no longer has it."""
    return _rendered_fields(session, [task]).get(task) or {}


def is_ours(session: Session, task: TaskKey) -> bool:
    """Return whether a task instance is one of this provider's operators, or of a class derived from one."""
    version = found.version if (found := _instances(session, [task]).get(task)) else None
    return version is not None and task.task_id in task_codes(session, {version}).get(version, {})


@dataclass(frozen=True)
class Found:
    """A page of a list.

    Attributes:
        jobs: the newest first.
        older: where the next page begins; None if this is the last.
    """

    jobs: list[TaskJob]
    older: Position | None


def jobs_of_run(
    session: Session, dag_id: str, run_id: str, *, before: Position | None = None, limit: int = 500
) -> Found:
    """Return the tuning jobs of a DAG run, the newest first; ``before`` and ``limit`` as in :func:`recent_jobs`."""
    of_run = select(XComModel).where(XComModel.dag_id == dag_id, XComModel.run_id == run_id)
    return _found(session, of_run, before, limit)


def jobs_of_task(
    session: Session, dag_id: str, task_id: str, *, before: Position | None = None, limit: int = 50
) -> Found:
    """Return the tuning jobs of all runs of a task, the newest first; arguments as in :func:`recent_jobs`."""
    of_task = select(XComModel).where(XComModel.dag_id == dag_id, XComModel.task_id == task_id)
    return _found(session, of_task, before, limit)


def recent_jobs(
    session: Session, dag_ids: Collection[str], *, before: Position | None = None, limit: int = 100
) -> Found:
    """Return the tuning jobs that tasks of these DAGs have created, newest first.

    Args:
        session: of Airflow's database.
        dag_ids: those that the user may read.
        before: where the page before this one said that the next begins.
        limit: the number of rows to read. Tasks that name no job and tasks of other operators are left out.
    """
    return _found(session, select(XComModel).where(XComModel.dag_id.in_(dag_ids)), before, limit)


def _found(session: Session, query: Any, before: Position | None, limit: int) -> Found:
    query = query.where(XComModel.key == TUNING_JOB_NAME)
    if before is not None:
        query = query.where(before.older())
    rows = list(session.scalars(query.order_by(*NEWEST_FIRST).limit(limit + 1)))
    older = Position.of(rows[limit - 1]) if len(rows) > limit else None
    return Found(_jobs(session, rows[:limit]), older)


def _jobs(session: Session, rows: Iterable[Any]) -> list[TaskJob]:
    named = [(_key(row), row) for row in rows]
    tasks = [key for key, _ in named]
    instances = _instances(session, tasks)
    codes = task_codes(session, {each.version for each in instances.values() if each.version})
    values, fields = _xcoms(session, tasks), _rendered_fields(session, tasks)
    jobs = []
    for key, row in named:
        name = str(values[key].get(TUNING_JOB_NAME) or "")
        instance = instances.get(key)
        code = codes.get(instance.version, {}).get(key.task_id) if instance and instance.version else None
        if not name or instance is None or code is None:
            continue
        metric, rendered = values[key].get(FINAL_METRIC), fields.get(key) or {}
        jobs.append(
            TaskJob(
                task=key,
                name=name,
                connection=_connection(code, rendered),
                announced=row.timestamp,
                task_state=instance.state,
                final_metric=metric if isinstance(metric, (int, float)) else None,
                is_confirmed=name in {*_names(rendered), *_names(code.constants)},
                has_form=code.has_form,
            )
        )
    return jobs


def _connection(code: TaskCode, rendered: dict[str, Any]) -> ConnectionSettings | Problem:
    try:
        return connection_of(code, rendered)
    except Problem as problem:
        return problem


def _names(arguments: Mapping[str, Any]) -> Iterator[str]:
    """Yield the tuning job's name that a task's arguments give it."""
    config = arguments.get("config")
    names = (job_name(arguments.get("tuning_job_name")), isinstance(config, dict) and config.get(CONFIG_NAME))
    yield from (name for name in names if isinstance(name, str))


def _key(row: Any) -> TaskKey:
    return TaskKey(row.dag_id, row.run_id, row.task_id, row.map_index)


def _xcoms(session: Session, tasks: Sequence[TaskKey]) -> dict[TaskKey, dict[str, Any]]:
    values: dict[TaskKey, dict[str, Any]] = defaultdict(dict)
    query = _of_tasks(select(XComModel), XComModel, tasks).where(XComModel.key.in_(_KEYS))
    for row in session.scalars(query):
        values[_key(row)][row.key] = XComModel.deserialize_value(row)
    return values


def _rendered_fields(session: Session, tasks: Sequence[TaskKey]) -> dict[TaskKey, dict[str, Any]]:
    query = _of_tasks(select(RenderedTaskInstanceFields), RenderedTaskInstanceFields, tasks)
    return {_key(row): row.rendered_fields for row in session.scalars(query)}


class _Instance(NamedTuple):
    state: str | None
    version: UUID | None


def _instances(session: Session, tasks: Sequence[TaskKey]) -> dict[TaskKey, _Instance]:
    names = (*TaskKey._fields, "state", "dag_version_id")
    columns = [getattr(TaskInstance, name) for name in names]
    rows: Iterable[Any] = session.execute(_of_tasks(select(*columns), TaskInstance, tasks))
    return {TaskKey(*row[:4]): _Instance(*row[4:]) for row in rows}


def _of_tasks(query: Any, table: Any, tasks: Sequence[TaskKey]) -> Any:
    """Rows of these task instances, and perhaps of a few more: tuples in IN are not known to every database."""
    return query.where(
        table.dag_id.in_({task.dag_id for task in tasks}),
        table.run_id.in_({task.run_id for task in tasks}),
        table.task_id.in_({task.task_id for task in tasks}),
    )
