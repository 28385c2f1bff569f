"""Where the tuning page is: for links to it.

The plugin loads this module in every Airflow process, so nothing else of ours is imported with it.
"""

from __future__ import annotations

from urllib.parse import quote

URL_PREFIX = "/hpt"
"""Of the app below the API server's own address."""
TASK_TAB, DAG_RUN_TAB, NAVIGATION_PAGE = "tuning", "tuning-jobs-of-run", "tuning-jobs"
"""The views' names in the addresses of Airflow's UI."""


def task_page(dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> str:
    """The tuning page of a task instance, as a tab in Airflow's UI: a path below ``[api] base_url``."""
    mapped = f"/mapped/{map_index}" if map_index >= 0 else ""
    return f"/dags/{_part(dag_id)}/runs/{_part(run_id)}/tasks/{_part(task_id)}{mapped}/plugin/{TASK_TAB}"


def page_url(dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> str:
    """The same page's URL: absolute where ``[api] base_url`` is set, else as seen from Airflow's host.

    Args:
        dag_id, run_id, task_id: the task instance that made the tuning job or waits for it.
        map_index: its map index; -1: it is not mapped.
    """
    from airflow_hpt_provider.compat import base_url

    return f"{base_url().rstrip('/')}{task_page(dag_id, run_id, task_id, map_index)}"


def _part(text: str) -> str:
    return quote(text, safe="")
