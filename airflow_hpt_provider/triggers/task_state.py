"""Why a trigger was cancelled: somebody has ended its task, or the task only waits elsewhere by now."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async

from airflow_hpt_provider.retries.errors import one_line

WAITING = frozenset({"deferred", "running"})


async def task_still_waiting(ti: Any, log: Any) -> bool:
    """Whether the trigger's task waits all the same, or is about to wait again.

    Airflow 3.3 calls ``on_kill`` for every trigger that a triggerer no longer has to run; so also when another
    triggerer has taken it over, because this one's heartbeat was late; and maybe only when a task that was cleared
    has started again, and found its job.

    Args:
        ti: the trigger's task instance; None if it has none.
        log: the trigger's.
    """
    if ti is None:
        return False
    try:
        states = await sync_to_async(_states)(ti)
    except Exception as error:  # noqa: BLE001 - as a rule a person has ended the task
        log.warning("Airflow does not tell the task's state (%s); it is taken for ended.", one_line(error))
        return False
    task = ti.task_id if ti.map_index < 0 else f"{ti.task_id}_{ti.map_index}"
    return str(states.get(ti.run_id, {}).get(task)) in WAITING


def _states(ti: Any) -> dict[str, Any]:
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    return RuntimeTaskInstance.get_task_states(
        dag_id=ti.dag_id, task_ids=[ti.task_id], run_ids=[ti.run_id], map_index=ti.map_index
    )
