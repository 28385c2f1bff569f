"""What people do to tasks that wait, by REST and with the roles of Airflow: mark and clear.

Airflow refuses to delete a DAG run that is running (409).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_hpt_provider.demo.errors import AirflowApiError
from tests.cluster.books import Decision
from tests.cluster.runs import Account, Run
from tests.cluster.scenario import wait_until_over, wait_until_waiting
from tests.cluster.table import Record

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService
    from tests.cluster.api import ClusterApi
    from tests.cluster.stack import Stack

pytestmark = [pytest.mark.cluster, pytest.mark.heavy, pytest.mark.timeout(1200)]

MODES = ("sync", "deferrable")
CLEARS = 3
"""Runs that are cleared in each mode: what follows a clear was a race once."""


def act(api: ClusterApi, run: Run, decision: Decision) -> None:
    """Do to a run what a person does in the UI."""
    match decision:
        case Decision.MARKED_FAILED:
            api.mark_task(*run.key, "failed")
        case Decision.MARKED_SUCCESS:
            api.mark_task(*run.key, "success")
        case Decision.RUN_MARKED_FAILED:
            api.mark_run(run.dag_id, run.run_id, "failed")
        case Decision.CLEARED:
            api.clear_task(*run.key)
        case Decision.NONE | Decision.FAIL_FAST:
            raise ValueError(f"people do not do this: {decision}")


def decide(stack: Stack, service: LocalService, decisions: list[Decision]) -> list[Record]:
    """Let people decide about tasks that wait in each mode, and balance the books.

    A viewer tries the same first: it is refused, and changes nothing.
    """
    account = Account(stack.api, service)
    runs = []
    for decision in decisions:
        for mode in MODES:
            run = Run.start(stack.api, f"{mode}_{'long' if decision.ends_the_task else 'minute'}")
            run.decision = decision
            runs.append(run)
    viewer, user = stack.api_of("viewer"), stack.api_of("user")
    try:
        for run in runs:
            wait_until_waiting([run], stack.api, service)
            with pytest.raises(AirflowApiError, match=": 403 "):
                act(viewer, run, run.decision)
            act(user, run, run.decision)
    finally:
        viewer.close()
        user.close()
    wait_until_over(runs, stack.api)
    entries, outcomes, wrong = account.close(runs)
    assert not wrong, "\n".join(wrong)
    return [
        Record(run.decision.value, run.dag_id, outcome, len(entry.tries), len(entry.jobs))
        for run, entry, outcome in zip(runs, entries, outcomes, strict=True)
    ]


def test_a_decision_about_the_task_stops_its_job(
    stack: Stack, service: LocalService, records: list[Record]
) -> None:
    decisions = [one for one in Decision if one.ends_the_task and one is not Decision.FAIL_FAST]
    records.extend(decide(stack, service, decisions))


def test_a_cleared_task_rejoins_its_job(stack: Stack, service: LocalService, records: list[Record]) -> None:
    records.extend(decide(stack, service, [Decision.CLEARED] * CLEARS))


def test_another_task_fails_in_a_dag_with_fail_fast(
    stack: Stack, service: LocalService, records: list[Record]
) -> None:
    account, run = Account(stack.api, service), Run.start(stack.api, "fail_fast")
    run.decision = Decision.FAIL_FAST
    wait_until_over([run], stack.api)
    entries, outcomes, wrong = account.close([run])
    assert not wrong, "\n".join(wrong)
    records.append(
        Record(run.decision.value, run.dag_id, outcomes[0], len(entries[0].tries), len(entries[0].jobs))
    )
