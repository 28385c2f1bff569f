"""Ask Airflow what has become of a task: a process or a trigger that goes is no reason to stop a tuning job.

A worker's process is ended when its task is marked or cleared, but also when its node is drained, or when Airflow's
API server was away for some heartbeats. Airflow 3.3 calls a trigger's ``on_kill`` when its task is marked, but also
when the task is cleared, or when another triggerer has taken it over. Only the task's state in Airflow says which of
them it was.

The state is about the task, not about this try: a worker that was cut off may come back when the task was cleared, and
its next try runs. So a task that is running is asked about twice: Airflow gives each try an id of its own.
"""

from __future__ import annotations

import asyncio
import time
from enum import Enum
from http import HTTPStatus
from typing import Any

from asgiref.sync import sync_to_async

from airflow_hpt_provider.retries.errors import one_line

ENDED_STATES = frozenset({"failed", "success", "skipped", "upstream_failed", "removed"})
"""The states of a task that Airflow does not start again by itself."""
RETRY_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""A trigger has time to ask again, when Airflow did not respond."""
CALLBACK_SECONDS = (1.0, 2.0, 4.0, 8.0)
"""The scheduler asks for the callback of a lost task first, and stores the task's state a moment later."""
RESPONSE_SECONDS = 30.0
"""A trigger waits at most this long for each of the responses."""


class TaskFate(Enum):
    """What Airflow's state of a task means for its tuning job."""

    ENDED = "ended"
    """A person, or Airflow itself, has decided: the job is stopped."""
    RUNNING = "running"
    """Airflow takes this try for running."""
    CONTINUES = "continues"
    """The task waits elsewhere, or was cleared, and another try comes or runs: it finds the job."""


def task_fate(ti: Any, log: Any) -> TaskFate | None:
    """Ask Airflow for the state of a task instance. Blocks until Airflow has responded.

    Args:
        ti: the task instance.
        log: gets a warning if Airflow does not respond.

    Returns:
        None: Airflow did not say.
    """
    try:
        fate = fate_of(_states(ti), ti)
        superseded = fate is TaskFate.RUNNING and not _is_current_try(ti)
        return TaskFate.CONTINUES if superseded else fate
    except Exception as error:  # noqa: BLE001 - this runs while something else has gone wrong
        log.warning("Airflow does not say what has become of the task (%s).", one_line(error))
        return None


def lost_task_fate(ti: Any, log: Any) -> TaskFate | None:
    """Ask Airflow, in its DAG processor, for the state of a task whose worker was lost.

    Airflow calls back for a task that was cleared while its worker was lost, too, though its next try comes or runs.

    Args:
        ti: the task instance.
        log: gets a warning each time that Airflow does not respond.

    Returns:
        RUNNING if the task still runs some seconds later: in another try. None: Airflow did not say.
    """
    fate: TaskFate | None = None
    for seconds in (*CALLBACK_SECONDS, None):
        try:
            fate = fate_of(_states(ti), ti)
        except Exception as error:  # noqa: BLE001 - this runs while something else has gone wrong
            fate = None
            log.warning("Airflow does not say what has become of the task (%s).", one_line(error))
        if seconds is None or fate not in {None, TaskFate.RUNNING}:
            break
        time.sleep(seconds)
    return fate


async def trigger_task_fate(ti: Any, log: Any) -> TaskFate | None:
    """Ask Airflow for the state of a trigger's task, several times if it does not respond.

    Args:
        ti: the trigger's task instance; None if it has none.
        log: the trigger's.

    Returns:
        None: Airflow did not say. The job is then left to those who will know: the API server, or the next try.
    """
    if ti is None:
        return None
    for seconds in (*RETRY_SECONDS, None):
        try:
            async with asyncio.timeout(RESPONSE_SECONDS):
                return fate_of(await sync_to_async(_states)(ti), ti)
        except Exception as error:  # noqa: BLE001 - on_kill must not fail on it
            log.warning("Airflow does not say what has become of the task (%s).", one_line(error))
        if seconds is not None:
            await asyncio.sleep(seconds)
    return None


def fate_of(states: dict[str, dict[str, Any]], ti: Any) -> TaskFate:
    """Return what Airflow's response means: the states by run, then by task.

    A task that the response does not have was deleted, as a rule with its DAG or DAG run. One without a state was
    cleared and is about to be scheduled.
    """
    name = ti.task_id if ti.map_index is None or ti.map_index < 0 else f"{ti.task_id}_{ti.map_index}"
    of_run = states.get(ti.run_id, {})
    if name not in of_run:
        return TaskFate.ENDED
    state = str(of_run[name] or "")
    if state == "running":
        return TaskFate.RUNNING
    return TaskFate.ENDED if state in ENDED_STATES else TaskFate.CONTINUES


def _states(ti: Any) -> dict[str, dict[str, Any]]:
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    return RuntimeTaskInstance.get_task_states(
        dag_id=ti.dag_id, task_ids=[ti.task_id], run_ids=[ti.run_id], map_index=ti.map_index
    )


def _is_current_try(ti: Any) -> bool:
    """Return whether Airflow still has this try as the task's current one.

    Airflow has no question for it. It answers a question about a try's assets, which its task runner asks before each
    try, with "not found" if another try has replaced this one.
    """
    from airflow.sdk.exceptions import AirflowRuntimeError
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.comms import ValidateInletsAndOutlets

    try:
        task_runner.SUPERVISOR_COMMS.send(ValidateInletsAndOutlets(ti_id=ti.id))
    except AirflowRuntimeError as error:
        if (error.error.detail or {}).get("status_code") == HTTPStatus.NOT_FOUND:
            return False
        raise
    return True
