"""The server of the page without Airflow: on loopback, in the calling thread or in one of its own."""

from __future__ import annotations

import secrets
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn

from airflow_hpt_provider.ui.standalone import Guard, create_app

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_hpt_provider.ui.jobs import PageHook

HOST = "127.0.0.1"
STOP_SECONDS = 2


class PageServer:
    """A server of the page.

    Args:
        make_hook: returns the hook that calls SageMaker.
        connection: the connection's name in the page's addresses.
        port: the port to listen on; 0: any free port.

    Raises:
        OSError: the port cannot be used.
    """

    def __init__(self, make_hook: Callable[[], PageHook], connection: str, port: int = 0) -> None:
        self._socket = socket.create_server((HOST, port))
        self._port, self._token = self._socket.getsockname()[1], secrets.token_urlsafe(32)
        guard = Guard(create_app(make_hook, connection), self._token, self._port)
        self._server = uvicorn.Server(
            uvicorn.Config(
                guard,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,  # its lines would hold the token
                server_header=False,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        self._thread = threading.Thread(target=self.run, name="tuning-page", daemon=True)

    @property
    def url(self) -> str:
        """The address to open, with the token."""
        return f"http://{HOST}:{self._port}/?token={self._token}"

    def run(self) -> None:
        """Serve until a signal (in the main thread) or :meth:`stop`."""
        self._server.run(sockets=[self._socket])

    def start(self) -> None:
        """Serve in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._server.should_exit = True
        self._thread.join(2 * STOP_SECONDS)
