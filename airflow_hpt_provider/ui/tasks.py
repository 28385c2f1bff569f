"""Which tuning job a task instance has made, and by which connection: from Airflow's own records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow.models.renderedtifields import RenderedTaskInstanceFields
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from sqlalchemy import select

from airflow_hpt_provider.compat import deployment
from airflow_hpt_provider.creation.ownership import Owner
from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.ui.paging import NEWEST_FIRST, Position
from airflow_hpt_provider.xcom.push import (
    FINAL_METRIC,
    TUNING_CONNECTION,
    TUNING_JOB_ARN,
    TUNING_JOB_NAME,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_KEYS = (TUNING_JOB_NAME, TUNING_JOB_ARN, TUNING_CONNECTION, FINAL_METRIC)
_MASKED = "***"


class TaskKey(NamedTuple):
    """A task instance."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1

    @property
    def owner(self) -> Owner:
        """The same as the owner of a tuning job."""
        return Owner(self.dag_id, self.task_id, self.run_id, self.map_index, deployment=deployment())


@dataclass(frozen=True)
class TaskJob:
    """A tuning job as a task instance names it.

    Attributes:
        task: the task instance.
        name, arn: the tuning job's.
        settings: the connection by which the task reached it.
        announced: when the task told of it.
        task_state: Airflow's state of the task instance.
        final_metric: what the task left in XCom; None before its end.
    """

    task: TaskKey
    name: str
    arn: str
    settings: ConnectionSettings = field(compare=False)
    announced: datetime
    task_state: str | None
    final_metric: float | None = None

    @property
    def key(self) -> str:
        """Equal for task instances that look at the same job in the same way."""
        return f"{self.name} {self.settings.key}"


def task_state(session: Session, task: TaskKey) -> str | None:
    """Airflow's state of a task instance; an empty string if it has none yet, None if there is no such task."""
    states = _states(session, [task])
    return (states[task] or "") if task in states else None


def job_of(session: Session, task: TaskKey) -> TaskJob | None:
    """The tuning job of a task instance; None if it has told of none."""
    query = select(XComModel).where(
        XComModel.key == TUNING_JOB_NAME,
        XComModel.dag_id == task.dag_id,
        XComModel.run_id == task.run_id,
        XComModel.task_id == task.task_id,
        XComModel.map_index == task.map_index,
    )
    jobs = _jobs(session, session.scalars(query))
    return jobs[0] if jobs else None


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
    """The tuning jobs of a DAG run, the newest first; ``before`` and ``limit`` as in :func:`recent_jobs`."""
    of_run = select(XComModel).where(XComModel.dag_id == dag_id, XComModel.run_id == run_id)
    return _found(session, of_run, before, limit)


def recent_jobs(
    session: Session, dag_ids: Collection[str], *, before: Position | None = None, limit: int = 100
) -> Found:
    """The tuning jobs that tasks of these DAGs have told of, the newest first.

    Args:
        session: of Airflow's database.
        dag_ids: those that the user may read.
        before: where the page before this one said that the next begins.
        limit: so many rows are read; tasks that name no job are left out.
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
    values, fields = _xcoms(session, tasks), _rendered_fields(session, tasks)
    states = _states(session, tasks)
    jobs = []
    for key, row in named:
        xcoms = values[key]
        metric = xcoms.get(FINAL_METRIC)
        jobs.append(
            TaskJob(
                task=key,
                name=str(xcoms.get(TUNING_JOB_NAME) or ""),
                arn=str(xcoms.get(TUNING_JOB_ARN) or ""),
                settings=_settings(fields.get(key), xcoms.get(TUNING_CONNECTION)),
                announced=row.timestamp,
                task_state=states.get(key),
                final_metric=metric if isinstance(metric, (int, float)) else None,
            )
        )
    return [job for job in jobs if job.name]


def _settings(rendered: dict[str, Any] | None, pushed: Any) -> ConnectionSettings:
    """How the task reached its job.

    The rendered fields come first: workers alone write them, while XComs can be changed by whoever may edit the DAG.
    Airflow keeps them for the last runs only; then the XCom counts, which holds what leads there and no secret.
    """
    for told in (rendered, pushed):
        if isinstance(told, dict) and "aws_conn_id" in told and _MASKED not in map(str, told.values()):
            given = {
                name: told.get(name) for name in ("aws_conn_id", "region_name", "verify", "botocore_config")
            }
            return ConnectionSettings(
                **{name: None if value == "None" else value for name, value in given.items()}
            )
    return ConnectionSettings()


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


def _states(session: Session, tasks: Sequence[TaskKey]) -> dict[TaskKey, str | None]:
    columns = [getattr(TaskInstance, name) for name in ("dag_id", "run_id", "task_id", "map_index", "state")]
    rows: Iterable[Any] = session.execute(_of_tasks(select(*columns), TaskInstance, tasks))
    return {TaskKey(*row[:4]): row[4] for row in rows}


def _of_tasks(query: Any, table: Any, tasks: Sequence[TaskKey]) -> Any:
    """Rows of these task instances, and perhaps of a few more: tuples in IN are not known to every database."""
    return query.where(
        table.dag_id.in_({task.dag_id for task in tasks}),
        table.run_id.in_({task.run_id for task in tasks}),
        table.task_id.in_({task.task_id for task in tasks}),
    )
