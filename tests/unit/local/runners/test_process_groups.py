"""Process groups that may outlive the service, and pids that may be another program's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from airflow_hpt_provider.local.runners import process

ENVIRONMENT = {"PATH": os.environ["PATH"], "MARK": "mine"}


def start(directory, code, **options):
    directory.mkdir(exist_ok=True)
    command = [sys.executable, "-c", code]
    return process.start(command, directory, working_directory=directory, environment=ENVIRONMENT, **options)


def wait_for(path):
    deadline = time.monotonic() + 30
    while not (path.exists() and path.read_text().strip()):
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_exit_code_and_output(tmp_path):
    running = start(tmp_path, "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert running.wait() == 3
    assert sorted((tmp_path / "log").read_text().splitlines()) == ["err", "out"]
    assert process.exit_code(tmp_path) == 3
    assert process.find(tmp_path) is None


def test_sigterm_reaches_the_command_and_its_exit_code_is_kept(tmp_path):
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))\n"
        "print('ready', flush=True)\ntime.sleep(600)"
    )
    running = start(tmp_path, code)
    wait_for(tmp_path / "log")
    running.signal(signal.SIGTERM)
    assert running.wait() == 9


def test_sigterm_ends_a_command_that_does_not_mind_it(tmp_path):
    running = start(tmp_path, "import time; print(1, flush=True); time.sleep(600)")
    wait_for(tmp_path / "log")
    running.signal(signal.SIGTERM)
    assert running.wait() == 128 + signal.SIGTERM


def test_a_stop_is_never_lost(tmp_path):
    """Whenever it comes: while the shell starts, while it forks, while the command starts."""
    for n in range(60):
        running = start(tmp_path / str(n), "import time; time.sleep(600)")
        time.sleep(n / 10_000)
        running.signal(signal.SIGTERM)
        assert running.wait() in (None, 128 + signal.SIGTERM)


def test_a_killed_group_leaves_no_exit_code(tmp_path):
    running = start(tmp_path, "import time; time.sleep(600)")
    wait_for(tmp_path / "process")
    running.signal(signal.SIGKILL)
    assert running.wait() is None
    running.signal(signal.SIGKILL)  # no process exists: nothing happens


def test_found_again_and_followed_by_another_service(tmp_path):
    running = start(tmp_path, "import time\nwhile not __import__('os').path.exists('go'): time.sleep(0.01)")
    wait_for(tmp_path / "process")
    found = process.find(tmp_path)
    assert found is not None
    assert (found.pid, found.child) == (running.pid, None)
    (tmp_path / "go").touch()
    assert found.wait() == 0
    assert running.wait() == 0


@pytest.mark.parametrize("pid", [os.getpid(), 1, 2**22 + 5], ids=["this one", "init", "none"])
def test_a_recycled_pid_is_not_the_jobs(tmp_path, pid):
    (tmp_path / "process").write_text(str(pid))
    assert process.find(tmp_path) is None
    process.Process(pid, tmp_path).signal(signal.SIGKILL)  # or this test would be dead


def test_only_processes_begun_since_are_checked(tmp_path):
    mark = f"since-{os.getpid()}"
    ours = subprocess.Popen(["sleep", "600"], env=ENVIRONMENT | {"MARK": mark})
    wait_until_it_sleeps(ours.pid)
    assert process.kill_escaped_processes("MARK", mark, since=ours.pid) == 0
    assert process.kill_escaped_processes("MARK", mark, since=2**30) == 1, (
        "pids have begun again: all are checked"
    )
    ours.wait()


def wait_until_it_sleeps(pid):
    """Until it has become `sleep`: before, it has this process's environment."""
    deadline = time.monotonic() + 30
    while not Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"sleep"):
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_strangers_with_our_mark_are_ended(tmp_path):
    mark = f"mine-{os.getpid()}"
    ours = subprocess.Popen(["sleep", "600"], env=ENVIRONMENT | {"MARK": mark})
    theirs = subprocess.Popen(["sleep", "600"], env=ENVIRONMENT | {"MARK": mark + "-not"})
    deadline = time.monotonic() + 30
    while ours.poll() is None:  # at first, until it has become `sleep`, it has our own environment
        assert time.monotonic() < deadline
        process.kill_escaped_processes("MARK", mark)
        time.sleep(0.01)
    assert theirs.poll() is None
    theirs.kill()
    theirs.wait()
