"""The faults of a cluster's parts: which part, what is done to it, and how it comes back."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

import psutil

from tests.cluster.component import family

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService
    from tests.cluster.component import Component
    from tests.cluster.stack import Stack

GRACE_SECONDS = 25.0
"""Between a signal that asks a component to end, and SIGKILL: a pod's terminationGracePeriodSeconds."""


class Target(Enum):
    """The parts of a cluster."""

    TASK = "the task's process"
    SUPERVISOR = "the task's supervisor (Celery's pool process)"
    WORKER = "a Celery worker"
    TRIGGERER = "a triggerer"
    SCHEDULER = "a scheduler"
    DAG_PROCESSOR = "the DAG processor"
    API_SERVER = "the API server"
    POSTGRES = "PostgreSQL"
    REDIS = "Redis"
    SERVICE = "the local tuning service"


class Action(Enum):
    """What is done to it."""

    TERM = "SIGTERM"
    TERM_ALL = "SIGTERM to every process"
    QUIT = "SIGQUIT"
    KILL = "SIGKILL"
    STOP = "SIGSTOP"
    AWAY = "away"


TASK_TARGETS = frozenset({Target.TASK, Target.SUPERVISOR})
DATABASES = frozenset({Target.POSTGRES, Target.REDIS})


@dataclass(frozen=True)
class Fault:
    """A kind of fault.

    Attributes:
        target: the part.
        action: what is done to it.
        seconds: how long it is stopped or away; otherwise it is started again as soon as it has ended.
    """

    target: Target
    action: Action
    seconds: float = 2.0

    @property
    def may_spend_tries(self) -> bool:
        """Whether Airflow may fail all tries of a task for it, see docs/guarantees.md: what no try can do without.

        Without PostgreSQL the API server cannot respond. Without Redis no scheduler can send a task to a worker, and
        CeleryExecutor counts that as a failed try.
        """
        return self.target in {Target.API_SERVER, Target.POSTGRES, Target.REDIS}

    def __str__(self) -> str:
        match self.action:
            case Action.STOP:
                return f"SIGSTOP of {self.target.value} for {self.seconds:g} s"
            case Action.AWAY:
                return f"{self.target.value} away for {self.seconds:g} s"
            case Action.TERM_ALL:
                return f"SIGTERM to every process of {self.target.value}"
            case _:
                return f"{self.action.value} of {self.target.value}"


@dataclass
class Repair:
    """What is to be done some time after a fault.

    Attributes:
        at: when (time.monotonic()).
        call: brings the part back, or ends what is left of it.
        part: the name of the part that is away until then; empty if its next process runs already.
        fault: what has struck it.
    """

    at: float
    call: Callable[[], object]
    part: str
    fault: Fault


@dataclass
class FaultInjector:
    """Strikes parts of one cluster, and brings them back. Use it from the thread that started them.

    Attributes:
        stack, service: the cluster.
        due: what is to be done to bring the parts back.
    """

    stack: Stack
    service: LocalService
    due: list[Repair] = field(default_factory=list)
    strikes: int = 0

    @property
    def away(self) -> set[str]:
        """The parts that do not run now: ended, or stopped by SIGSTOP."""
        return {repair.part for repair in self.due if repair.part}

    @property
    def active(self) -> list[Fault]:
        """The faults of which something is not back yet."""
        return [repair.fault for repair in self.due]

    def strike(self, fault: Fault, pid: int | None = None) -> bool:
        """Strike; return whether a part was running.

        Args:
            fault: the kind.
            pid: of the task's process, for the targets of a task.
        """
        if fault.target in TASK_TARGETS:
            return pid is not None and self._strike_task(fault, pid)
        running = [name for name in self._parts(fault.target) if name not in self.away]
        if not running:
            return False
        self.strikes += 1
        name = running[self.strikes % len(running)]
        if fault.target is Target.SERVICE:
            self.service.kill()
            self._later(name, fault, self.service.start)
        elif fault.target in DATABASES:
            self._strike_database(name, fault)
        else:
            self._strike_component(self.stack.components[name], fault)
        return True

    def bring_back(self) -> None:
        """Start again what has been away for long enough, and what has ended by itself."""
        now = time.monotonic()
        for repair in [repair for repair in self.due if repair.at <= now]:
            repair.call()
            self.due.remove(repair)
        away = self.away
        if not away & {target.value for target in DATABASES}:  # without one, a component ends again
            self.stack.start_ended(but=away)
        for component in self.stack.components.values():
            component.reap()

    def wait(self) -> None:
        """Return when everything is back."""
        while self.due:
            self.bring_back()
            time.sleep(0.5)

    def settle(self) -> None:
        """Bring everything back now, and end what earlier processes have left."""
        while self.due:
            self.due.pop(0).call()
        self.stack.start_ended()
        for component in self.stack.components.values():
            component.kill_earlier()

    def _parts(self, target: Target) -> list[str]:
        if target in DATABASES or target is Target.SERVICE:
            return [target.value]
        kind = target.name.lower().replace("_", "-")
        return [name for name in self.stack.components if name.startswith(kind)]

    def _later(
        self, part: str, fault: Fault, call: Callable[[], object], seconds: float | None = None
    ) -> None:
        after = fault.seconds if seconds is None else seconds
        self.due.append(Repair(time.monotonic() + after, call, part, fault))

    def _strike_component(self, component: Component, fault: Fault) -> None:
        match fault.action:
            case Action.STOP:
                stopped = component.processes()
                _send(stopped, signal.SIGSTOP)
                self._later(component.name, fault, lambda: _send(stopped, signal.SIGCONT))
            case Action.KILL | Action.AWAY:
                component.kill()
                self._later(component.name, fault, component.start)
            case Action.TERM | Action.QUIT | Action.TERM_ALL:
                number = signal.SIGQUIT if fault.action is Action.QUIT else signal.SIGTERM
                if fault.action is Action.TERM_ALL:
                    component.signal_all(number)
                else:
                    component.signal(number)
                self._replace(component, fault)

    def _replace(self, component: Component, fault: Fault) -> None:
        """Start the next process; the one that ends keeps its grace period, as in a rolling deployment.

        The API server's port is free for the next only when the one before has ended.
        """
        if component.name == "api-server":
            component.current.ended_by(time.monotonic() + GRACE_SECONDS)
            component.kill()
            component.start()
            return
        component.start()
        self._later("", fault, component.kill_earlier, GRACE_SECONDS)

    def _strike_database(self, name: str, fault: Fault) -> None:
        database = self.stack.postgres if fault.target is Target.POSTGRES else self.stack.redis
        process = database.process
        assert process.pid is not None
        started = family(process.pid)
        if fault.action is Action.KILL:
            os.kill(process.pid, signal.SIGKILL)
        else:  # PostgreSQL's SIGINT is what its service unit sends: a fast shutdown
            os.kill(process.pid, signal.SIGINT if fault.target is Target.POSTGRES else signal.SIGTERM)
        process.ended_by(time.monotonic() + GRACE_SECONDS)
        process.kill()
        _send(started, signal.SIGKILL)  # no server starts while processes of the one before run
        psutil.wait_procs(started, timeout=GRACE_SECONDS)
        self._later(name, fault, database.start)

    def worker_of(self, pid: int) -> Component:
        """Return the Celery worker in which a task's process runs."""
        session = os.getsid(pid)
        return next(one for one in self.stack.components.values() if session in one.sessions)

    def _strike_task(self, fault: Fault, pid: int) -> bool:
        try:
            task = psutil.Process(pid)
            if not self.worker_of(pid).name.startswith("worker"):
                return False
            process = task if fault.target is Target.TASK else task.parent()
            if process is None:
                return False
            match fault.action:
                case Action.STOP:
                    part = f"process {process.pid}"
                    if part in self.away:
                        return False
                    _send([process], signal.SIGSTOP)
                    self._later(part, fault, lambda: _send([process], signal.SIGCONT))
                case Action.TERM:
                    process.terminate()
                case Action.QUIT:
                    process.send_signal(signal.SIGQUIT)
                case _:
                    process.kill()
        except (psutil.Error, ProcessLookupError, StopIteration):
            return False
        return True


def _send(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
