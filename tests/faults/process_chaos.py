"""What is killed, how, and how it comes back: as systemd, or a pod's controller, would start it again."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

import psutil

from airflow_hpt_provider.demo.reaper import in_sessions

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.airflow import LocalAirflow
    from airflow_hpt_provider.demo.processes import ChildProcess
    from airflow_hpt_provider.demo.service import LocalService


class KillTarget(Enum):
    """Kinds of kills."""

    TASK = "SIGKILL of the task's process"
    WORKER = "SIGKILL of the worker and the task's process"
    TRIGGERER = "SIGKILL of the triggerer"
    SCHEDULER = "SIGKILL of the scheduler, its workers keep running"
    SCHEDULER_TREE = "SIGKILL of the scheduler and its workers"
    SERVICE = "SIGKILL of the local tuning service"


BY_RUN = frozenset({KillTarget.TASK, KillTarget.WORKER})
"""Killed for one run; the others are everybody's."""


@dataclass
class ProcessKiller:
    """Kills parts of one installation and starts them again. To be used from the thread that started them.

    Attributes:
        airflow, service: the installation.
        rng: for the seconds that a part is away.
        down: the parts that are to be started, and when (time.time()).
        sessions: of the processes that were killed: what they left may still run there.
    """

    airflow: LocalAirflow
    service: LocalService
    rng: random.Random
    down: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    sessions: list[int] = field(default_factory=list)

    def strike(self, victim: KillTarget) -> None:
        """Kill a part that all runs share."""
        back = time.time() + self.rng.uniform(1.0, 5.0)
        match victim:
            case KillTarget.SERVICE:
                self.service.kill()
                self.down.append((back, self.service.start))
            case KillTarget.TRIGGERER:
                self._kill(self.airflow.component("triggerer"), back, alone=False)
            case KillTarget.SCHEDULER:
                self._kill(self.airflow.component("scheduler"), back, alone=True)
            case KillTarget.SCHEDULER_TREE:
                self._kill(self.airflow.component("scheduler"), back, alone=False)
            case _:
                raise ValueError(victim)

    def strike_task(self, victim: KillTarget, pid: int) -> bool:
        """Kill a task's process, and the worker above it too; False if it is not there any more."""
        try:
            process = psutil.Process(pid)
            ours = os.getsid(pid) in {self.airflow.component("scheduler").pid, *self.sessions}
            parent = process.parent()
            if not ours:
                return False
            if (
                victim is KillTarget.WORKER
                and parent
                and parent.pid != self.airflow.component("scheduler").pid
            ):
                parent.kill()
            process.kill()
        except (psutil.Error, ProcessLookupError):
            return False
        return True

    def restart_due(self) -> None:
        """Start again what has been away for long enough, and what has ended by itself."""
        now = time.time()
        for entry in [entry for entry in self.down if entry[0] <= now]:
            self.down.remove(entry)
            entry[1]()
        if self.down:
            return
        # A scheduler also ends by itself when its database is too slow.
        for component in self.airflow.components:
            if component.has_ended and component.pid is not None:
                self.sessions.append(component.pid)
                component.start()

    def clean_up(self) -> None:
        """End what the killed have left behind."""
        for process in in_sessions(self.sessions):
            with contextlib.suppress(psutil.Error):
                process.kill()

    def _kill(self, component: ChildProcess, back: float, *, alone: bool) -> None:
        assert component.pid is not None
        self.sessions.append(component.pid)
        if alone:
            os.kill(component.pid, signal.SIGKILL)
            component.join()
        else:
            component.kill()
        self.down.append((back, component.start))
