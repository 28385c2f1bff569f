"""Compares what the clients know with what the service has, once everything is at rest."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psutil
from botocore.exceptions import ClientError

from tests.soak.clients import ENDED, TRIALS
from tests.soak.objects import ABSENT, BUCKET, content

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.soak.clients import Ledger
    from tests.soak.objects import Objects


def check_tuning_jobs(sagemaker: Any, s3: Any, ledger: Ledger) -> Iterator[str]:
    """Yield what is wrong with tuning jobs, their training jobs and their models."""
    pages = sagemaker.get_paginator("list_hyper_parameter_tuning_jobs").paginate()
    listed = {
        job["HyperParameterTuningJobName"]
        for page in pages
        for job in page["HyperParameterTuningJobSummaries"]
    }
    if listed != ledger.created:
        yield f"tuning jobs lost: {sorted(ledger.created - listed)}, unexpected: {sorted(listed - ledger.created)}"
    for name in sorted(listed & ledger.created):
        yield from (f"{name}: {fault}" for fault in _check_job(sagemaker, s3, ledger, name))


def _check_job(sagemaker: Any, s3: Any, ledger: Ledger, name: str) -> Iterator[str]:
    job = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    pages = sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
        HyperParameterTuningJobName=name
    )
    training = [each for page in pages for each in page["TrainingJobSummaries"]]
    status, counters = job["HyperParameterTuningJobStatus"], job["TrainingJobStatusCounters"]
    if status not in ENDED or ledger.ended.get(name) != status:
        yield f"is {status}, and was seen to end as {ledger.ended.get(name)}"
    if status == "Stopped" and name not in ledger.stopped and not ledger.lost["Stop"]:
        yield "is Stopped, and no client has stopped it"
    counted = {
        "Completed": counters["Completed"],
        "Stopped": counters["Stopped"],
        "Failed": counters["NonRetryableError"] + counters["RetryableError"],
        "InProgress": counters["InProgress"],
    }
    found = {kind: sum(each["TrainingJobStatus"] == kind for each in training) for kind in counted}
    if found != counted or counters["InProgress"]:
        yield f"counts {counted}, and has {found}"
    if len(training) > TRIALS or (status == "Completed" and len(training) != TRIALS):
        yield f"is {status} with {len(training)} training jobs"
    if len({each["TrainingJobName"] for each in training}) != len(training):
        yield "lists a training job twice"
    yield from _check_best(job, training)
    for each in training:
        if each["TrainingJobStatus"] == "Completed":
            yield from _check_model(sagemaker, s3, each["TrainingJobName"])


def _check_best(job: dict[str, Any], training: list[dict[str, Any]]) -> Iterator[str]:
    # A training job that was stopped counts with its last value, as on AWS.
    metric = "FinalHyperParameterTuningJobObjectiveMetric"
    values = [
        each[metric]["Value"] for each in training if metric in each and each["TrainingJobStatus"] != "Failed"
    ]
    best = job.get("BestTrainingJob")
    if values and (best is None or best[metric]["Value"] != min(values)):
        yield f"has the best training job {best and best[metric]['Value']} of {sorted(values)}"


def _check_model(sagemaker: Any, s3: Any, name: str) -> Iterator[str]:
    job = sagemaker.describe_training_job(TrainingJobName=name)
    uri = urlsplit(job["ModelArtifacts"]["S3ModelArtifacts"])
    try:
        if not s3.head_object(Bucket=uri.netloc, Key=uri.path.lstrip("/"))["ContentLength"]:
            yield f"the model of {name} is empty"
    except ClientError as error:
        yield f"the model of {name} is missing: {error}"
    if job["BillableTimeInSeconds"] > job["TrainingTimeInSeconds"]:
        yield f"{name} is billed {job['BillableTimeInSeconds']} s of {job['TrainingTimeInSeconds']} s"


def check_objects(s3: Any, objects: Objects) -> Iterator[str]:
    """Yield what is wrong with the objects that the clients of S3 have written."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    listed = {each["Key"]: each["Size"] for page in pages for each in page.get("Contents", [])}
    for key in sorted(listed.keys() | objects.possible.keys()):
        found = content(s3, key)
        if found not in objects.possible.get(key, [ABSENT]):
            yield f"{key} has {None if found is None else len(found)} bytes that no client wrote last"
        if listed.get(key) != (None if found is None else len(found)):
            yield f"{key} is listed with {listed.get(key)} bytes"


def check_directory(directory: Path, log: str) -> Iterator[str]:
    """Yield what is wrong with the data directory of a service that has ended, and with its log."""
    for path in sorted(directory.rglob("*.sqlite")):
        with closing(sqlite3.connect(path)) as connection:
            if (said := connection.execute("pragma integrity_check").fetchone()) != ("ok",):
                yield f"{path.name}: {said}"
    for text in ("Traceback", "the store does not know", "index does not know"):
        if text in log:
            yield f"the service's log has {text!r}"
    if left := [process.pid for process in _training_processes(directory)]:
        yield f"training processes are left: {left}"


def _training_processes(directory: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            base = process.environ().get("SAGEMAKER_BASE_DIR", "")
        except psutil.Error:
            continue
        if base.startswith(str(directory)):
            yield process
