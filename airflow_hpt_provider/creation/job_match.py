"""The table that says what an existing tuning job is to a task that wants one: docs/identity.md row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from airflow_hpt_provider.creation.ownership import (
    DELIVERED_BY_TRY_TAG,
    DELIVERED_TAG,
    FINGERPRINT_TAG,
    GENERATION_TAG,
    OWNER_TAG,
    Owner,
)


class JobMatch(Enum):
    """What a task does with an existing tuning job of the name that it wants."""

    REJOIN = "rejoin"
    """Wait for it."""
    USE_RESULT = "use result"
    """Take its result."""
    CREATE_NEXT = "create next"
    """Create another job under the next name."""
    NOT_OWNED = "not owned"
    """Never adopt it and never stop it: a name conflict."""
    CONFIG_CHANGED = "config changed"
    """Stop it and create another one, or a name conflict."""


class Status(Enum):
    """A tuning job's status, as far as ownership depends on it."""

    RUNNING = "running"
    COMPLETED = "completed"
    STOPPED = "stopping or stopped"
    FAILED = "failed"


STATUSES = {
    "InProgress": Status.RUNNING,
    "Completed": Status.COMPLETED,
    "Stopping": Status.STOPPED,
    "Stopped": Status.STOPPED,
}
"""All other statuses (Failed, Deleting, DeleteFailed, unknown ones) count as failed."""


class Generation(Enum):
    """The generation of the task (see :class:`Owner`) in which something happened to the job."""

    NONE = "none"
    THIS = "this"
    EARLIER = "an earlier one, or one of a deleted DAG run"


class Rule(NamedTuple):
    """One row: the first whose conditions all hold decides. A condition of None holds for every value.

    Attributes:
        case: the row in words.
        match: what the task does.
        owned: the job is this task's own.
        same_config: it was created from the config that the task wants.
        status: its status.
        has_result: it has a result that a user who clears the task may still want.
        created: the generation in which it was created; known only where ``has_result`` is False.
        delivered: the generation in which its result was delivered, and Airflow took it.
    """

    case: str
    match: JobMatch
    owned: bool | None = True
    same_config: bool | None = True
    status: tuple[Status, ...] | None = None
    has_result: bool | None = None
    created: tuple[Generation, ...] | None = None
    delivered: tuple[Generation, ...] | None = None


EARLIER, NONE, THIS = (Generation.EARLIER,), (Generation.NONE,), (Generation.THIS,)
RUNNING, COMPLETED, STOPPED, FAILED = (
    (Status.RUNNING,),
    (Status.COMPLETED,),
    (Status.STOPPED,),
    (Status.FAILED,),
)

RULES = (
    Rule("owned by another task, or without this provider's tags", JobMatch.NOT_OWNED, owned=False, same_config=None),
    Rule("running, same config", JobMatch.REJOIN, status=RUNNING),
    Rule("running, another config", JobMatch.CONFIG_CHANGED, same_config=False, status=RUNNING),
    Rule("ended, another config", JobMatch.CREATE_NEXT, same_config=False),
    Rule(
        "completed without a result to deliver, in this generation",
        JobMatch.USE_RESULT, status=COMPLETED, has_result=False, created=THIS,
    ),
    Rule(
        "completed without a result to deliver, in an earlier generation",
        JobMatch.CREATE_NEXT, status=COMPLETED, has_result=False,
    ),
    Rule("completed, result never delivered", JobMatch.USE_RESULT, status=COMPLETED, delivered=NONE),
    Rule(
        "completed or stopped, result delivered in this generation",
        JobMatch.USE_RESULT, status=COMPLETED + STOPPED, delivered=THIS,
    ),
    Rule(
        "completed or stopped, result delivered in an earlier generation",
        JobMatch.CREATE_NEXT, status=COMPLETED + STOPPED, delivered=EARLIER,
    ),
    Rule("stopped, no result delivered", JobMatch.CREATE_NEXT, status=STOPPED, delivered=NONE),
    Rule("failed", JobMatch.CREATE_NEXT, status=FAILED),
)  # fmt: skip


@dataclass(frozen=True)
class ExistingJob:
    """What a task knows of a tuning job of the name that it wants.

    Attributes:
        status: its HyperParameterTuningJobStatus.
        tags: its tags, or None if the task may not read them.
        known_own: the name was derived from the owner, or kept in the task's state store. Without readable tags
            this proves that the job is the task's own.
        has_result: False if the task waits for the job, and the job has no best training job. Then a user who clears
            the task can want nothing of it. What a task that does not wait delivers is the job's name.
        superseded: the task has created a later job, so this one is over and done with.
        first_try: the task cannot have delivered anything yet. What was delivered belongs to a deleted DAG run of
            the same id.
    """

    status: str
    tags: Mapping[str, str] | None
    known_own: bool
    has_result: bool = True
    superseded: bool = False
    first_try: bool = False


def was_tried_again(tags: Mapping[str, str], owner: Owner) -> bool:
    """Return whether Airflow tried the task again after the try that delivered, and before a person cleared it.

    Then it had not taken what was delivered: its API server was away when the try ended, say.
    """
    number = tags.get(DELIVERED_BY_TRY_TAG, "")
    return number.isdecimal() and int(number) < owner.generation


def match_job(job: ExistingJob, owner: Owner, fingerprint: str) -> JobMatch:
    """Decide what a task does with a job.

    Args:
        job: the job.
        owner: the task instance that asks.
        fingerprint: of the config that the task wants to run.
    """
    return rule_for(job, owner, fingerprint).match


def rule_for(job: ExistingJob, owner: Owner, fingerprint: str) -> Rule:
    """Return the row of :data:`RULES` that decides; see :func:`match_job`."""

    def generation(number: str | None) -> Generation:
        if number is None:
            return Generation.NONE
        current = number == str(owner.generation) and not job.first_try
        return Generation.THIS if current else Generation.EARLIER

    def delivery(number: str | None) -> Generation:
        not_taken = was_tried_again(known, owner) and not job.superseded
        return Generation.NONE if not_taken else generation(number)

    known = job.tags or {}
    tagged = OWNER_TAG in known
    state = STATUSES.get(job.status, Status.FAILED)
    # Without tags it is unknown whether the result was delivered: a completed job counts as delivered at first.
    delivered = known.get(DELIVERED_TAG) if tagged else "0" if state is Status.COMPLETED else None
    facts = {
        "owned": known[OWNER_TAG] == owner.digest if tagged else job.known_own,
        "same_config": not tagged or known.get(FINGERPRINT_TAG, fingerprint) == fingerprint,
        "status": state,
        "has_result": job.has_result,
        "created": generation(known.get(GENERATION_TAG, "0")),
        "delivered": delivery(delivered),
    }
    return next(rule for rule in RULES if _holds(rule, facts))


def _holds(rule: Rule, facts: Mapping[str, object]) -> bool:
    for name, fact in facts.items():
        wanted = getattr(rule, name)
        if wanted is not None and (fact not in wanted if isinstance(wanted, tuple) else fact is not wanted):
            return False
    return True
