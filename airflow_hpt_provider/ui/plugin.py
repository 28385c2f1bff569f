"""What Airflow loads through the ``airflow.plugins`` entry point, in every process: so it imports next to nothing."""

from __future__ import annotations

import logging
from typing import Any

from airflow.plugins_manager import AirflowPlugin

from airflow_hpt_provider.links.page_urls import DAG_RUN_TAB, NAVIGATION_PAGE, TASK_TAB, URL_PREFIX


class LazyApp:
    """An ASGI app that is made on the first request: FastAPI is not for schedulers and workers."""

    def __init__(self) -> None:
        self._app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle one request."""
        if self._app is None:
            from airflow_hpt_provider.ui.app import create_app

            self._app = create_app()
        await self._app(scope, receive, send)


def register_listener(app: Any) -> Any:
    """Make the API server report tasks that users end; the app itself stays unchanged.

    Airflow calls this as a middleware when an API server starts. ``listeners`` of the plugin would be heard in every
    process: then Airflow refuses each DAG that has a task with ``end_from_trigger=True``, of whatever provider.
    """
    try:
        from airflow_hpt_provider.ui.listener import listen

        listen()
    except Exception:
        logging.getLogger(__name__).exception(
            "Tuning jobs of deferred tasks are stopped by the triggerer alone."
        )
    return app


def _view(name: str, destination: str, url_route: str, href: str) -> dict[str, str]:
    # Relative, so that it holds below a base_url with a path; no url_route, no view.
    return {
        "name": name,
        "href": f"{URL_PREFIX.removeprefix('/')}/{href}",
        "destination": destination,
        "url_route": url_route,
        "icon": f"{URL_PREFIX}/static/icon.svg",
        "icon_dark_mode": f"{URL_PREFIX}/static/icon-dark.svg",
    }


class TuningPagePlugin(AirflowPlugin):
    """Tabs on task instances and DAG runs, a list of tuning jobs in the navigation, and an ear for marked tasks."""

    name = "airflow_hpt"
    fastapi_apps: list[Any] = [  # noqa: RUF012 - Airflow's own declaration
        {"name": "Tuning page", "app": LazyApp(), "url_prefix": URL_PREFIX},
    ]
    fastapi_root_middlewares: list[Any] = [  # noqa: RUF012
        {"name": "Tuning jobs of marked tasks", "middleware": register_listener},
    ]
    external_views: list[Any] = [  # noqa: RUF012
        _view(
            "Tuning",
            "task_instance",
            TASK_TAB,
            "task/{DAG_ID}/{RUN_ID}/{TASK_ID}?map_index={MAP_INDEX}",
        ),
        _view("Tuning", "dag_run", DAG_RUN_TAB, "run/{DAG_ID}/{RUN_ID}"),
        _view("Tuning jobs", "nav", NAVIGATION_PAGE, "jobs") | {"category": "browse"},
    ]
