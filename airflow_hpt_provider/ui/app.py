"""The page's FastAPI app. Airflow's user is asked for on every route; Airflow's permissions decide the rest."""

from __future__ import annotations

from airflow.api_fastapi.core_api.security import get_user
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, Response

from airflow_hpt_provider.ui.api import router as api
from airflow_hpt_provider.ui.async_reader import AsyncJobReader
from airflow_hpt_provider.ui.pages import router as pages
from airflow_hpt_provider.ui.problems import Problem
from airflow_hpt_provider.ui.training_api import router as training_api


def create_app() -> FastAPI:
    """Return the app, to be mounted below Airflow's own."""
    # The guard is on the whole app: a route that forgot its own would still not be public. For the same reason
    # nothing is mounted (dependencies do not reach mounts), and the generated documentation is off.
    app = FastAPI(
        title="Tuning page", dependencies=[Depends(get_user)], openapi_url=None, docs_url=None, redoc_url=None
    )
    app.state.reader = AsyncJobReader()
    app.include_router(api, prefix="/api")
    app.include_router(training_api, prefix="/api")
    app.include_router(pages)
    app.add_exception_handler(Problem, _problem_response)
    return app


async def _problem_response(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)  # noqa: S101 - registered for this class
    return JSONResponse(problem.to_dict(), problem.status, headers={"Cache-Control": "no-store"})
