"""The tuning page of a task, in Airflow's own UI."""

from __future__ import annotations

from airflow_hpt_provider.compat import base_url
from airflow_hpt_provider.links.page_urls import task_page


def page_url(dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> str:
    """The page of the tuning job that a task instance made or waits for.

    Absolute where ``[api] base_url`` is set, else as seen from Airflow's host.

    Args:
        dag_id, run_id, task_id: the task instance's.
        map_index: its map index; -1: it is not mapped.
    """
    return f"{base_url().rstrip('/')}{task_page(dag_id, run_id, task_id, map_index)}"
