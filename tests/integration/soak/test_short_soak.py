"""``make soak`` in 90 seconds, and what its books would notice."""

from __future__ import annotations

from collections import Counter
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.soak.books import check_objects, check_tuning_jobs
from tests.soak.campaign import Plan, run
from tests.soak.clients import Ledger
from tests.soak.memory import Memory
from tests.soak.objects import Objects

pytestmark = pytest.mark.integration


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_the_books_are_balanced_after_kills(tmp_path: Path) -> None:
    report = run(tmp_path, Plan.of(90, None, None, seed=3))
    assert report.faults == [], report.text()
    assert len(report.ledger.created) == report.plan.jobs
    assert report.kills
    assert Counter(report.ledger.ended.values())["Completed"]


class Bucket:
    """S3 with objects that the test chooses."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects

    def get_paginator(self, operation: str) -> Any:
        return self

    def paginate(self, **_: Any) -> Any:
        return [{"Contents": [{"Key": key, "Size": len(body)} for key, body in self.objects.items()]}]

    def get_object(self, Bucket: str, Key: str) -> Any:
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": BytesIO(self.objects[Key])}


@pytest.mark.parametrize(
    ("there", "faults"),
    [
        ({"kept": b"new", "maybe": b"1"}, 0),
        ({"kept": b"new", "maybe": b"2"}, 0),
        ({"kept": b"old", "maybe": b"1"}, 1),
        ({"maybe": b"1"}, 1),
        ({"kept": b"new", "maybe": b"1", "deleted": b"x"}, 1),
        ({"kept": b"new", "maybe": b"1", "foreign": b"x"}, 1),
    ],
)
def test_the_books_notice_objects_that_are_lost_old_or_back(there: dict[str, bytes], faults: int) -> None:
    objects = Objects(possible={"kept": [b"new"], "maybe": [b"1", b"2"], "deleted": [None]})
    assert len(list(check_objects(Bucket(there), objects))) == faults


class Training:
    """SageMaker with one tuning job, and S3 with its models."""

    def __init__(self, **changed: Any) -> None:
        self.job = {
            "HyperParameterTuningJobName": "job",
            "HyperParameterTuningJobStatus": "Completed",
            "TrainingJobStatusCounters": {
                "Completed": 2, "Stopped": 0, "NonRetryableError": 1, "RetryableError": 0, "InProgress": 0
            },
            "BestTrainingJob": self._training_job("a", 0.25),
        }  # fmt: skip
        self.training = [self._training_job("a", 0.25), self._training_job("b", 0.5), self._failed("c")]
        self.models = {"a", "b"}
        self.__dict__.update(changed)

    @staticmethod
    def _training_job(name: str, value: float) -> dict[str, Any]:
        metric = {"MetricName": "objective", "Value": value}
        return {
            "TrainingJobName": name,
            "TrainingJobStatus": "Completed",
            "ObjectiveStatus": "Succeeded",
            "FinalHyperParameterTuningJobObjectiveMetric": metric,
        }

    @staticmethod
    def _failed(name: str) -> dict[str, Any]:
        return {"TrainingJobName": name, "TrainingJobStatus": "Failed", "ObjectiveStatus": "Failed"}

    def get_paginator(self, operation: str) -> Any:
        pages = {
            "list_hyper_parameter_tuning_jobs": {"HyperParameterTuningJobSummaries": [self.job]},
            "list_training_jobs_for_hyper_parameter_tuning_job": {"TrainingJobSummaries": self.training},
        }
        return SimpleNamespace(paginate=lambda **_: [pages[operation]])

    def describe_hyper_parameter_tuning_job(self, **_: Any) -> Any:
        return self.job

    def describe_training_job(self, TrainingJobName: str) -> Any:
        return {
            "ModelArtifacts": {"S3ModelArtifacts": f"s3://soak/{TrainingJobName}"},
            "BillableTimeInSeconds": 1,
            "TrainingTimeInSeconds": 1,
        }

    def head_object(self, Bucket: str, Key: str) -> Any:
        if Key not in self.models:
            raise ClientError({"Error": {"Code": "404"}}, "HeadObject")
        return {"ContentLength": 10}


GOOD = Training()


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({}, None),
        ({"models": {"a"}}, "the model of b is missing"),
        ({"training": GOOD.training[:2]}, "counts"),
        ({"training": [*GOOD.training[:2], GOOD.training[1]]}, "twice"),
        ({"job": {**GOOD.job, "BestTrainingJob": GOOD.training[1]}}, "best training job"),
        ({"job": {**GOOD.job, "HyperParameterTuningJobStatus": "InProgress"}}, "is InProgress"),
        ({"job": {**GOOD.job, "HyperParameterTuningJobStatus": "Stopped"}}, "no client has stopped it"),
        ({"job": {**GOOD.job, "HyperParameterTuningJobName": "other"}}, "tuning jobs lost: ['job']"),
    ],
)
def test_the_books_notice_tuning_jobs_that_do_not_add_up(changed: dict[str, Any], fault: str | None) -> None:
    sagemaker = Training(**changed)
    ledger = Ledger(created={"job"}, ended={"job": "Completed"})
    found = list(check_tuning_jobs(sagemaker, sagemaker, ledger))
    assert fault in " ".join(found) if fault else found == []


@pytest.mark.parametrize(("growth", "faults"), [(0, 0), (4 << 20, 0), (30 << 20, 1)])
def test_the_books_notice_memory_that_grows(growth: int, faults: int) -> None:
    memory = Memory([((100 << 20) + index * growth, 40) for index in range(6)])
    assert len(list(memory.check())) == faults
    assert len(list(Memory([(100 << 20, 40), (100 << 20, 400)]).check())) == 1
