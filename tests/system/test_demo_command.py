"""`airflow-hpt demo` as a person runs it: what it prints, how it ends, that it leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from airflow_hpt_provider.demo.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

COMMAND = [str(Path(sys.executable).with_name("airflow-hpt")), "demo"]


def processes_of(mark: str) -> list[psutil.Process]:
    """The processes that were started with this mark in their environment, wherever they belong now."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get("HPT_TEST_MARK") == mark:
                found.append(process)
    return found


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "HPT_TEST_MARK": str(tmp_path), "TMPDIR": str(tmp_path)}


def test_the_demo_prints_what_it_found_and_leaves_nothing(
    environment: dict[str, str], tmp_path: Path
) -> None:
    done = subprocess.run(COMMAND, env=environment, capture_output=True, text=True, timeout=540, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "16 of 16 training jobs done" in done.stdout
    for pattern in (
        r"^Best training job\s+\S+-\d{3}-\w{8}$",
        r"^\s+learning-rate\s+0?\.?\d+",
        r"^Final metric\s+validation:log_loss = 0\.\d{6}$",
        r"^Model artifact\s+s3://hpt-demo/\S+/output/model\.tar\.gz$",
        r"^Model package\s+arn:aws:sagemaker:\S+:model-package/breast-cancer/\d+$",
    ):
        assert re.search(pattern, done.stdout, re.MULTILINE), (pattern, done.stdout)
    assert not processes_of(str(tmp_path))
    assert list(tmp_path.glob("airflow-hpt-*")) == []


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name
)
def test_an_interrupted_demo_leaves_nothing_running(
    environment: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    with tempfile.TemporaryFile("w+") as output:
        demo = subprocess.Popen(COMMAND, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            wait_until(lambda: airflow_runs(tmp_path), 240, "no scheduler runs")
        finally:
            demo.send_signal(number)
        code = demo.wait(120)
        output.seek(0)
        assert code == (-number if number == signal.SIGKILL else 130), output.read()
    wait_until(lambda: not processes_of(str(tmp_path)), 120, "processes are left behind")


def airflow_runs(tmp_path: Path) -> bool:
    """Whether the demo's scheduler has its workers."""
    lines = []
    for process in processes_of(str(tmp_path)):
        with contextlib.suppress(psutil.Error):
            lines.append(" ".join(process.cmdline()))
    return sum("LocalExecutor" in line for line in lines) > 0
