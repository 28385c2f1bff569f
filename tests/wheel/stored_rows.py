"""Run with an Airflow's Python: rewrite what the provider has in its database as another version would have stored it.

Arguments: none. The DAGs are those of ``upgrade_dags.py``. Tasks and watchers named ``older...`` lose every argument
that has a default; those named ``newer...`` get an argument that this version does not know. Prints a line per row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session
from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

if TYPE_CHECKING:
    from airflow.models.taskinstance import TaskInstance

REQUIRED = {"tuning_job_name", "queue_url"}


def of_another_version(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    if "older" in name:
        return {key: value for key, value in arguments.items() if key in REQUIRED}
    return {**arguments, "later_option": 1}


def rewrite_triggers(session: Any) -> None:
    """Rewrite stored triggers, and the arguments with which their tasks resume."""
    for trigger in session.scalars(select(Trigger)):
        task: TaskInstance | None = trigger.task_instance
        (name,) = [task.task_id] if task else [watcher.name for watcher in trigger.asset_watchers]
        trigger.kwargs = of_another_version(name, trigger.kwargs)
        if task is not None:
            stored = task.next_kwargs or {}
            arguments = stored.get("__var", stored)
            changed = of_another_version(name, arguments)
            arguments.clear()
            arguments.update(changed)
            flag_modified(task, "next_kwargs")
        print("trigger", name, trigger.classpath.rpartition(".")[2], *sorted(trigger.kwargs))


def rewrite_dags(session: Any) -> None:
    """Rewrite the serialized tasks that start in the triggerer."""
    for model in session.scalars(select(SerializedDagModel)):
        data = model.data
        for each in data["dag"]["tasks"]:
            task = each["__var"]
            if not task.get("start_from_trigger"):
                continue
            started = task["start_trigger_args"]["trigger_kwargs"]
            started["__var"] = of_another_version(task["task_id"], started["__var"])
            if "newer" in task["task_id"]:
                task["later_field"] = "later"
                task["template_fields"] = [*task["template_fields"], "later_field"]
                task["_operator_extra_links"]["Later link"] = "_link_LaterLink"
            else:
                del task["_operator_extra_links"]["Tuning page"]
            print("task", task["task_id"], *sorted(started["__var"]))
        model._data = data
        flag_modified(model, "_data")


if __name__ == "__main__":
    with create_session() as session:
        rewrite_triggers(session)
        rewrite_dags(session)
