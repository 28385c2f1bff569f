"""A tuning job that has not ended, in memory. All of it can be read from the store again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.db import training_jobs, tuning_jobs
from airflow_hpt_provider.local.db.records import NewTrainingJob
from airflow_hpt_provider.local.engine import criteria
from airflow_hpt_provider.local.engine.history import History
from airflow_hpt_provider.local.engine.naming import hyperparameter_text, training_job_name
from airflow_hpt_provider.local.engine.plan import Plan
from airflow_hpt_provider.local.engine.stop_reasons import CompletionReason
from airflow_hpt_provider.local.strategies.allocation import Arm, next_arm

if TYPE_CHECKING:
    from airflow_hpt_provider.local.db.records import TuningJob
    from airflow_hpt_provider.local.engine.loop import Transaction
    from airflow_hpt_provider.local.engine.naming import Arns
    from airflow_hpt_provider.local.engine.suggesters import Search, Searches
    from airflow_hpt_provider.local.strategies.contract import Suggestion


@dataclass
class State:
    """What the decisions about a tuning job are made from.

    Attributes:
        job: as it is in the store.
        plan: its request.
        definition_ids: of its training definitions, in the store.
        searches: one for each definition.
        history: its training jobs.
        exhausted: definitions (by their place) that have nothing left to try.
        last_served: the number of the slot that it was last given; 0: none yet.
    """

    job: TuningJob
    plan: Plan
    definition_ids: list[int]
    searches: list[Search]
    history: History
    exhausted: set[int] = field(default_factory=set)
    last_served: int = 0

    @classmethod
    def load(cls, transaction: Transaction, job: TuningJob, searches: Searches) -> State:
        """Read it from the store."""
        plan = Plan.of(job.request, job.seed)
        return cls(
            job=job,
            plan=plan,
            definition_ids=tuning_jobs.definition_ids(transaction.connection, job.id),
            searches=searches.of(job.id, plan),
            history=History.load(transaction.connection, job.id, plan),
        )

    def read_job(self, transaction: Transaction) -> None:
        """Read the tuning job again, which has changed in the store."""
        job = tuning_jobs.get(transaction.connection, self.job.id)
        if job is not None:
            self.job = job

    def read_training_job(self, transaction: Transaction, training_job_id: int) -> None:
        """Read one of its training jobs again, which has changed in the store; the counters change with it."""
        child = training_jobs.get(transaction.connection, training_job_id)
        if child is not None:
            self.history.put(child)
        tuning_jobs.recount(transaction.connection, self.job.id, transaction.now)
        self.read_job(transaction)

    def has_room(self) -> bool:
        """Return whether one more training job may be launched."""
        return (
            self.job.status == "InProgress"
            and self.job.ending is None
            and not self.is_used_up()
            and len(self.history.unfinished) < self.plan.max_parallel
            and not self.has_only_failures()
        )

    def is_used_up(self) -> bool:
        """Return whether the number of training jobs is used up, or every point of a finite space is tried."""
        used_up = len(self.history.jobs) >= self.plan.max_jobs
        return used_up or len(self.exhausted) == len(self.plan.definitions)

    def has_only_failures(self) -> bool:
        """Return whether the first training jobs all ended without an objective, so that no more are launched."""
        if self.history.succeeded:
            return False
        return self.history.count("Completed", "Failed") >= criteria.MAX_INITIAL_FAILURES

    def next_definition(self) -> int:
        """Which of its definitions, by its place, gets the next training job. At least one is not exhausted."""
        if len(self.plan.definitions) == 1:
            return 0
        arms = [
            Arm(definition.objective, self.history.trials(n), exhausted=n in self.exhausted)
            for n, definition in enumerate(self.plan.definitions)
        ]
        return next_arm(arms) or 0

    def next_training_job(self, definition: int, suggestion: Suggestion, arns: Arns) -> NewTrainingJob:
        """Return the training job that tries a suggestion for a definition."""
        plan, number = self.plan.definitions[definition], len(self.history.jobs) + 1
        name = training_job_name(self.job.name, number)
        tuned = {searched: hyperparameter_text(value) for searched, value in suggestion.point.items()}
        return NewTrainingJob(
            name=name,
            arn=arns.training_job(name),
            definition_id=self.definition_ids[definition],
            definition_name=plan.name,
            definition_index=definition,
            tuning_job_id=self.job.id,
            tuning_job_name=self.job.name,
            tuning_job_arn=self.job.arn,
            number=number,
            point=suggestion.point,
            tuned=tuned,
            hyperparameters={**plan.static, **tuned},
            budget=suggestion.budget,
            bracket=suggestion.bracket,
            objective_type=plan.objective_type,
            objective_metric=plan.objective_metric,
        )

    def final_status(self) -> tuple[str, str | None]:
        """(status, FailureReason), now that nothing runs and nothing more will be launched."""
        if self.job.ending == CompletionReason.REQUEST:
            return "Stopped", None
        if self.job.ending == CompletionReason.ERROR:
            return "Failed", "InternalServerError: the search for hyperparameters failed"
        reason = criteria.failure_reason(
            succeeded=len(self.history.succeeded),
            completed=self.history.count("Completed"),
            failed=self.history.count("Failed"),
            metrics=sorted({job.objective_metric or "" for job in self.history.jobs.values()}),
            not_finite=list(self.history.not_finite.values()),
        )
        return ("Failed" if reason else "Completed"), reason
