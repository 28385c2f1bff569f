"""The part of the page's FastAPI app that every host has: readers of tuning jobs, and the form of errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi.responses import JSONResponse, Response

from airflow_hpt_provider.ui.async_reader import AsyncJobReader
from airflow_hpt_provider.ui.executor import PageExecutor
from airflow_hpt_provider.ui.jobs import JobReader
from airflow_hpt_provider.ui.named_jobs import NamedJobs
from airflow_hpt_provider.ui.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI, Request

    from airflow_hpt_provider.hooks.settings import ConnectionSettings
    from airflow_hpt_provider.ui.jobs import PageHook


def provide_jobs(app: FastAPI, make_hook: Callable[[ConnectionSettings], PageHook]) -> None:
    """Give an app what its routes read tuning jobs with.

    Args:
        app: the app.
        make_hook: returns the hook that calls SageMaker with a connection's settings.
    """
    reader, executor = JobReader(make_hook), PageExecutor()
    app.state.reader = AsyncJobReader(reader, executor)
    app.state.named_jobs = NamedJobs(reader, executor)
    app.add_exception_handler(Problem, _respond)


async def _respond(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)  # noqa: S101 - registered for this class
    return JSONResponse(problem.to_dict(), problem.status, headers={"Cache-Control": "no-store"})
