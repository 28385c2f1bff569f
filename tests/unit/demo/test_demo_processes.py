"""Child processes end on request, with all they started, and when their parent is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from airflow_hpt_provider.demo.errors import ProcessEndedError
from airflow_hpt_provider.demo.processes import (
    ChildProcess,
    StopSignals,
    clean_environment,
    free_port,
    stop_all,
)
from airflow_hpt_provider.demo.waiting import wait_until

REPOSITORY = Path(__file__).parents[3]


def python(tmp_path: Path, code: str, name: str = "child") -> ChildProcess:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(REPOSITORY)}
    return ChildProcess(
        name, [sys.executable, "-c", textwrap.dedent(code)], environment, tmp_path / f"{name}.log"
    )


def printed(process: ChildProcess) -> str:
    return wait_until(lambda: process.log_tail().strip(), 30, f"{process.name} printed nothing", every=0.02)


def test_output_and_exit_code(tmp_path: Path) -> None:
    child = python(tmp_path, "print('hello'); raise SystemExit(3)")
    child.start()
    assert child.join() == 3
    assert child.log_tail() == "hello"
    with pytest.raises(ProcessEndedError, match=r"child ended with exit code 3\.(.|\n)*hello"):
        child.check()


def test_stop_ends_what_listens_to_sigterm_and_what_does_not(tmp_path: Path) -> None:
    polite = python(tmp_path, "import time; print(1); time.sleep(600)", "polite")
    stubborn = python(
        tmp_path,
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1); time.sleep(600)",
        "stubborn",
    )
    for child in (polite, stubborn):
        child.start()
    pids = [child.pid for child in (polite, stubborn)]
    for child in (polite, stubborn):
        printed(child)
    stop_all([polite, stubborn], grace_period=0.3)
    assert not any(pid is None or psutil.pid_exists(pid) for pid in pids)
    stop_all([polite, stubborn])  # harmless when repeated


def test_stop_ends_orphans_in_groups_of_their_own(tmp_path: Path) -> None:
    """As Airflow's tasks are: in their own process group, and orphaned when their worker is killed."""
    child = python(
        tmp_path,
        """
        import subprocess, sys, os
        sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], process_group=0)
        print(sleeper.pid)
        os._exit(0)
        """,
    )
    child.start()
    orphan = int(printed(child))
    assert psutil.pid_exists(orphan)
    stop_all([child], grace_period=0.3)
    wait_until(lambda: not psutil.pid_exists(orphan), 30, "the orphan is alive", every=0.02)


@pytest.mark.parametrize(
    "at_first", ["", "signal.signal(signal.SIGTERM, signal.SIG_IGN);"], ids=["polite", "loses its SIGTERM"]
)
def test_children_end_when_their_parent_is_killed(tmp_path: Path, at_first: str) -> None:
    code = f"""
    import os, sys, time
    from pathlib import Path
    from airflow_hpt_provider.demo.processes import ChildProcess
    from airflow_hpt_provider.demo.reaper import REAPER
    REAPER.grace_period = 0.3
    argv = [sys.executable, "-c", "import signal, time; {at_first} print(1, flush=True); time.sleep(600)"]
    child = ChildProcess("grandchild", argv, os.environ, Path({str(tmp_path)!r}) / "grandchild.log")
    child.start()
    while not child.log_tail():
        time.sleep(0.02)
    print(child.pid)
    time.sleep(600)
    """
    parent = python(tmp_path, code, "parent")
    parent.start()
    grandchild = psutil.Process(int(printed(parent)))
    assert parent.pid is not None
    os.kill(parent.pid, signal.SIGKILL)
    parent.join()
    wait_until(lambda: not grandchild.is_running(), 30, "the grandchild is alive", every=0.02)


def test_nothing_of_the_callers_airflow_or_aws_settings_gets_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "{}")
    monkeypatch.setenv("HPT_OTHER", "stays")
    environment = clean_environment()
    assert environment["HPT_OTHER"] == "stays"
    assert not [name for name in environment if name.startswith(("AWS_", "AIRFLOW"))]


def test_free_port_can_be_bound() -> None:
    import socket

    with socket.socket() as server:
        server.bind(("127.0.0.1", free_port()))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_stop_signals_raise_so_that_finally_runs(number: signal.Signals) -> None:
    cleaned = []

    def work() -> None:
        try:
            os.kill(os.getpid(), number)
            time.sleep(30)
        finally:
            cleaned.append(True)

    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt, match=number.name), StopSignals():
        work()
    assert cleaned
    assert signal.getsignal(number) is before


def test_wait_until_says_what_did_not_happen() -> None:
    with pytest.raises(TimeoutError, match="no luck"):
        wait_until(lambda: None, 0.05, "no luck", every=0.01)


def test_importing_the_commands_loads_nothing_heavy() -> None:
    code = (
        "import sys; import airflow_hpt_provider.demo.cli; "
        "print(sorted({'airflow', 'boto3', 'httpx', 'sklearn', 'psutil'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert done.stdout.strip() == "[]"
