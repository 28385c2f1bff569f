"""The page without Airflow: an app for one user on this machine, with the same routes and the same bundle."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.ui import api, connection_api, training_api
from airflow_hpt_provider.ui.api import json_response
from airflow_hpt_provider.ui.connection_api import CONNECTION, JOB, JobName
from airflow_hpt_provider.ui.host_app import provide_jobs
from airflow_hpt_provider.ui.named_jobs import NamedJob
from airflow_hpt_provider.ui.pages import router as pages
from airflow_hpt_provider.ui.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from airflow_hpt_provider.ui.jobs import PageHook

SETTINGS = ConnectionSettings(None)
"""The one connection of this host: the command's options say how it is reached."""
NAMES = ("127.0.0.1", "localhost", "[::1]")
"""Host names that a browser on this machine may use. Another one is a sign of DNS rebinding."""


class OwnerAccess:
    """The user's permissions: the credentials are the user's own, so AWS decides."""

    sees_values = True

    def denial(self, job: Any, tags: Mapping[str, str] | None) -> Problem | None:
        """Return None: nothing is hidden."""
        return None

    def may_stop(self, job: Any, tags: Mapping[str, str] | None) -> bool:
        """Return True."""
        return True

    def may_read_logs(self, job: Any, tags: Mapping[str, str] | None) -> bool:
        """Return True."""
        return True


def create_app(make_hook: Callable[[], PageHook], connection: str) -> FastAPI:
    """Return the app.

    Args:
        make_hook: returns the hook that calls SageMaker.
        connection: the connection's name in the page's addresses.
    """
    app = FastAPI(title="Tuning page", openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    provide_jobs(app, lambda settings: make_hook())
    known = NamedJob("", connection, SETTINGS)

    async def of_connection(request: Request, connection: str) -> None:
        if connection != known.connection:
            raise Problem(
                404,
                "no_connection",
                "There is no such connection",
                f"This page shows the tuning jobs of {known.connection!r}.",
                "Open the list of tuning jobs.",
            )
        request.state.tuning_job, request.state.access = known, OwnerAccess()

    async def of_job(request: Request, tuning_job: JobName) -> None:
        request.state.tuning_job = known.named(tuning_job)

    own = APIRouter()

    @own.get("/api/connections")
    async def list_connections() -> Response:
        return json_response({"connections": [known.connection]})

    @own.get("/api/jobs")
    async def list_jobs_of_tasks() -> Response:
        return json_response({"jobs": [], "problems": [], "older": None})

    @own.get("/")
    async def first_page() -> Response:
        return RedirectResponse(f"/connections/{quote(known.connection, safe='')}", 303)

    guards = [Depends(of_connection), Depends(of_job)]
    app.include_router(connection_api.router, prefix=f"/api{CONNECTION}", dependencies=guards[:1])
    for router in (api.router, api.stopping, training_api.router, training_api.logs, training_api.stopping):
        app.include_router(router, prefix=f"/api{JOB}", dependencies=guards)
    app.include_router(own)
    app.include_router(pages)
    return app


class Guard:
    """Refuses requests that do not come from the user who started the page.

    A request needs the token: in the address once, then in a cookie, or in the header ``Authorization: Bearer``.

    Args:
        app: the app behind the guard.
        token: the secret in the printed address.
        port: the port that the server listens on.
    """

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app, self._token, self._port = app, token, port
        self._hosts = {f"{name}:{port}" for name in NAMES}
        self._cookie = f"tuning-page-{port}"  # browsers send a cookie to all ports of a host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        assert scope["type"] == "http"  # noqa: S101 - the server has neither WebSockets nor lifespan events
        await self._answer(Request(scope))(scope, receive, send)

    def _answer(self, request: Request) -> ASGIApp:
        if request.headers.getlist("host") not in [[host] for host in self._hosts]:
            return _refusal(403, "The tuning page answers only to loopback names. Use 127.0.0.1.")
        if self._is_token(_sent(request, self._cookie)):
            return self._app
        given = parse_qs(request.url.query).get("token", [""])
        if request.method == "GET" and self._is_token(given[0]):
            # A redirect, so that neither the history nor a copied address holds the token.
            answer = RedirectResponse(
                request.url.path, 303, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
            )
            answer.set_cookie(self._cookie, self._token, httponly=True, samesite="lax")
            return answer
        return _refusal(401, "Open the address that the command printed. It contains the token.")

    def _is_token(self, text: str) -> bool:
        return secrets.compare_digest(text.encode(), self._token.encode())


def _sent(request: Request, cookie: str) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else request.cookies.get(cookie, "")


def _refusal(status: int, text: str) -> Response:
    return PlainTextResponse(text, status, {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})
