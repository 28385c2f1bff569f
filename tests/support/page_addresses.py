"""The tuning page's own addresses, without Airflow's UI around it."""

from urllib.parse import quote

from airflow_hpt_provider.links.page_urls import URL_PREFIX


def bare_task_page(dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> str:
    """The path of a task instance's page below the API server's address."""
    parts = "/".join(quote(part, safe="") for part in (dag_id, run_id, task_id))
    return f"{URL_PREFIX}/task/{parts}?map_index={map_index}"
