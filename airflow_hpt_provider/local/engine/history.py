"""A tuning job's trials as its strategies see them, kept in step with the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.db import training_jobs, tuning_jobs
from airflow_hpt_provider.local.db.records import RUNNING, TrainingJob
from airflow_hpt_provider.local.engine.stop_reasons import StopReason
from airflow_hpt_provider.local.strategies.contract import Outcome, Trial

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from airflow_hpt_provider.local.engine.plan import DefinitionPlan, Plan


@dataclass
class History:
    """All trials of a tuning job, and those of its warm-start parents.

    Attributes:
        jobs: training job id -> its last state, in order of creation.
        unfinished: ids of those that have not ended.
        curves: training job id -> the objective's values so far.
        not_finite: training job id -> an objective value of it that is NaN or infinite. Kept in memory only.
        succeeded: ids of those that have an objective, in order of their ends.
        parents: the trials of the warm-start parents; one list for each definition.
    """

    jobs: dict[int, TrainingJob] = field(default_factory=dict)
    unfinished: set[int] = field(default_factory=set)
    curves: dict[int, list[float]] = field(default_factory=dict)
    not_finite: dict[int, float] = field(default_factory=dict)
    succeeded: list[int] = field(default_factory=list)
    parents: tuple[Sequence[Trial], ...] = ()

    @classmethod
    def load(cls, connection: sqlite3.Connection, tuning_job_id: int, plan: Plan) -> History:
        """Read it from the store."""
        jobs = training_jobs.of_tuning_job(connection, tuning_job_id)
        ended = sorted(
            (job for job in jobs if job.loss is not None), key=lambda job: (job.ended_at or 0, job.id)
        )
        return cls(
            jobs={job.id: job for job in jobs},
            unfinished={job.id for job in jobs if job.status in RUNNING},
            curves=training_jobs.curves(connection, tuning_job_id),
            succeeded=[job.id for job in ended],
            parents=tuple(_parents(connection, plan, definition) for definition in plan.definitions),
        )

    def put(self, job: TrainingJob) -> None:
        """Take in a training job that was created, or has changed."""
        before = self.jobs.get(job.id)
        self.jobs[job.id] = job
        if job.status in RUNNING:
            self.unfinished.add(job.id)
        else:
            self.unfinished.discard(job.id)
        if job.loss is not None and (before is None or before.loss is None):
            self.succeeded.append(job.id)

    def count(self, *statuses: str) -> int:
        """Return the number of training jobs that have one of these statuses."""
        return sum(job.status in statuses for job in self.jobs.values())

    def trials(self, definition: int) -> list[Trial]:
        """Return a definition's trials, its parents' first: a snapshot for another thread."""
        own = [self.trial(job) for job in self.jobs.values() if job.definition_index == definition]
        return [*self.parents[definition], *own]

    def results(self, definition: int | None = None) -> list[Trial]:
        """Trials that have an objective, of one definition or of all, in order of their ends; without curves."""
        jobs = [self.jobs[job_id] for job_id in self.succeeded]
        return [
            _trial(job, job.number, job.point, ())
            for job in jobs
            if definition is None or job.definition_index == definition
        ]

    def trial(self, job: TrainingJob) -> Trial:
        """Return a training job as a strategy sees it."""
        return _trial(job, job.number, job.point, self.curves.get(job.id, ()))


def _trial(
    job: TrainingJob,
    number: int,
    point: Mapping[str, float | int | str],
    curve: Sequence[float],
    parent: str | None = None,
) -> Trial:
    running = job.status in RUNNING
    outcome = Outcome.PENDING if running else Outcome(job.objective_status)
    return Trial(
        number=number,
        point=point,
        outcome=outcome,
        value=job.objective_value,
        curve=tuple(enumerate(curve, start=1)),
        stopped_early=job.stop_reason == StopReason.EARLY,
        running=running,
        budget=job.budget,
        bracket=job.bracket,
        parent=parent,
    )


def _parents(connection: sqlite3.Connection, plan: Plan, definition: DefinitionPlan) -> list[Trial]:
    """Return the ended trials that the warm-start parents had of this definition, numbered -1, -2, ...

    It is known by its name: others may search hyperparameters of the same names for the same objective.
    A hyperparameter that is searched now and was static then has its static value.
    """
    trials: list[Trial] = []
    for name in plan.parents:
        parent = tuning_jobs.find(connection, name)
        if parent is None:
            continue  # deleted since
        curves = training_jobs.curves(connection, parent.id)
        for job in training_jobs.of_tuning_job(connection, parent.id):
            if job.status not in RUNNING and job.definition_name == definition.name:
                point = definition.point(job.hyperparameters)
                trials.append(_trial(job, -len(trials) - 1, point, curves.get(job.id, ()), name))
    return trials
