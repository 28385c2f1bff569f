"""One attempt's process group, which may outlive the service.

A shell leads the group. It writes its pid before it runs the command and the exit code after, into the
attempt's directory; the output goes to a file there too, not to a pipe. So nothing of an attempt hangs on the
service being alive, and :func:`find` can take it up again: what runs is recognised by that directory in its
command line, which a recycled pid can't have.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.runners.sandbox import leader as sandbox

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# $0 is the attempt's directory, "$@" the command. Until the command has been forked, a SIGTERM ends the shell;
# from then on it reaches the command, and the shell lives on to write the exit code. So none is ever lost.
# A trapped signal interrupts `wait`, which is then called again.
LEADER = """
echo $$ > "$0/process"
"$@" >> "$0/log" 2>&1 < /dev/null &
trap again=1 TERM INT HUP
again=1
while [ "$again" ]; do again=; wait $!; code=$?; done
echo $code > "$0/exit"
"""
PROC = Path("/proc")
SANDBOX_END_SECONDS = 10.0
"""How long to wait for the kernel to end the processes of a sandbox."""


@dataclass
class Process:
    """A process group under way.

    Attributes:
        pid: of its leader, and the group's id.
        directory: the attempt's.
        child: where this process of the service started it.
    """

    pid: int
    directory: Path
    child: subprocess.Popen[bytes] | None = None

    def wait(self) -> int | None:
        """Wait for the leader to end, and end what is left of the group.

        Returns:
            The command's exit code; None if the leader was killed before it could write it.
        """
        if self.child is not None:
            # Not reaped before the rest of the group is gone: until then, no other process can have its id.
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
            self.signal(signal.SIGKILL)
            self.child.wait()
        else:
            _wait_for_stranger(self.pid, self.directory)
        _wait_for_sandbox(self.directory)
        return exit_code(self.directory)

    def signal(self, number: int) -> None:
        """Signal the whole group, if it is still there and still the same."""
        if self.child is not None:
            if self.child.returncode is not None:
                return
        elif not is_leader(self.pid, self.directory):
            return
        # In a sandbox, the leader passes the signal on to the job: bwrap, in the same group, would end by it.
        passed_on = number != signal.SIGKILL and sandbox.is_sandboxed(self.directory)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            (os.kill if passed_on else os.killpg)(self.pid, number)


def start(
    command: Sequence[str],
    directory: Path,
    *,
    working_directory: Path,
    environment: Mapping[str, str],
    leader: str = LEADER,
) -> Process:
    """Start a command in a process group of its own. ``directory`` receives ``process``, ``log``, ``exit``.

    Args:
        leader: the script of the shell that leads the group.

    Raises:
        OSError: it can't be started.
    """
    child = subprocess.Popen(
        leader_command(command, directory, leader),
        cwd=working_directory,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return Process(child.pid, directory, child)


def leader_command(command: Sequence[str], directory: Path, leader: str = LEADER) -> tuple[str, ...]:
    """Return the command of the shell that leads a process group."""
    return ("/bin/sh", "-c", leader, str(directory), *command)


def find(directory: Path) -> Process | None:
    """Return the process group that an earlier service started in this directory, if it still runs."""
    try:
        pid = int((directory / "process").read_text())
    except (OSError, ValueError):
        return None
    return Process(pid, directory) if is_leader(pid, directory) else None


def exit_code(directory: Path) -> int | None:
    """Return the exit code that the leader wrote; None if it did not get that far."""
    try:
        return int((directory / "exit").read_text())
    except (OSError, ValueError):
        return None


def ended_at(directory: Path) -> float:
    """Return when the leader wrote the exit code, in seconds since 1970; 0 if it did not get that far."""
    try:
        return (directory / "exit").stat().st_mtime
    except OSError:
        return 0.0


def is_leader(pid: int, directory: Path) -> bool:
    """Return whether this pid is, now, the shell that leads the group of this directory."""
    if PROC.is_dir():
        try:
            return os.fsencode(directory) in (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
    listing = subprocess.run(
        ["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return str(directory) in listing.stdout


def kill_escaped_processes(variable: str, value: str, *, since: int = 0) -> int:
    """Kill every process that has this environment variable.

    It is what is left of a group that lost its leader, or has left the group for a session of its own.
    Linux only (elsewhere it finds nothing). Returns how many were killed.

    Args:
        since: a pid: only processes begun after that one are checked, which is quicker.
    """
    wanted = os.fsencode(f"{variable}={value}")
    killed = 0
    if since and _last_pid() < since:
        since = 0  # pids have started over
    for pid in _pids():
        if pid <= since or pid == os.getpid():
            continue
        try:
            # The descriptor first: what it stands for can't be replaced between the check and the kill.
            descriptor = os.pidfd_open(pid)
        except OSError:
            continue
        try:
            if wanted in (PROC / str(pid) / "environ").read_bytes().split(b"\0"):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                killed += 1
        except OSError:
            continue
        finally:
            os.close(descriptor)
    return killed


def _pids() -> list[int]:
    if not PROC.is_dir():
        return []
    with os.scandir(PROC) as entries:
        return [int(entry.name) for entry in entries if entry.name.isdigit()]


def _last_pid() -> int:
    """Return the pid that the system assigned last; 0 if it cannot be known."""
    try:
        return int((PROC / "loadavg").read_text().split()[-1])
    except (OSError, ValueError, IndexError):
        return 0


def _wait_for_sandbox(directory: Path) -> None:
    """Wait until nothing in the attempt's sandbox runs any more: the kernel is ending it."""
    first = sandbox.first_process(directory)
    if first is not None:
        _wait_for_stranger(first, directory, SANDBOX_END_SECONDS)


def _wait_for_stranger(pid: int, directory: Path, seconds: float | None = None) -> None:
    """Wait for a process that is not our child, but has this directory in its command line.

    Args:
        seconds: the longest wait, on Linux; None: without end.
    """
    if hasattr(os, "pidfd_open"):
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            if is_leader(pid, directory):
                poll = select.poll()
                poll.register(descriptor, select.POLLIN)
                poll.poll(None if seconds is None else seconds * 1000)
        finally:
            os.close(descriptor)
        return
    while is_leader(pid, directory):
        time.sleep(0.1)
