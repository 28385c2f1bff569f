"""Airflow as production runs it: PostgreSQL, Redis, Celery, and two processes of each kind."""

from __future__ import annotations

import atexit
import contextlib
import signal
import tempfile
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Self

from airflow_hpt_provider.demo.errors import ProcessEndedError
from airflow_hpt_provider.demo.processes import LOOPBACK, ChildProcess, clean_environment, free_port
from airflow_hpt_provider.demo.waiting import wait_until
from tests.cluster.api import ClusterApi, persistently
from tests.cluster.component import Component, family
from tests.cluster.databases import Postgres, Redis
from tests.cluster.requirements import PYTHON
from tests.cluster.settings import ROLES, settings

START_SECONDS = 400
"""Generous, for a busy machine."""
STOP_SECONDS = 20
USERS = Path(__file__).parent / "users.py"
"""The program that makes the users."""


class Stack:
    """A cluster. Everything that it writes is in one temporary directory, which is removed at the end.

    Args:
        dags: the folder with the DAG files.
        environment: added to the environment of every component.
        python: the interpreter of the environment that Airflow runs in.
    """

    def __init__(
        self,
        dags: Path,
        environment: Mapping[str, str] | None = None,
        *,
        python: Path = PYTHON,
    ) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="hpt-cluster-", ignore_cleanup_errors=True)
        self.folder = Path(self._directory.name)
        self.folder.chmod(0o711)  # PostgreSQL's user has to get to its data directory
        self.home = self.folder / "airflow"
        self.logs = self.folder / "components"
        self.postgres, self.redis = Postgres(self.folder), Redis(self.folder)
        self.port = free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        self._python = str(python)
        self.dags = dags
        self.environment = (
            clean_environment()
            | settings(self.home, dags, self.url, self.postgres.address, self.redis.url)
            | dict(environment or {})
        )
        self.api = ClusterApi(self.url)
        self.components = {component.name: component for component in self._make_components()}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Make the databases, start everything, and return when all of it is healthy.

        Raises:
            ProcessEndedError: a component has ended instead.
            DemoTimeoutError: not healthy in time.
        """
        for folder in (self.home, self.logs):
            folder.mkdir(mode=0o700)
        atexit.register(self.stop)
        try:
            self.postgres.create()
            self.redis.create()
            self._join(["-m", "airflow", "db", "migrate"], "migrate")
            self._join([str(USERS), *ROLES], "users")
            for component in self.components.values():
                component.start()
            wait_until(self._healthy, START_SECONDS, f"Airflow is not healthy; logs: {self.logs}", every=1)
            persistently(lambda: self.api.log_in_as("admin"))
            wait_until(
                self._workers_ready, START_SECONDS, f"no Celery worker is ready; logs: {self.logs}", every=1
            )
        except BaseException:
            self.stop(keep=True)
            raise

    def stop(self, *, keep: bool = False) -> None:
        """End every process, the databases last, and remove the directory unless ``keep``.

        Harmless when repeated.
        """
        atexit.unregister(self.stop)
        for component in self.components.values():
            with contextlib.suppress(IndexError, AssertionError):
                component.signal_all(signal.SIGCONT)
                component.signal(signal.SIGTERM)
        deadline = time.monotonic() + 3
        for component in self.components.values():
            with contextlib.suppress(IndexError):
                component.current.ended_by(deadline)
            component.kill()
        for database in (self.redis, self.postgres):
            if database.process.pid is not None:
                started = family(database.process.pid)
                database.process.kill()
                for process in started:
                    with contextlib.suppress(Exception):
                        process.kill()
        self.api.close()
        if not keep:
            self._directory.cleanup()

    def api_of(self, user: str, timeout: float = 60) -> ClusterApi:
        """Return a client of a user, which waits ``timeout`` seconds for a response; close it in the end."""
        api = ClusterApi(self.url, timeout)
        api.log_in_as(user)
        return api

    def start_ended(self, but: Collection[str] = ()) -> list[str]:
        """Start the components again that have ended by themselves; their names.

        Args:
            but: the names of those that are to stay away.
        """
        ended = [one for one in self.components.values() if one.name not in but and one.current.has_ended]
        for component in ended:
            component.start()
        return [one.name for one in ended]

    def unready(self) -> list[str]:
        """Return the names of the components whose process has ended."""
        return [one.name for one in self.components.values() if one.current.has_ended]

    def _make_components(self) -> list[Component]:
        found = [self._component("api-server", "api-server", "--host", LOOPBACK, "--port", str(self.port))]
        for number in (1, 2):
            found.append(self._component(f"scheduler-{number}", "scheduler", "--skip-serve-logs"))
            found.append(self._component(f"triggerer-{number}", "triggerer", "--skip-serve-logs"))
            name = f"worker-{number}"
            found.append(
                self._component(
                    name,
                    "celery", "worker", "--skip-serve-logs", "--without-gossip", "--without-mingle",
                    "--celery-hostname", f"{name}-{{generation}}@cluster",
                    "--pid", str(self.folder / f"{name}-{{generation}}.pid"),
                )
            )  # fmt: skip
        found.append(self._component("dag-processor", "dag-processor"))
        return found

    def _component(self, name: str, *arguments: str) -> Component:
        argv = [self._python, "-m", "airflow", *arguments]
        return Component(name, argv, self.environment, self.logs / f"{name}.log")

    def _join(self, arguments: list[str], name: str) -> None:
        process = ChildProcess(name, [self._python, *arguments], self.environment, self.logs / f"{name}.log")
        process.start()
        code = process.join()
        tail = process.log_tail()
        process.kill()
        if code != 0:
            raise ProcessEndedError(f"{arguments} ended with exit code {code}:\n{tail}")

    def _healthy(self) -> bool:
        for component in self.components.values():
            component.current.check()
        return not self.api.unhealthy()

    def _workers_ready(self) -> bool:
        names = [name for name in self.components if name.startswith("worker-")]
        return all(" ready." in (self.logs / f"{name}.log").read_text(errors="replace") for name in names)
