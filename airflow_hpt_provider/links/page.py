"""The tuning page of a task, in Airflow's own UI."""

from __future__ import annotations

from urllib.parse import quote

from airflow_hpt_provider.compat import base_url


def page_url(dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> str:
    """The page of the tuning job that a task instance made or waits for.

    Absolute where ``[api] base_url`` is set, else as seen from Airflow's host.

    Args:
        dag_id, run_id, task_id: the task instance's.
        map_index: its map index; -1: it is not mapped.
    """
    path = "/".join(quote(each, safe="") for each in (dag_id, run_id, task_id))
    return f"{base_url().rstrip('/')}/hpt/task/{path}?map_index={map_index}"
