"""One component of a cluster, which may be replaced while an earlier process of it still ends."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from airflow_hpt_provider.demo.processes import ChildProcess
from airflow_hpt_provider.demo.reaper import in_sessions


class Component:
    """A process that is started again under the same name, as systemd or a pod's controller does.

    Args:
        name: such as ``worker-1``.
        argv: the program and its arguments; ``{generation}`` is replaced by the number of its starts.
        environment: the whole environment.
        log: the file for its output.
    """

    def __init__(self, name: str, argv: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self._argv, self._environment, self._log = argv, environment, log
        self._generations: list[ChildProcess] = []
        self._starts = 0

    @property
    def current(self) -> ChildProcess:
        """The process that was started last."""
        return self._generations[-1]

    @property
    def pid(self) -> int:
        """The id of the current process and of its session."""
        pid = self.current.pid
        assert pid is not None
        return pid

    @property
    def sessions(self) -> set[int]:
        """The sessions of all its processes that may still run, earlier ones included."""
        return {process.pid for process in self._generations if process.pid is not None}

    def start(self) -> None:
        """Start it; earlier processes of it are left alone."""
        self._starts += 1  # no two processes of one name: each has its own process id file
        argv = [argument.replace("{generation}", str(self._starts)) for argument in self._argv]
        process = ChildProcess(self.name, argv, self._environment, self._log)
        process.start()
        self._generations.append(process)

    def processes(self) -> list[psutil.Process]:
        """Return every process of the current generation, in all of its sessions."""
        return family(self.pid)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the current main process only."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def signal_all(self, number: signal.Signals) -> None:
        """Send a signal to every process of the current generation."""
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def reap(self) -> None:
        """Forget earlier generations of which nothing runs any more."""
        for process in self._generations[:-1]:
            if process.has_ended and not process.descendants():
                process.kill()
                self._generations.remove(process)

    def kill_earlier(self) -> None:
        """End what earlier generations have left."""
        for process in self._generations[:-1]:
            process.kill()
        del self._generations[:-1]

    def kill(self) -> None:
        """End every process of every generation."""
        for process in self._generations:
            if process.pid is not None:
                for each in family(process.pid):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        each.kill()
            process.kill()
        self._generations = self._generations[-1:]


def family(pid: int) -> list[psutil.Process]:
    """Return the processes of a session and all their descendants: PostgreSQL's have sessions of their own."""
    found = {process.pid: process for process in in_sessions([pid])}
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(pid).children(recursive=True):
            found.setdefault(child.pid, child)
    return list(found.values())
