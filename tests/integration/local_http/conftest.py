"""A real service: ``airflow-hpt local serve`` as a process, and unmodified clients pointed at it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

DEADLINE_SECONDS = 60


class Service:
    """One service process on a data directory; may be killed and started again.

    Args:
        python: the interpreter.
        arguments: more of the command line.
        options: of the process, as Popen takes them.
    """

    def __init__(
        self, data_dir: Path, python: str = sys.executable, arguments: Sequence[str] = (), **options: Any
    ) -> None:
        self.data_dir = data_dir
        self.python = python
        self.arguments = arguments
        self.options = options
        self.log = data_dir.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [self.python, "-m", "airflow_hpt_provider.cli.main", "local", "serve"]
        self.started = time.time_ns()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--data-dir", str(self.data_dir), *self.arguments],
                stdout=subprocess.PIPE,
                stderr=log,
                **self.options,
            )
        assert self.process.stdout is not None
        self.announcement = self.process.stdout.readline().decode()  # ends, empty, if the process does
        assert self.announcement, self.log.read_text()

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(DEADLINE_SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None
        return code

    @property
    def environment(self) -> dict[str, str]:
        lines = (self.data_dir / "local.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    @property
    def endpoint(self) -> str:
        return self.environment["AWS_ENDPOINT_URL"]

    def client(self, name: str, config: Config | None = None, **changes: Any) -> Any:
        environment = self.environment
        options = {
            "endpoint_url": self.endpoint,
            "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
            "region_name": environment["AWS_DEFAULT_REGION"],
        }
        once = Config(retries={"total_max_attempts": 1})
        return boto3.client(name, config=once.merge(config) if config else once, **{**options, **changes})  # type: ignore[call-overload]

    def aws(self, *arguments: str, cwd: Path | None = None) -> str:
        """Run the aws command line, with nothing but local.env in its environment."""
        done = subprocess.run(
            [str(Path(sys.executable).parent / "aws"), *arguments],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.data_dir),
                "LC_ALL": "C.UTF-8",
                **self.environment,
            },
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE_SECONDS,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def make_service() -> Iterator[Callable[..., Service]]:
    services: list[Service] = []

    def make(data_dir: Path, arguments: Sequence[str] = ()) -> Service:
        services.append(Service(data_dir, arguments=arguments))
        services[-1].start()
        return services[-1]

    yield make
    for service in services:
        if service.process is not None:
            service.stop(signal.SIGKILL)


@pytest.fixture(scope="session")
def service(make_service: Callable[[Path], Service], tmp_path_factory: pytest.TempPathFactory) -> Service:
    """One for all tests that do not kill it."""
    return make_service(tmp_path_factory.mktemp("wire") / "data")


@pytest.fixture(scope="session")
def searched_service(
    make_service: Callable[[Path], Service], tmp_path_factory: pytest.TempPathFactory
) -> Service:
    """One with the jobs of ``searched.py``, which no test changes."""
    from tests.integration.local_http import searched

    service = make_service(tmp_path_factory.mktemp("searched") / "data")
    searched.create(service)
    return service


@pytest.fixture(scope="session")
def s3(service: Service) -> Any:
    return service.client("s3")


@pytest.fixture
def bucket(s3: Any, request: pytest.FixtureRequest) -> str:
    name = "b-" + format(abs(hash(request.node.nodeid)), "x")
    s3.create_bucket(Bucket=name)
    return name
