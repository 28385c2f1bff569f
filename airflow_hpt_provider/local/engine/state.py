"""A tuning job that has not ended, in memory. All of it can be read from the store again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.engine import criteria
from airflow_hpt_provider.local.engine.endings import Ending
from airflow_hpt_provider.local.engine.history import History
from airflow_hpt_provider.local.engine.plan import Plan
from airflow_hpt_provider.local.search.allocation import Arm, next_arm
from airflow_hpt_provider.local.store import training_jobs, tuning_jobs

if TYPE_CHECKING:
    from airflow_hpt_provider.local.engine.loop import Turn
    from airflow_hpt_provider.local.engine.searches import Search, Searches
    from airflow_hpt_provider.local.store.records import TuningJob


@dataclass
class State:
    """What the decisions about a tuning job are made from.

    Attributes:
        definition_ids: of its training definitions, in the store.
        exhausted: definitions (by their place) that have nothing left to try.
        served: when it was last given a slot.
    """

    job: TuningJob
    plan: Plan
    definition_ids: list[int]
    searches: list[Search]
    history: History
    exhausted: set[int] = field(default_factory=set)
    served: int = 0

    @classmethod
    def load(cls, turn: Turn, job: TuningJob, searches: Searches) -> State:
        """Read it from the store."""
        plan = Plan.of(job.request, job.seed)
        return cls(
            job=job,
            plan=plan,
            definition_ids=tuning_jobs.definition_ids(turn.connection, job.id),
            searches=searches.of(job.id, plan),
            history=History.load(turn.connection, job.id, plan),
        )

    def read_job(self, turn: Turn) -> None:
        """The tuning job itself has changed in the store."""
        job = tuning_jobs.get(turn.connection, self.job.id)
        if job is not None:
            self.job = job

    def read_training_job(self, turn: Turn, training_job_id: int) -> None:
        """One of its training jobs has changed in the store: so do the counters."""
        child = training_jobs.get(turn.connection, training_job_id)
        if child is not None:
            self.history.put(child)
        tuning_jobs.recount(turn.connection, self.job.id, turn.now)
        self.read_job(turn)

    def has_room(self) -> bool:
        """Whether one more training job may be launched."""
        return (
            self.job.status == "InProgress"
            and self.job.ending is None
            and not self.is_used_up()
            and len(self.history.unfinished) < self.plan.max_parallel
            and not self.is_fruitless()
        )

    def is_used_up(self) -> bool:
        """Whether its budget is, or all that there is to try."""
        used_up = len(self.history.jobs) >= self.plan.max_jobs
        return used_up or len(self.exhausted) == len(self.plan.definitions)

    def is_fruitless(self) -> bool:
        """So many without an objective that nothing more is launched before one of the running has one."""
        if self.history.succeeded:
            return False
        return self.history.count("Completed", "Failed") >= criteria.FRUITLESS

    def next_definition(self) -> int:
        """Which of its definitions gets the next training job; one is open, as there is room."""
        if len(self.plan.definitions) == 1:
            return 0
        arms = [
            Arm(definition.objective, self.history.trials(n), exhausted=n in self.exhausted)
            for n, definition in enumerate(self.plan.definitions)
        ]
        return next_arm(arms) or 0

    def final_status(self) -> tuple[str, str | None]:
        """(status, FailureReason), now that nothing runs and nothing more will be launched."""
        if self.job.ending == Ending.REQUEST:
            return "Stopped", None
        if self.job.ending == Ending.ERROR:
            return "Failed", "InternalServerError: the search for hyperparameters failed"
        reason = criteria.failure_reason(
            succeeded=len(self.history.succeeded),
            completed=self.history.count("Completed"),
            failed=self.history.count("Failed"),
        )
        return ("Failed" if reason else "Completed"), reason
