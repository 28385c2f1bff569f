"""Drains: the processes of waiting tasks are asked to end on each worker, and no paid job is lost.

docs/faults.md says which change brings the fault back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cluster.process_faults import Action, Fault, FaultInjector, Target
from tests.cluster.runs import Account, Run, clear_failed
from tests.cluster.scenario import wait_until_over, wait_until_waiting
from tests.cluster.table import Record

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService
    from tests.cluster.stack import Stack

pytestmark = [pytest.mark.cluster, pytest.mark.heavy, pytest.mark.timeout(1200)]

AWAY_SECONDS = 60.0
"""Longer than three heartbeats, after which Airflow ends the processes of all tasks."""


def drain(stack: Stack, service: LocalService, fault: Fault, modes: list[str]) -> list[Record]:
    """Strike while a task waits in each mode, and balance the books."""
    account, injector = Account(stack.api, service), FaultInjector(stack, service)
    runs = [Run.start(stack.api, mode) for mode in modes]
    try:
        wait_until_waiting(runs, stack.api, service)
        if fault.target is Target.TASK:
            for run in runs:
                assert injector.strike(fault, run.pid(stack.api)), f"{run} has no process"
        else:
            injector.strike(fault)
        for run in runs:
            run.met.append(fault)
        injector.wait()
        wait_until_over(runs, stack.api)
        wait_until_over([run for run in runs if clear_failed(stack.api, run)], stack.api)
    finally:
        injector.settle()
    entries, outcomes, wrong = account.close(runs)
    assert not wrong, "\n".join(wrong)
    return [
        Record(str(fault), run.dag_id, outcome, len(entry.tries), len(entry.jobs))
        for run, entry, outcome in zip(runs, entries, outcomes, strict=True)
    ]


@pytest.mark.parametrize("action", [Action.TERM, Action.QUIT])
def test_a_signal_to_the_processes_of_waiting_tasks(
    stack: Stack, service: LocalService, records: list[Record], action: Action
) -> None:
    """To SIGQUIT, a task's process responds with SystemExit, by a handler that it inherits from Celery."""
    modes = ["sync_minute", "sync_minute", "sync_minute_use_best", "sync_minute_use_best"]
    found = drain(stack, service, Fault(Target.TASK, action), modes)
    records.extend(found)
    assert {record.outcome for record in found} == {"retried"}


def test_the_api_server_is_away_for_longer_than_three_heartbeats(
    stack: Stack, service: LocalService, records: list[Record]
) -> None:
    fault = Fault(Target.API_SERVER, Action.AWAY, AWAY_SECONDS)
    found = drain(stack, service, fault, ["sync_two_minutes", "sync_two_minutes", "deferrable"])
    records.extend(found)
    assert {record.outcome for record in found[:2]} <= {"retried", "cleared"}
