"""What this try of a task has pushed, on this worker or on the one before its deferral."""

from __future__ import annotations

from typing import Any


def own_xcom(ti: Any, key: str) -> Any:
    """Return an XCom of the task instance itself; None if there is none.

    Airflow logs an error if the one XCom that is asked for does not exist. It logs nothing where the XComs of all
    map indexes are asked for, so this comes first.
    """
    found = ti.xcom_pull(task_ids=ti.task_id, key=key)
    if found and ti.map_index >= 0:
        return ti.xcom_pull(task_ids=ti.task_id, key=key, map_indexes=ti.map_index)
    return found or None
