"""URLs of the tuning page.

The plugin loads this module in every Airflow process, so it imports nothing else of this package.
"""

from __future__ import annotations

from urllib.parse import quote

URL_PREFIX = "/hpt"
"""Path of the page's app below the API server's address."""
TASK_TAB, DAG_RUN_TAB, NAVIGATION_PAGE = "tuning", "tuning-jobs-of-run", "tuning-jobs"
"""Names of the page's views in Airflow's UI."""


def task_page(dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> str:
    """Return the path of a task instance's tuning page, a tab in Airflow's UI, below ``[api] base_url``."""
    mapped = f"/mapped/{map_index}" if map_index >= 0 else ""
    return f"/dags/{_part(dag_id)}/runs/{_part(run_id)}/tasks/{_part(task_id)}{mapped}/plugin/{TASK_TAB}"


def page_url(dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> str:
    """Return that page's URL: absolute if ``[api] base_url`` is set, else relative to Airflow's host.

    Args:
        dag_id, run_id, task_id: the task instance that made the tuning job or waits for it.
        map_index: its map index; -1: it is not mapped.
    """
    from airflow_hpt_provider.compat import base_url

    return f"{base_url().rstrip('/')}{task_page(dag_id, run_id, task_id, map_index)}"


def _part(text: str) -> str:
    return quote(text, safe="")
