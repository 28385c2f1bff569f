"""What a DAG's own code says of its tasks, as Airflow's DAG processor has serialized it.

Only the DAG processor writes the serialized DAG. A user who may edit a DAG in Airflow's UI can change neither the class
of a task there nor its arguments, as he can change an XCom.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from airflow.models.serialized_dag import SerializedDagModel
from sqlalchemy import select

from airflow_hpt_provider.hooks.settings import CONNECTION_ARGUMENTS, ConnectionSettings
from airflow_hpt_provider.links.tuning import TuningPageLink

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

NAME_FIELDS = ("tuning_job_name", "config")
"""Where the sensor and the operator have the name of a tuning job."""
_OURS = frozenset(
    {
        ("airflow_hpt_provider.operators.tuning", "HyperParameterTuningJobOperator"),
        ("airflow_hpt_provider.sensors.tuning", "HyperParameterTuningJobSensor"),
    }
)
_DEFAULTS = ConnectionSettings().as_kwargs()
_NOT_A_CONSTANT = re.compile(r"\{\{|\{%|\{#|^<callable |^Truncated\. ")
"""A Jinja template, a function that makes the value, or a value that Airflow has cut off."""
_CACHE_SIZE = 256
_cache: dict[tuple[UUID, str], Mapping[str, TaskCode]] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class TaskCode:
    """A task of this provider's operators, as its DAG's code has it.

    Attributes:
        constants: the arguments that are no templates, by name. An argument that is missing is not known.
        has_form: the DAG has Params, so Airflow shows its trigger form.
    """

    constants: Mapping[str, Any] = field(default_factory=dict)
    has_form: bool = False


def task_codes(session: Session, versions: Collection[UUID]) -> dict[UUID, Mapping[str, TaskCode]]:
    """Return this provider's tasks, by DAG version and task id; tasks of other operators are left out.

    Args:
        session: of Airflow's database.
        versions: ids of DAG versions, as task instances have them.
    """
    table = SerializedDagModel
    query = select(table.dag_version_id, table.dag_hash).where(table.dag_version_id.in_(versions))
    return {version: _tasks(session, version, dag_hash) for version, dag_hash in session.execute(query)}


def _tasks(session: Session, version: UUID, dag_hash: str) -> Mapping[str, TaskCode]:
    """Read a serialized DAG, which may have thousands of tasks, from the database only if it is not cached."""
    with _lock:
        known = _cache.get((version, dag_hash))
    if known is not None:
        return known
    stored = session.scalar(select(SerializedDagModel).where(SerializedDagModel.dag_version_id == version))
    read = read_tasks((stored.data if stored is not None else None) or {})
    with _lock:
        _cache[version, dag_hash] = read
        while len(_cache) > _CACHE_SIZE:
            del _cache[next(iter(_cache))]
    return read


def read_tasks(data: Mapping[str, Any]) -> dict[str, TaskCode]:
    """Return this provider's tasks of a serialized DAG, by task id."""
    dag = data.get("dag", {})
    tasks = [_plain(task) for task in dag.get("tasks", ())]
    has_form = bool(dag.get("params"))
    return {task["task_id"]: TaskCode(_constants(task), has_form) for task in tasks if _is_ours(task)}


def _is_ours(task: Mapping[str, Any]) -> bool:
    """Return whether a task's class is the operator or the sensor, or is derived from one of them.

    Airflow serializes the class, not its bases; a derived class inherits the link to the tuning page.
    """
    links = task.get("_operator_extra_links") or {}
    return _class_of(task) in _OURS or TuningPageLink().xcom_key in links.values()


def _class_of(task: Mapping[str, Any]) -> tuple[Any, Any]:
    return task.get("_task_module"), task.get("task_type")


def _constants(task: Mapping[str, Any]) -> dict[str, Any]:
    given = _mapped_arguments(task) if task.get("_is_mapped") else _arguments(task)
    return {name: value for name, value in given.items() if _is_constant(value)}


def _arguments(task: Mapping[str, Any]) -> dict[str, Any]:
    # Airflow serializes all template fields, except those that are None.
    names = {*CONNECTION_ARGUMENTS, *NAME_FIELDS}.intersection(task.get("template_fields") or ())
    return {name: task.get(name) for name in names}


def _mapped_arguments(task: Mapping[str, Any]) -> dict[str, Any]:
    expanded = task.get("expand_input") or {}
    names = {*CONNECTION_ARGUMENTS, *NAME_FIELDS}
    if expanded.get("type") != "dict-of-lists" or not isinstance(expanded.get("value"), dict):
        return {}  # expand_kwargs(): any argument may differ from one task instance to the next
    # The defaults of a derived class are not serialized.
    defaults = _DEFAULTS if _class_of(task) in _OURS else {}
    given = {**defaults, **(task.get("partial_kwargs") or {})}
    return {name: value for name, value in given.items() if name in names and name not in expanded["value"]}


def _is_constant(value: Any) -> bool:
    if isinstance(value, str):
        return not _NOT_A_CONSTANT.search(value)
    if isinstance(value, dict):
        return all(_is_constant(each) for each in (*value, *value.values()))
    if isinstance(value, list):
        return all(map(_is_constant, value))
    return value is None or isinstance(value, (bool, int, float))


def _plain(value: Any) -> Any:
    """Return a serialized value without Airflow's envelope of type and value."""
    if isinstance(value, dict):
        if value.keys() == {"__type", "__var"}:
            return _plain(value["__var"])
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
