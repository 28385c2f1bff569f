"""A worker that was cut off comes back when its task was cleared, and its next try waits for the same job."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

import psutil
import pytest

from airflow_hpt_provider.demo.waiting import wait_until
from tests.cluster.books import Decision
from tests.cluster.process_faults import FaultInjector
from tests.cluster.runs import Account, Run
from tests.cluster.scenario import START_SECONDS, wait_until_over, wait_until_waiting
from tests.cluster.table import Record

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService
    from tests.cluster.stack import Stack

pytestmark = [pytest.mark.cluster, pytest.mark.heavy, pytest.mark.timeout(1200)]


def test_a_last_try_that_comes_back_stops_nothing(
    stack: Stack, service: LocalService, records: list[Record]
) -> None:
    """Airflow ends the old process, in its last try, while it says that the task is running: another try is."""
    account, run = Account(stack.api, service), Run.start(stack.api, "sync_three_minutes_once")
    wait_until_waiting([run], stack.api, service)
    old = run.pid(stack.api)
    assert old is not None
    cut_off = FaultInjector(stack, service).worker_of(old).processes()
    try:
        for process in cut_off:
            process.suspend()
        run.decision = Decision.CLEARED
        stack.api.clear_task(*run.key)
        wait_until(
            lambda: run.pid(stack.api) not in {None, old}, START_SECONDS, f"{run} has no next try", every=1
        )
    finally:
        for process in cut_off:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)
    wait_until(lambda: not psutil.pid_exists(old), START_SECONDS, "Airflow does not end the old process")
    wait_until_over([run], stack.api)
    entries, outcomes, wrong = account.close([run])
    assert not wrong, "\n".join(wrong)
    what = "worker cut off in the last try, task cleared"
    records.append(Record(what, run.dag_id, outcomes[0], len(entries[0].tries), len(entries[0].jobs)))
