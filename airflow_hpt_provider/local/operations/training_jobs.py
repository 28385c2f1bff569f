"""The operations on training jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.db import tags, training_jobs, tuning_jobs
from airflow_hpt_provider.local.db.records import RUNNING, NewTrainingJob, TrainingJob
from airflow_hpt_provider.local.engine.plan import training_definition
from airflow_hpt_provider.local.engine.stop_reasons import StopReason
from airflow_hpt_provider.local.operations import responses
from airflow_hpt_provider.local.operations.error_messages import (
    invalid,
    no_training_job,
    still_running,
    training_job_exists,
    wrong_status,
)
from airflow_hpt_provider.local.operations.listing import listing, page
from airflow_hpt_provider.local.tag_rules import given_tags
from airflow_hpt_provider.models.algorithms import with_known_metrics
from airflow_hpt_provider.models.rules.training_job import check_training_job

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from airflow_hpt_provider.local.engine.engine import Engine
    from airflow_hpt_provider.local.engine.loop import Transaction


def create(engine: Engine, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """CreateTrainingJob: a training job that belongs to no tuning job."""
    name = parameters["TrainingJobName"]
    hyperparameters = parameters.get("HyperParameters") or {}
    apart = ("TrainingJobName", "HyperParameters", "Tags")
    definition = {member: value for member, value in parameters.items() if member not in apart}
    if not definition.get("AlgorithmSpecification"):
        raise invalid(
            "AlgorithmSpecification is missing: the local tuning service needs one to know what to run."
        )
    for problem in check_training_job(definition):
        raise invalid(problem.aws_message or str(problem))
    definition["AlgorithmSpecification"] = with_known_metrics(
        definition["AlgorithmSpecification"], hyperparameters
    )
    definition.setdefault("StoppingCondition", {"MaxRuntimeInSeconds": 86_400})
    engine.runner.check(definition, hyperparameters)
    arn = engine.arns.training_job(name)
    own_tags = given_tags(parameters.get("Tags"))

    def insert(transaction: Transaction) -> None:
        connection = transaction.connection
        if training_jobs.find(connection, name):
            raise training_job_exists(arn)
        definition_id = training_jobs.insert_definition(connection, definition)
        job = NewTrainingJob(name=name, arn=arn, definition_id=definition_id, hyperparameters=hyperparameters)
        engine.training.wait(
            transaction,
            _get(training_jobs.get(connection, training_jobs.insert(connection, job, transaction.now))),
        )
        tags.put(connection, arn, own_tags)

    engine.write(insert)
    return {"TrainingJobArn": arn}


def describe(engine: Engine, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Handle DescribeTrainingJob."""
    with engine.database.snapshot() as connection:
        return described(connection, _get(training_jobs.find(connection, parameters["TrainingJobName"])))


def described(connection: sqlite3.Connection, job: TrainingJob) -> dict[str, Any]:
    """Return a training job as DescribeTrainingJob and Search show it."""
    definition = training_jobs.definition(connection, job.definition_id)
    return responses.training_job(
        job,
        training_definition(definition, job.name, tuned=job.tuning_job_arn is not None),
        transitions=training_jobs.transitions(connection, job.id),
        metrics=training_jobs.final_metrics(connection, job.id),
    )


def list_(engine: Engine, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListTrainingJobs, a tuning job's included. There are no warm pools; training plans are names."""
    listed = listing("training_jobs", parameters, sort_by="CreationTime")
    if parameters.get("WarmPoolStatusEquals"):
        listed.where("FALSE")
    if parameters.get("TrainingPlanArnEquals"):
        listed.where(training_jobs.OF_TRAINING_PLAN, parameters["TrainingPlanArnEquals"])
    with engine.database.snapshot() as connection:
        rows, token = page(connection, listed, parameters)
        jobs = [TrainingJob.from_row(row) for row in rows]
        plans = training_jobs.training_plans(connection, {job.definition_id for job in jobs})
    summaries = [responses.training_job_summary(job, plans.get(job.definition_id)) for job in jobs]
    return {"TrainingJobSummaries": summaries, **token}


def update(engine: Engine, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """UpdateTrainingJob: what it sets (profiler, warm pool, remote debugging) is shown; here, nothing comes of it."""
    changes = {member: value for member, value in parameters.items() if member != "TrainingJobName"}

    def task(transaction: Transaction) -> str:
        job = _get(training_jobs.find(transaction.connection, parameters["TrainingJobName"]))
        if job.status != "InProgress":
            raise wrong_status("training job", job.status)
        body = training_jobs.definition(transaction.connection, job.definition_id)
        resources = {**(body.get("ResourceConfig") or {}), **(changes.get("ResourceConfig") or {})}
        body = body | changes | ({"ResourceConfig": resources} if resources else {})
        training_jobs.set_definition(transaction.connection, job.id, body, transaction.now)
        return job.arn

    return {"TrainingJobArn": engine.write(task)}


def stop(engine: Engine, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Handle StopTrainingJob."""

    def task(transaction: Transaction) -> None:
        job = _get(training_jobs.find(transaction.connection, parameters["TrainingJobName"]))
        if job.status not in RUNNING:
            raise wrong_status("training job", job.status)
        engine.training.stop(transaction, job, StopReason.REQUEST)

    engine.write(task)
    return {}


def delete(engine: Engine, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteTrainingJob: what is known of it; its artifacts in S3 and its log stay, also when another gets its name."""

    def task(transaction: Transaction) -> None:
        connection = transaction.connection
        job = _get(training_jobs.find(connection, parameters["TrainingJobName"]))
        if job.status in RUNNING:
            raise still_running("training job", job.name, job.status)
        parent = tuning_jobs.get(connection, job.tuning_job_id) if job.tuning_job_id is not None else None
        if parent is not None and parent.status in RUNNING:
            # Its tuning job counts it, and searches with it.
            raise still_running("hyperparameter tuning job", parent.name, parent.status)
        training_jobs.delete(connection, job.id)
        tags.delete_all(connection, job.arn)
        engine.training.mark_deleted(transaction, job)

    engine.write(task)
    return {}


def _get(job: TrainingJob | None) -> TrainingJob:
    if job is None:
        raise no_training_job()
    return job
