"""The operations on tuning jobs."""

from __future__ import annotations

import logging
import secrets
import time
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.db import tags, training_jobs, tuning_jobs
from airflow_hpt_provider.local.db.records import RUNNING, TrainingJob, TuningJob
from airflow_hpt_provider.local.engine.plan import Plan
from airflow_hpt_provider.local.engine.stop_reasons import CompletionReason
from airflow_hpt_provider.local.engine.suggesters import make_search
from airflow_hpt_provider.local.operations import responses, warm_start
from airflow_hpt_provider.local.operations.error_messages import (
    invalid,
    no_tuning_job,
    still_running,
    too_many_tuning_jobs,
    tuning_job_exists,
    wrong_status,
)
from airflow_hpt_provider.local.operations.listing import listing, page
from airflow_hpt_provider.local.tag_rules import given_tags
from airflow_hpt_provider.models.request import check_request, check_warnings

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from airflow_hpt_provider.local.engine.engine import Engine
    from airflow_hpt_provider.local.engine.loop import Transaction

LOGGER = logging.getLogger(__name__)
MAX_RANDOM_SEED = 2**31


def create(engine: Engine, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Handle CreateHyperParameterTuningJob."""
    problems = check_request(parameters)
    if problems:
        raise invalid(problems[0].aws_message or str(problems[0]))
    for warning in check_warnings(parameters):
        LOGGER.warning("tuning job %s: %s", parameters["HyperParameterTuningJobName"], warning)
    request = {name: value for name, value in parameters.items() if name != "Tags"}
    name = request["HyperParameterTuningJobName"]
    asked = request["HyperParameterTuningJobConfig"].get("RandomSeed")
    seed = secrets.randbelow(MAX_RANDOM_SEED) if asked is None else asked
    plan = Plan.of(request, seed)
    for definition in plan.definitions:
        engine.runner.check(definition.body, definition.static)
        try:
            make_search(definition)
        except ValueError as error:
            raise invalid(f"{error}.") from error
    arn = engine.arns.tuning_job(name)
    own_tags = given_tags(parameters.get("Tags"))

    def insert(transaction: Transaction) -> None:
        connection = transaction.connection
        if tuning_jobs.find(connection, name):
            raise tuning_job_exists(name)
        if engine.max_tuning_jobs is not None:
            in_progress = tuning_jobs.count_in_progress(connection)
            if in_progress >= engine.max_tuning_jobs:
                raise too_many_tuning_jobs(engine.max_tuning_jobs, in_progress)
        warm_start.check(connection, request, plan)
        job_id = tuning_jobs.insert(
            connection, name=name, arn=arn, request=request, seed=seed, now=transaction.now
        )
        ids = [training_jobs.insert_definition(connection, each.body) for each in plan.definitions]
        tuning_jobs.insert_definitions(connection, job_id, ids)
        tags.put(connection, arn, own_tags)
        engine.tuning.track(transaction, _get(tuning_jobs.find(connection, name), name), new=True)

    engine.write(insert)
    return {"HyperParameterTuningJobArn": arn}


def describe(engine: Engine, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Handle DescribeHyperParameterTuningJob."""
    name = parameters["HyperParameterTuningJobName"]
    with engine.database.snapshot() as connection:
        return described(connection, _get(tuning_jobs.find(connection, name), name))


def described(connection: sqlite3.Connection, job: TuningJob) -> dict[str, Any]:
    """Return a tuning job as DescribeHyperParameterTuningJob and Search show it."""
    best = training_jobs.best(connection, job.id)
    plan = Plan.of(job.request, job.seed)
    overall = best
    if plan.identical:
        for parent_name in plan.parents:
            parent = tuning_jobs.find(connection, parent_name)
            if parent is not None:
                overall = _better(overall, training_jobs.best(connection, parent.id))
    return responses.tuning_job(
        job, now=time.time(), best=best, overall_best=overall if plan.identical else None
    )


def list_(engine: Engine, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Handle ListHyperParameterTuningJobs."""
    listed = listing("tuning_jobs", parameters, sort_by="Name")
    with engine.database.snapshot() as connection:
        rows, token = page(connection, listed, parameters)
    summaries = [responses.tuning_job_summary(TuningJob.from_row(row)) for row in rows]
    return {"HyperParameterTuningJobSummaries": summaries, **token}


def stop(engine: Engine, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Handle StopHyperParameterTuningJob."""
    name = parameters["HyperParameterTuningJobName"]

    def task(transaction: Transaction) -> None:
        job = _get(tuning_jobs.find(transaction.connection, name), name)
        if job.status not in RUNNING:
            raise wrong_status("hyperparameter tuning job", job.status)
        engine.tuning.end(transaction, job, CompletionReason.REQUEST)

    engine.write(task)
    return {}


def delete(engine: Engine, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteHyperParameterTuningJob: the entry only; its training jobs stay."""
    name = parameters["HyperParameterTuningJobName"]

    def task(transaction: Transaction) -> None:
        job = _get(tuning_jobs.find(transaction.connection, name), name)
        if job.status in RUNNING:
            raise still_running("hyperparameter tuning job", name, job.status)
        tuning_jobs.delete(transaction.connection, job.id)
        tags.delete_all(transaction.connection, job.arn)

    engine.write(task)
    return {}


def list_training_jobs(engine: Engine, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Handle ListTrainingJobsForHyperParameterTuningJob."""
    name = parameters["HyperParameterTuningJobName"]
    listed = listing("training_jobs", parameters, sort_by="Name")
    if parameters.get("SortBy") == "FinalObjectiveMetricValue":
        listed.where("objective_value IS NOT NULL")
    with engine.database.snapshot() as connection:
        job = _get(tuning_jobs.find(connection, name), name)
        listed.where("tuning_job_id = ?", job.id)
        rows, token = page(connection, listed, parameters)
    summaries = [responses.tuned_training_job(TrainingJob.from_row(row)) for row in rows]
    return {"TrainingJobSummaries": summaries, **token}


def _get(job: TuningJob | None, name: str) -> TuningJob:
    if job is None:
        raise no_tuning_job(name)
    return job


def _better(one: TrainingJob | None, other: TrainingJob | None) -> TrainingJob | None:
    if one is None or other is None:
        return one or other
    return other if (other.loss or 0.0) < (one.loss or 0.0) else one
