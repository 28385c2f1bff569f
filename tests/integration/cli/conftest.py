"""One service with one finished tuning job; commands run against it in this process or in their own."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from airflow_hpt_provider.cli.main import main
from airflow_hpt_provider.demo.service import LocalService
from tests.support.tuning_jobs import images_file, tuning_job

BUCKET = "command-line"
PROGRAMS = Path(sys.executable).parent
SCRIPT = Path(__file__).parents[1] / "provider" / "training" / "quick.py"


def request(**static: str) -> dict[str, Any]:
    """A tuning job of four quick training jobs, without a name; with more static hyperparameters."""
    made = tuning_job(BUCKET, **{"fail": "never", **static})
    search = made["HyperParameterTuningJobConfig"]
    search["TrainingJobEarlyStoppingType"] = "Off"  # a boolean in YAML 1.1, unless it is quoted
    colours = {"Name": "colour", "Values": ["rouge", "été", "on"]}
    search["ParameterRanges"]["CategoricalParameterRanges"] = [colours]
    return made


@dataclass
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str


@dataclass
class CommandLine:
    """Runs commands with local.env and a home of their own.

    ``cli(...)`` runs ours in this process, which spares each the import of Airflow; :meth:`start` and :meth:`run` in
    processes of their own.
    """

    environment: dict[str, str]
    folder: Path
    capture: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *arguments: str, **environment: str) -> Ended:
        self.capture.readouterr()
        with self.monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("AWS_")]:
                patch.delenv(name)
            for name, value in {**self.environment, **environment}.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            try:
                code = main(arguments)
            except SystemExit as end:
                code = int(end.code or 0)
        reported = self.capture.readouterr()
        return Ended(code, reported.out, reported.err)

    def run(self, program: str, *arguments: str) -> Ended:
        done = subprocess.run(
            [str(PROGRAMS / program), *arguments],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
            stdin=subprocess.DEVNULL,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def on_terminal(self, command: tuple[str, ...], columns: int = 80, typed: str = "") -> str:
        """Return what a program shows on a terminal of this width, where this is typed."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("hhhh", 50, columns, 0, 0))
        environment = {**self.environment, "TERM": "xterm", "AWS_PAGER": ""}
        child = subprocess.Popen(
            [str(PROGRAMS / command[0]), *command[1:]],
            env=environment,
            cwd=self.folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        os.write(ours, typed.encode())
        shown = b""
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError:  # Linux's way of saying that the other end is closed
            pass
        finally:
            os.close(ours)
            child.wait(timeout=180)
        return shown.decode()

    def start(
        self, *arguments: str, environment: dict[str, str] | None = None, **options: Any
    ) -> subprocess.Popen[str]:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
        variables = {**self.environment, "TERM": "xterm", "COLUMNS": "150", **(environment or {})}
        return subprocess.Popen(
            [str(PROGRAMS / "airflow-hpt"), *arguments],
            env=variables,
            cwd=self.folder,
            # A shell that runs the tests in the background has them, and their children, ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            **streams,
        )


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    folder = tmp_path_factory.mktemp("command-line")
    images = images_file(folder, SCRIPT)
    with LocalService(folder / "data", images, ["--readable", str(folder.parent)]) as running:
        running.client("s3").create_bucket(Bucket=BUCKET)
        yield running


@pytest.fixture(scope="session")
def finished(service: LocalService) -> str:
    """The name of a tuning job that has completed."""
    name = f"finished-{uuid.uuid4().hex[:8]}"
    create(service, name, request())
    wait_for(service, name, "Completed")
    return name


@pytest.fixture
def cli(
    service: LocalService,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[CommandLine]:
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    home = {"HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    logging = structlog.get_config()
    yield CommandLine({**kept, **home, **service.environment}, tmp_path, capsys, monkeypatch)
    structlog.configure(**logging)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Path]:
    """Training jobs with the static hyperparameter ``gate`` run until this file exists."""
    path = tmp_path / "open"
    yield path
    path.touch()


@pytest.fixture
def name() -> str:
    """Of a tuning job that is not there yet."""
    return f"job-{uuid.uuid4().hex[:12]}"


def create(service: LocalService, name: str, config: dict[str, Any]) -> None:
    service.client("sagemaker").create_hyper_parameter_tuning_job(HyperParameterTuningJobName=name, **config)


def status_of(service: LocalService, name: str) -> str:
    answer = service.client("sagemaker").describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    return str(answer["HyperParameterTuningJobStatus"])


def wait_for(service: LocalService, name: str, status: str) -> None:
    deadline = time.monotonic() + 120
    while (seen := status_of(service, name)) != status:
        assert time.monotonic() < deadline, f"{name} is {seen}, not {status}"
        time.sleep(0.2)


def as_file(path: Path, config: dict[str, Any]) -> str:
    path.write_text(json.dumps(config))
    return str(path)
