"""The books of a cluster: which tuning jobs each task paid for, and what it delivered. Pure: no Airflow, no service.

A process that ends (a signal, a lost heartbeat, a drain, an outage) is no decision about a task. So without a decision
each task pays for one tuning job, which completes, and its result is delivered. A decision about the *task* stops its
job. Each tuning job of the service belongs to a task.

A status says more than a moment: a job that was left running completes some time later, and looks like one that was
waited for. So a task that a decision ends has a job that never ends by itself, and only ``Stopped`` balances the books.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tests.faults.invariants import Job, Violation, check_invariant

VIOLATED = "violated"


class Decision(Enum):
    """A person's or Airflow's decision about a task while its tuning job runs."""

    NONE = "none"
    MARKED_FAILED = "marked failed"
    MARKED_SUCCESS = "marked success"
    RUN_MARKED_FAILED = "DAG run marked failed"
    FAIL_FAST = "ended by fail_fast"
    CLEARED = "cleared, same config"

    @property
    def ends_the_task(self) -> bool:
        """Whether the tuning job has to be stopped."""
        return self not in {Decision.NONE, Decision.CLEARED}


END_STATES: Mapping[Decision, frozenset[str]] = {
    Decision.MARKED_FAILED: frozenset({"failed"}),
    Decision.MARKED_SUCCESS: frozenset({"success"}),
    Decision.RUN_MARKED_FAILED: frozenset({"failed", "skipped"}),
    Decision.FAIL_FAST: frozenset({"failed", "skipped"}),
}


@dataclass(frozen=True)
class PaidJob(Job):
    """A tuning job with the size of its search."""

    planned: int
    completed: int


@dataclass(frozen=True)
class Entry:
    """A DAG run at the end: one task creates a tuning job, and the same or another one waits for it.

    Attributes:
        task: DAG id, run id and task id, for messages.
        state: the last state of the waiting task.
        tries: the state of each of its tries.
        result: its return value in XCom.
        jobs: the tuning jobs that have been created for the run, the oldest first.
        decision: what a person decided about the task.
        cleared: whether the failed task was cleared in the end, to take the result of its completed job.
        may_fail: whether a fault met it for which docs/guarantees.md allows that all tries are spent.
    """

    task: str
    state: str
    tries: Sequence[str]
    result: Mapping[str, Any] | None
    jobs: Sequence[PaidJob]
    decision: Decision = Decision.NONE
    cleared: bool = False
    may_fail: bool = False


def outcome(entry: Entry) -> str:
    """Return how a task ended: ``delivered``, ``retried``, ``cleared`` or ``stopped``.

    *retried*: delivered by a later try; *cleared*: delivered after the failed task was cleared.

    Raises:
        Violation: the books do not balance; the message names the rule.
    """
    jobs = list(entry.jobs)
    if len(jobs) > 1:
        raise Violation(f"{len(jobs)} tuning jobs were paid for; {entry}")
    if entry.result is not None and any(job.completed < job.planned for job in jobs):
        raise Violation(f"the result of half a search was delivered; {entry}")
    if entry.decision.ends_the_task:
        return _stopped(entry, jobs)
    if any(job.status in {"Stopped", "Stopping"} for job in jobs):
        raise Violation(f"a tuning job was stopped, and nothing was decided about its task; {entry}")
    if entry.state != "success":
        raise Violation(f"the task is {entry.state}, and nothing was decided about it; {entry}")
    if entry.result is None:
        raise Violation(f"the task succeeded without a result; {entry}")
    check_invariant(list[Job](jobs), [dict(entry.result)])
    if entry.cleared and not entry.may_fail:
        raise Violation(f"all tries were spent on a fault that must not spend them; {entry}")
    if entry.cleared:
        return "cleared"
    return "retried" if len(entry.tries) > 1 else "delivered"


def _stopped(entry: Entry, jobs: list[PaidJob]) -> str:
    """A decision has ended the task."""
    if entry.state not in END_STATES[entry.decision]:
        raise Violation(f"the task is {entry.state} though it was {entry.decision.value}; {entry}")
    if not jobs:
        raise Violation(f"the task had no tuning job when it was {entry.decision.value}; {entry}")
    if any(job.status != "Stopped" or job.runs for job in jobs):
        raise Violation(f"a tuning job was not stopped though its task was {entry.decision.value}; {entry}")
    if entry.result is not None:
        raise Violation(f"a result was delivered though the task was {entry.decision.value}; {entry}")
    return "stopped"


def balance(entries: Sequence[Entry], jobs: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the outcome of each entry, and what is wrong with the books.

    Args:
        entries: all DAG runs.
        jobs: the names of all tuning jobs that the service has. One that is in no entry was paid for by no task.
    """
    outcomes, wrong = [], []
    for entry in entries:
        try:
            outcomes.append(outcome(entry))
        except Violation as violation:
            outcomes.append(VIOLATED)
            wrong.append(f"{entry.task}: {violation}")
    known = {job.name for entry in entries for job in entry.jobs}
    wrong += [f"tuning job {name} belongs to no task" for name in sorted(set(jobs) - known)]
    return outcomes, wrong
