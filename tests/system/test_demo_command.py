"""`airflow-hpt demo` as a person runs it: what it prints, how it ends, that it leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from airflow_hpt_provider.demo.reaper import in_sessions
from airflow_hpt_provider.demo.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

COMMAND = [str(Path(sys.executable).with_name("airflow-hpt")), "demo"]
COMPONENTS = 6  # the local tuning service, API server, scheduler, DAG processor, triggerer; and the reaper


class RunningDemo:
    """The command, with what it prints and the sessions of the processes it started."""

    def __init__(self, folder: Path) -> None:
        self.output = folder / "output.txt"
        if (
            signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        ):  # as a shell's background jobs have it; it is inherited
            signal.signal(signal.SIGINT, signal.default_int_handler)
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                COMMAND, env={**os.environ, "TMPDIR": str(folder)}, stdout=output, stderr=subprocess.STDOUT
            )
        self.sessions = {self.process.pid}

    def until_everything_runs(self) -> None:
        """Its components, and their own children: the executor's workers, the triggerer's runner."""

        def started() -> bool:
            assert self.process.poll() is None, self.output.read_text()
            children = psutil.Process(self.process.pid).children()
            self.sessions |= {child.pid for child in children}
            return len(children) == COMPONENTS and len(in_sessions(self.sessions)) > COMPONENTS + 3

        wait_until(started, 240, "the components do not run", every=0.1)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[RunningDemo]:
    running = RunningDemo(tmp_path)
    yield running
    with contextlib.suppress(ProcessLookupError):
        running.process.send_signal(signal.SIGTERM)
    running.process.wait(120)


def test_the_demo_prints_what_it_found_and_leaves_nothing(demo: RunningDemo, tmp_path: Path) -> None:
    demo.until_everything_runs()
    code, printed = demo.process.wait(480), demo.output.read_text()
    assert code == 0, printed
    assert "12 of 12 training jobs done" in printed
    for pattern in (
        r"^Best training job\s+\S+-\d{3}-\w{8}$",
        r"^\s+learning-rate\s+[\d.e-]+$",
        r"^Final metric\s+validation:log_loss = 0\.\d{6}$",
        r"^Model artifact\s+s3://hpt-demo/\S+/output/model\.tar\.gz$",
        r"^Model package\s+arn:aws:sagemaker:\S+:model-package/breast-cancer/\d+$",
    ):
        assert re.search(pattern, printed, re.MULTILINE), (pattern, printed)
    assert in_sessions(demo.sessions) == []
    assert list(tmp_path.glob("airflow-hpt-*")) == []


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name
)
def test_an_interrupted_demo_leaves_nothing_running(demo: RunningDemo, number: signal.Signals) -> None:
    demo.until_everything_runs()
    demo.process.send_signal(number)
    code = demo.process.wait(120)
    assert code == (-number if number == signal.SIGKILL else 130), demo.output.read_text()
    wait_until(lambda: not in_sessions(demo.sessions), 120, "processes are left behind")
