"""What a search finds, as the members of a SearchRecord."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.db import training_jobs, tuning_jobs
from airflow_hpt_provider.local.operations import tagging
from airflow_hpt_provider.local.operations.training_jobs import described as describe_training_job
from airflow_hpt_provider.local.operations.tuning_jobs import described as describe_tuning_job

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

Found = list[dict[str, Any]]


def training_jobs_found(connection: sqlite3.Connection, ids: Iterable[int]) -> Found:
    """Each as a TrainingJob."""
    jobs = (training_jobs.get(connection, job_id) for job_id in ids)
    return [
        describe_training_job(connection, job) | {"Tags": tagging.of(connection, job.arn)}
        for job in jobs
        if job is not None
    ]


def tuning_jobs_found(connection: sqlite3.Connection, ids: Iterable[int]) -> Found:
    """Each as a HyperParameterTuningJobSearchEntity."""
    jobs = (tuning_jobs.get(connection, job_id) for job_id in ids)
    return [
        describe_tuning_job(connection, job) | {"Tags": tagging.of(connection, job.arn)}
        for job in jobs
        if job is not None
    ]
