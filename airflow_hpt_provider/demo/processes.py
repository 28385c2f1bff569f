"""Child processes that end on request, and when this process ends."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import psutil

from airflow_hpt_provider.demo.errors import ProcessEndedError
from airflow_hpt_provider.demo.reaper import REAPER, in_sessions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a TCP port that was free on loopback a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def clean_environment() -> dict[str, str]:
    """Ours without Airflow's and AWS's variables: no setting, and no credential, of the caller's gets in."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "AWS_"))}


@dataclass
class ChildProcess:
    """One process in a session of its own, writing to a log file.

    Attributes:
        name: what people call it, for messages.
        argv: the program and its arguments.
        env: its whole environment.
        log: where its output goes; the folder must exist.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it. It ends when we do, in whatever way; see :mod:`airflow_hpt_provider.demo.reaper`."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(self.env),
                # Away from the terminal, so that a Ctrl-C is ours alone and we stop things in order; and
                # what it starts stays in this session for us to find, whatever group it goes into.
                start_new_session=True,
            )
        REAPER.register(self._process.pid)

    @property
    def pid(self) -> int | None:
        """Id of the process and of its session; None before the start."""
        return None if self._process is None else self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it was started, and runs no more."""
        return self._process is not None and self._process.poll() is not None

    def check(self) -> None:
        """Raise if it has ended.

        Raises:
            ProcessEndedError: with its exit code and the end of its log.
        """
        if self._process is not None and (code := self._process.poll()) is not None:
            raise ProcessEndedError(
                f"{self.name} ended with exit code {code}. {self.log}:\n{self.log_tail()}"
            )

    def join(self) -> int:
        """Wait for it to end by itself; its exit code."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._process.wait()

    def log_tail(self, lines: int = 25) -> str:
        """Return the last lines of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def terminate(self) -> None:
        """Ask it to end: SIGTERM to the process itself, which ends its own children."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def ended_by(self, deadline: float) -> bool:
        """Return whether the process ends before ``deadline`` (of time.monotonic())."""
        if self._process is None:
            return True
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return False
        return True

    def descendants(self) -> list[psutil.Process]:
        """Return the process and all its running descendants, in any process group, orphans included."""
        return [] if self._process is None else in_sessions([self._process.pid])

    def kill(self) -> None:
        """SIGKILL to it and to everything it started."""
        for process in self.descendants():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        if self._process is not None:
            self._process.wait()
            REAPER.unregister(self._process.pid)
            self._process = None  # another process may soon have its id


def stop_all(processes: Iterable[ChildProcess], grace_period: float = 3.0) -> None:
    """End processes together: SIGTERM to each, after ``grace_period`` seconds SIGKILL to all that is left."""
    stopping = list(processes)
    for process in stopping:
        process.terminate()
    deadline = time.monotonic() + grace_period
    for process in stopping:
        process.ended_by(deadline)
    for process in stopping:
        process.kill()


class StopSignals:
    """Within this context SIGTERM and SIGHUP end the program as Ctrl-C does: by an exception.

    So ``finally`` and ``with`` clean up on any request to stop. Main thread only.
    """

    def __enter__(self) -> Self:
        self._previous = {
            number: signal.signal(number, self._interrupt) for number in (signal.SIGTERM, signal.SIGHUP)
        }
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    @staticmethod
    def _interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)
