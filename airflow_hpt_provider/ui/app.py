"""The page's FastAPI app. Airflow's user is asked for on every route; Airflow's permissions decide the rest."""

from __future__ import annotations

from airflow.api_fastapi.core_api.security import get_user
from fastapi import Depends, FastAPI

from airflow_hpt_provider.ui.airflow_api import router as api
from airflow_hpt_provider.ui.airflow_connections import router as connections
from airflow_hpt_provider.ui.airflow_hooks import make_hook
from airflow_hpt_provider.ui.host_app import provide_jobs
from airflow_hpt_provider.ui.pages import airflow_pages
from airflow_hpt_provider.ui.pages import router as pages


def create_app() -> FastAPI:
    """Return the app, to be mounted below Airflow's own."""
    # The guard is on the whole app: a route that forgot its own would still not be public. For the same reason
    # nothing is mounted (dependencies do not reach mounts), and the generated documentation is off.
    app = FastAPI(
        title="Tuning page", dependencies=[Depends(get_user)], openapi_url=None, docs_url=None, redoc_url=None
    )
    provide_jobs(app, make_hook)
    app.include_router(api, prefix="/api")
    app.include_router(connections, prefix="/api")
    app.include_router(pages)
    app.include_router(airflow_pages)
    return app
