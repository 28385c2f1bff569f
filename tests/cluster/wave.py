"""A wave: tasks wait in every mode while faults strike one after another, and the books afterwards."""

from __future__ import annotations

import contextlib
import itertools
import random
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from airflow_hpt_provider.demo.errors import AirflowApiError
from tests.cluster.plan import AWAY_AT_ONCE
from tests.cluster.process_faults import TASK_TARGETS, Fault, FaultInjector
from tests.cluster.runs import Account, Run, clear_failed
from tests.cluster.table import Record

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService
    from tests.cluster.stack import Stack

JOB_SECONDS = 30
LIMIT_SECONDS = 420
LIVE_RUNS = 9
"""DAG runs that are kept going while faults strike."""
GAP_SECONDS = (2.0, 10.0)
"""Between the beginning of a fault and the next one."""
RESPONSE_SECONDS = 5.0
FIND_SECONDS = 600.0
"""Maximum time to find the running process of a task."""
OPERATOR_MODES = ("sync", "deferrable", "sync_use_best", "deferrable_use_best")
MODES = (
    *OPERATOR_MODES,
    "sensor_poke",
    "sensor_reschedule",
    "sensor_deferred",
    "sensor_start_from_trigger",
    "sensor_finish_in_triggerer",
)


class Wave:
    """Runs that meet faults on a cluster. Faults overlap: the next one strikes while parts are away.

    Args:
        stack, service: the cluster.
        modes: the DAGs that are run, in turn.
        rng: for all that is random.
    """

    def __init__(self, stack: Stack, service: LocalService, modes: Sequence[str], rng: random.Random) -> None:
        self._stack, self._rng = stack, rng
        self._injector = FaultInjector(stack, service)
        self._account = Account(stack.api, service)
        self._modes = itertools.cycle(modes)
        self._runs: list[Run] = []
        self._live: list[Run] = []

    def play(self, faults: Sequence[Fault]) -> tuple[list[Record], list[str]]:
        """Strike each fault at a random moment, and wait for the ends of all runs.

        Returns:
            a record for each run and fault that it met, and what is wrong with the books.
        """
        missed = []
        # A stopped API server does not refuse a connection. No call may hold up what brings it back.
        self._api = self._stack.api_of("admin", RESPONSE_SECONDS)
        try:
            for fault in faults:
                self._keep_going(self._rng.uniform(*GAP_SECONDS))
                while len(self._injector.away) >= AWAY_AT_ONCE:
                    self._keep_going(0.5)
                if not self._strike(fault):
                    missed.append(f"{fault}: found no process of a waiting task")
            self._wait()
            self._live = [run for run in self._runs if clear_failed(self._stack.api, run)]
            self._wait()
        finally:
            self._injector.settle()
            self._api.close()
        entries, outcomes, wrong = self._account.close(self._runs)
        records = [
            Record(what, run.dag_id, outcome, len(entry.tries), len(entry.jobs))
            for run, entry, outcome in zip(self._runs, entries, outcomes, strict=True)
            for what in dict.fromkeys(map(str, run.met)) or ("no fault",)
        ]
        return records, wrong + missed

    def _keep_going(self, seconds: float, runs: int = LIVE_RUNS) -> None:
        """Keep runs going for some time."""
        deadline = time.monotonic() + seconds
        while True:
            while len(self._live) < runs:
                run = Run.of(next(self._modes))
                run.met += self._injector.active
                self._runs.append(run)
                self._live.append(run)
            self._look()
            self._injector.bring_back()
            if time.monotonic() >= deadline:
                return
            time.sleep(0.5)

    def _look(self) -> None:
        """Start the runs that are not started, and forget those that have ended; while Airflow responds."""
        with contextlib.suppress(AirflowApiError):
            for run in self._live:
                run.look(self._api)
        self._live = [run for run in self._live if not run.ended]

    def _strike(self, fault: Fault) -> bool:
        """Strike as soon as a task waits; return False if none does, or no process of one is found."""
        deadline = time.monotonic() + FIND_SECONDS
        while True:
            waits = [run for run in self._live if run.seen in {"running", "deferred"}]
            if fault.target not in TASK_TARGETS and waits and self._injector.strike(fault):
                for run in self._live:
                    run.met.append(fault)
                return True
            for run in self._rng.sample(waits, len(waits)) if fault.target in TASK_TARGETS else ():
                pid = run.pid(self._api)
                if pid is not None and self._injector.strike(fault, pid):
                    run.met.append(fault)
                    return True
            if time.monotonic() > deadline:
                return False
            self._keep_going(0.5)

    def _wait(self) -> None:
        """Return when all parts are back and all runs are over, or the time is."""
        deadline = time.monotonic() + LIMIT_SECONDS
        while (self._live or self._injector.due) and time.monotonic() < deadline:
            self._keep_going(0.5, runs=0)
