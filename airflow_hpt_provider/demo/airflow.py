"""A private Airflow on loopback: its own home, database and ports, for the demo and the system tests."""

from __future__ import annotations

import atexit
import secrets
import sys
from typing import TYPE_CHECKING, Self

from airflow_hpt_provider.demo.airflow_api import AirflowApi
from airflow_hpt_provider.demo.errors import ProcessEndedError
from airflow_hpt_provider.demo.processes import LOOPBACK, ChildProcess, clean_environment, free_port, stop_all
from airflow_hpt_provider.demo.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


LOCK = 60
"""Seconds to wait for a lock of the SQLite database. On a busy machine the default, 5, is not enough: a scheduler ends
when the database stays locked."""
API_SERVER_LOCK = 10
"""The same of the API server. It waits in its event loop, and so for itself too: the request that holds the lock
cannot reach its commit. An early failure is better, because clients retry."""


class LocalAirflow:
    """A scheduler, a DAG processor, a triggerer and an API server with the UI, each a process of its own.

    Everything it writes is under ``home``; nothing of the caller's own Airflow or AWS settings reaches it.
    The API server listens on loopback only, and gives every client the admin role: for experiments only.

    Args:
        home: its AIRFLOW_HOME; made if missing. A home used before continues.
        dags: the folder with the DAG files.
        environment: added to the environment of every process, e.g. ``AIRFLOW_CONN_AWS_DEFAULT``.
        port: of the UI and the API; 0 for a free one.
        parallelism: maximum number of concurrent tasks.
        python: the interpreter of the environment that Airflow runs in; default: this one.

    Use as a context manager, or call :meth:`start` and :meth:`stop`.
    """

    def __init__(
        self,
        home: Path,
        dags: Path,
        environment: Mapping[str, str] | None = None,
        *,
        port: int = 0,
        parallelism: int = 4,
        python: str = sys.executable,
    ) -> None:
        self._python = python
        self.home = home
        self.logs = home / "logs"
        self._port = port or free_port()
        self.url = f"http://{LOOPBACK}:{self._port}"
        self.environment = (
            clean_environment() | _settings(home, dags, self.url, parallelism) | dict(environment or {})
        )
        self.api = AirflowApi(self.url)
        self._server = self._component("api-server", "--host", LOOPBACK, "--port", str(self._port))
        # Without log servers: they would listen on all interfaces, and the API server reads the files itself.
        self._workers = [
            self._component("scheduler", "--skip-serve-logs"),
            self._component("dag-processor"),
            self._component("triggerer", "--skip-serve-logs"),
        ]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pids(self) -> list[int]:
        """Process ids of the four components; each is also the id of its session."""
        return [process.pid for process in self.components if process.pid is not None]

    @property
    def components(self) -> list[ChildProcess]:
        """The four processes."""
        return [self._server, *self._workers]

    def component(self, name: str) -> ChildProcess:
        """One of the four: ``api-server``, ``scheduler``, ``dag-processor`` or ``triggerer``."""
        return next(process for process in self.components if process.name == f"airflow {name}")

    def start(self, timeout: float = 120) -> None:
        """Make the database if needed, start everything, and return when all of it is healthy.

        Raises:
            ProcessEndedError: a component ended instead; with the end of its log.
            DemoTimeoutError: not healthy within ``timeout`` seconds.
        """
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.logs.mkdir(exist_ok=True)
        atexit.register(self.stop)
        try:
            self._migrate()
            for process in self.components:
                process.start()
            wait_until(
                self._healthy, timeout, f"Airflow is not healthy after {timeout:g} s; logs: {self.logs}"
            )
            self.api.log_in()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End every process, the API server last: running tasks report to it. Harmless when repeated."""
        atexit.unregister(self.stop)
        stop_all(self._workers)
        stop_all([self._server])
        self.api.close()

    def _component(self, command: str, *arguments: str) -> ChildProcess:
        # With -P, no module of the folder that the caller happens to be in is taken for an installed one.
        argv = [self._python, "-P", "-m", "airflow", command, *arguments]
        environment = self.environment | _database(
            self.home, API_SERVER_LOCK if command == "api-server" else LOCK
        )
        return ChildProcess(f"airflow {command}", argv, environment, self.logs / f"{command}.log")

    def _migrate(self) -> None:
        migrate = self._component("db", "migrate")
        migrate.start()
        if migrate.join() != 0:
            raise ProcessEndedError(
                f"Airflow's database could not be made. {migrate.log}:\n{migrate.log_tail()}"
            )

    def check(self) -> None:
        """Raise ProcessEndedError if a component has ended."""
        for process in self.components:
            process.check()

    def _healthy(self) -> bool:
        self.check()
        return not self.api.unhealthy()


def _database(home: Path, timeout: int) -> dict[str, str]:
    return {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}?timeout={timeout}"}


def _settings(home: Path, dags: Path, url: str, parallelism: int) -> dict[str, str]:
    """Airflow's configuration as environment variables: private, and quick at noticing things."""
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": str(parallelism),
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "socket.gethostname",  # the default asks the network for it
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__API__BASE_URL": url,
        # Nor are 5 s for a task to report its start: one that could not is taken for failed.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "30",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
        "AIRFLOW__API__WORKERS": "1",
        **_database(home, LOCK),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
