"""Ends what a program has started when the program itself ends in any way, SIGKILL included.

``python -m airflow_hpt_provider.demo.reaper GRACE_PERIOD`` reads which sessions to keep, ``+ID`` and ``-ID``, from its
stdin, of which only that program holds the other end. When the pipe closes, it ends what still runs in them.

A process rather than the kernel's parent death signal, which comes once: Airflow's scheduler loses a SIGTERM that
reaches it while it forks its workers, and would run on for good.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable


class SessionReaper:
    """The program's side: one reaper process, started with the first session to keep.

    Attributes:
        grace_period: seconds between its SIGTERM and its SIGKILL. Long: no user waits for it.
    """

    def __init__(self, grace_period: float = 20.0) -> None:
        self.grace_period = grace_period
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def register(self, session: int) -> None:
        """End this session's processes if we end before :meth:`forget`."""
        with self._lock:
            if self._process is None:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", __name__, str(self.grace_period)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    text=True,
                    start_new_session=True,  # a Ctrl-C at the terminal is not meant for it
                )
                atexit.register(self._close)
            self._send(f"+{session}")

    def unregister(self, session: int) -> None:
        """Forget a session that has ended, because another process may soon have its id."""
        with self._lock:
            self._send(f"-{session}")

    def _send(self, line: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # the reaper was killed; it was only the safety net
                self._process.stdin.write(f"{line}\n")
                self._process.stdin.flush()

    def _close(self) -> None:
        if self._process is not None:
            self._process.communicate()


REAPER = SessionReaper()


def in_sessions(sessions: Iterable[int]) -> list[psutil.Process]:
    """Return the running processes that belong to these sessions."""
    wanted, found = set(sessions), []
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
            if os.getsid(process.pid) in wanted and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def end_sessions(sessions: Iterable[int], grace_period: float) -> None:
    """SIGTERM to the leader of each, which ends its own children; then SIGKILL to all that is left."""
    left = set(sessions)
    for process in in_sessions(left):
        if process.pid in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
    deadline = time.monotonic() + grace_period
    while running := in_sessions(left):
        if time.monotonic() >= deadline:
            for process in running:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        time.sleep(0.1)


def main() -> None:
    """Read what to keep until the other end is closed; then end it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sessions: set[int] = set()
    for line in sys.stdin:
        session = int(line[1:])
        if line.startswith("+"):
            sessions.add(session)
        else:
            sessions.discard(session)
    end_sessions(sessions, float(sys.argv[1]))


if __name__ == "__main__":
    main()
