"""The local tuning service as a process of its own, the way a user starts it."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from airflow_hpt_provider.demo.processes import ChildProcess, clean_environment, stop_all
from airflow_hpt_provider.demo.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class LocalService:
    """``airflow-hpt local serve`` on a free loopback port.

    Args:
        data_dir: where it keeps its state; made if missing. A folder used before continues.
        images: a TOML file that maps training images to commands, as ``--images`` takes it.
        options: more options of ``airflow-hpt local serve``.

    Use as a context manager, or call :meth:`start` and :meth:`stop`.
    """

    def __init__(self, data_dir: Path, images: Path | None = None, options: Sequence[str] = ()) -> None:
        self.data_dir = data_dir
        self.env_file = data_dir / "local.env"
        self.log = data_dir / "service.log"
        self.environment: dict[str, str] = {}
        self._stale: tuple[int, int] | None = None
        given = ["--port", "0", "--data-dir", str(data_dir)] + (["--images", str(images)] if images else [])
        self._process = ChildProcess(
            "airflow-hpt local serve",
            [sys.executable, "-m", "airflow_hpt_provider.cli.main", "local", "serve", *given, *options],
            {**clean_environment(), "PYTHONUNBUFFERED": "1"},
            self.log,
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, timeout: float = 60) -> None:
        """Start it, and return when it answers; then ``environment`` holds the lines of its ``local.env``.

        Raises:
            ProcessEndedError: it ended instead; with the end of its log.
            DemoTimeoutError: it does not answer within ``timeout`` seconds.
        """
        self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Of an earlier run's file; the service keeps its secret, so we keep it too.
        self._stale = self._version()
        try:
            self._process.start()
            wait_until(self._answers, timeout, f"The local tuning service does not answer; log: {self.log}")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it and the training jobs it runs. Harmless when repeated."""
        stop_all([self._process], grace_period=10)

    def kill(self) -> None:
        """SIGKILL to the service alone, as in a crash: its training jobs are on their own until the next start."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            self._process.join()

    def check(self) -> None:
        """Raise ProcessEndedError if it has ended."""
        self._process.check()

    @property
    def pid(self) -> int | None:
        """Id of the service's process and of its session."""
        return self._process.pid

    @property
    def endpoint(self) -> str:
        """Its address, for ``endpoint_url``."""
        return self.environment["AWS_ENDPOINT_URL"]

    @property
    def airflow_connection(self) -> str:
        """An ``aws`` connection to it, as AIRFLOW_CONN_* variables take it. Has the secret: don't print it."""
        return json.dumps(
            {
                "conn_type": "aws",
                "login": self.environment["AWS_ACCESS_KEY_ID"],
                "password": self.environment["AWS_SECRET_ACCESS_KEY"],
                "extra": {
                    "endpoint_url": self.endpoint,
                    "region_name": self.environment["AWS_DEFAULT_REGION"],
                },
            }
        )

    def client(self, name: str) -> Any:
        """Return a boto3 client of this service, e.g. ``client("s3")``: unmodified boto3, given the endpoint."""
        import boto3

        make: Any = boto3.client  # its types want every service's name spelt out
        return make(
            name,
            endpoint_url=self.endpoint,
            region_name=self.environment["AWS_DEFAULT_REGION"],
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
        )

    def _version(self) -> tuple[int, int] | None:
        """Return an identifier of the present version of ``local.env``."""
        try:
            stat = self.env_file.stat()
        except FileNotFoundError:
            return None
        return stat.st_ino, stat.st_mtime_ns

    def _answers(self) -> bool:
        self._process.check()
        if self._version() == self._stale:
            return False
        lines = self.env_file.read_text().splitlines()
        self.environment = dict(line.split("=", 1) for line in lines if "=" in line)
        try:
            address = urlsplit(self.endpoint)
            socket.create_connection((address.hostname or "", address.port or 80), timeout=5).close()
        except (KeyError, OSError):
            return False
        return True
