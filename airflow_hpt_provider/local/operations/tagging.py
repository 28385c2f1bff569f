"""The operations on tags of tuning jobs and training jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.db import tags, training_jobs, tuning_jobs
from airflow_hpt_provider.local.operations.error_messages import no_training_job, no_tuning_job
from airflow_hpt_provider.local.tag_rules import check_number, check_page, given_keys, given_tags

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from airflow_hpt_provider.local.engine.engine import Engine
    from airflow_hpt_provider.local.engine.loop import Transaction

TUNING_JOB = ":hyper-parameter-tuning-job/"
TRAINING_JOB = ":training-job/"


def is_ours(arn: str) -> bool:
    """Return whether an ARN is a tuning job's or a training job's."""
    return ":sagemaker:" in arn and (TUNING_JOB in arn or TRAINING_JOB in arn)


def add(engine: Engine, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """AddTags; answers with those that were added."""
    added = given_tags(parameters["Tags"])

    def task(transaction: Transaction) -> None:
        arn = _resource(transaction.connection, parameters["ResourceArn"])
        check_number(tags.of(transaction.connection, arn) | added)
        tags.put(transaction.connection, arn, added)

    engine.write(task)
    return {"Tags": _answer(added)}


def list_(engine: Engine, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListTags: never more than a page."""
    check_page(parameters)
    with engine.database.snapshot() as connection:
        return {"Tags": of(connection, _resource(connection, parameters["ResourceArn"]))}


def of(connection: sqlite3.Connection, arn: str) -> list[dict[str, str]]:
    """Return a resource's tags."""
    return _answer(tags.of(connection, arn))


def delete(engine: Engine, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Handle DeleteTags."""
    gone = given_keys(parameters["TagKeys"])

    def task(transaction: Transaction) -> None:
        arn = _resource(transaction.connection, parameters["ResourceArn"])
        tags.delete(transaction.connection, arn, gone)

    engine.write(task)
    return {}


def _resource(connection: sqlite3.Connection, arn: str) -> str:
    """Return the ARN of the resource as the store has it."""
    name = arn.rpartition("/")[2]
    if TUNING_JOB in arn:
        tuning_job = tuning_jobs.find(connection, name)
        if tuning_job is None or tuning_job.arn != arn.lower():
            raise no_tuning_job(name)
        return tuning_job.arn
    training_job = training_jobs.find(connection, name)
    if training_job is None or training_job.arn != arn.lower():
        raise no_training_job()
    return training_job.arn


def _answer(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]
