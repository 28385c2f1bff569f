"""What people do to tasks that wait, by REST and with the roles of Airflow's FAB auth manager: mark and clear.

Airflow refuses to delete a DAG run that is running (409).
"""

from __future__ import annotations

import contextlib
import itertools
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
ACTORS = ("user", "op", "op", "user")
"""FAB's roles that may do what is tried here, by turns in each mode."""
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


def test_decisions_of_people_and_of_fail_fast(
    stack: Stack, service: LocalService, records: list[Record]
) -> None:
    """A decision about the task stops its job; a cleared task rejoins it.

    A viewer tries each decision first: it is refused, and changes nothing.
    """
    account = Account(stack.api, service)
    ending = [one for one in Decision if one.ends_the_task and one is not Decision.FAIL_FAST]
    runs = []
    for decision in [Decision.CLEARED] * CLEARS + ending:
        for mode in MODES:
            run = Run.start(stack.api, f"{mode}_{'long' if decision.ends_the_task else 'two_minutes'}")
            run.decision = decision
            runs.append(run)
    with contextlib.ExitStack() as clients:
        apis = {
            user: clients.enter_context(contextlib.closing(stack.api_of(user)))
            for user in ("viewer", *set(ACTORS))
        }
        for run, actor in zip(runs, itertools.cycle(ACTORS), strict=False):
            wait_until_waiting([run], stack.api, service)
            with pytest.raises(AirflowApiError, match=": 403 "):
                act(apis["viewer"], run, run.decision)
            act(apis[actor], run, run.decision)
    fail_fast = Run.start(stack.api, "fail_fast")
    fail_fast.decision = Decision.FAIL_FAST
    runs.append(fail_fast)
    wait_until_over(runs, stack.api)
    entries, outcomes, wrong = account.close(runs)
    records.extend(
        Record(run.decision.value, run.dag_id, outcome, len(entry.tries), len(entry.jobs))
        for run, entry, outcome in zip(runs, entries, outcomes, strict=True)
    )
    assert not wrong, "\n".join(wrong)
