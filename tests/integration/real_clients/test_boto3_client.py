"""A tuning job's whole life through unmodified boto3."""

from __future__ import annotations

import io
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.real_clients.conftest import BUCKET, request

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService

pytestmark = pytest.mark.integration


@pytest.fixture
def sagemaker(service: LocalService) -> Any:
    return service.client("sagemaker")


def wait_for(sagemaker: Any, name: str, *statuses: str) -> dict[str, Any]:
    """The description of a tuning job once it has one of these statuses."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        answer: dict[str, Any] = sagemaker.describe_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name
        )
        if answer["HyperParameterTuningJobStatus"] in statuses:
            return answer
        time.sleep(0.1)
    pytest.fail(f"{name} is {answer['HyperParameterTuningJobStatus']}")


def test_create_describe_list_and_delete(service: LocalService, sagemaker: Any, name: str) -> None:
    created = sagemaker.create_hyper_parameter_tuning_job(**request(name), Tags=[{"Key": "k", "Value": "v"}])
    answer = wait_for(sagemaker, name, "Completed", "Failed")
    assert answer["HyperParameterTuningJobArn"] == created["HyperParameterTuningJobArn"]
    assert answer["HyperParameterTuningJobStatus"] == "Completed"
    assert answer["TrainingJobStatusCounters"]["Completed"] == 3
    trials = sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
        HyperParameterTuningJobName=name,
        SortBy="FinalObjectiveMetricValue",
        PaginationConfig={"PageSize": 1},
    )
    listed = [trial for page in trials for trial in page["TrainingJobSummaries"]]
    assert len(listed) == 3
    best = answer["BestTrainingJob"]
    objective = listed[0].pop("FinalHyperParameterTuningJobObjectiveMetric")
    assert objective == {"Type": "Minimize", **best["FinalHyperParameterTuningJobObjectiveMetric"]}
    assert listed[0].items() <= best.items()
    value = best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    assert value == pytest.approx((float(best["TunedHyperParameters"]["x"]) - 0.3) ** 2 + 1, abs=1e-6)
    artifact = sagemaker.describe_training_job(TrainingJobName=best["TrainingJobName"])["ModelArtifacts"]
    key = artifact["S3ModelArtifacts"].removeprefix(f"s3://{BUCKET}/")
    body = service.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        assert archive.getnames() == ["model.json"]
    assert sagemaker.list_tags(ResourceArn=created["HyperParameterTuningJobArn"])["Tags"] == [
        {"Key": "k", "Value": "v"}
    ]
    sagemaker.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    with pytest.raises(sagemaker.exceptions.ResourceNotFound):
        sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)


def test_list_pages_filters_and_sorts(sagemaker: Any, name: str) -> None:
    names = [f"{name}-{letter}" for letter in "cab"]
    for each in names:
        sagemaker.create_hyper_parameter_tuning_job(**request(each, 1))
    pages = sagemaker.get_paginator("list_hyper_parameter_tuning_jobs")
    found = pages.paginate(
        NameContains=name, SortBy="Name", SortOrder="Descending", PaginationConfig={"PageSize": 2}
    )
    summaries = [summary for page in found for summary in page["HyperParameterTuningJobSummaries"]]
    assert [each["HyperParameterTuningJobName"] for each in summaries] == sorted(names, reverse=True)
    by_time = pages.paginate(NameContains=name, SortBy="CreationTime", SortOrder="Ascending")
    assert [
        each["HyperParameterTuningJobName"] for each in by_time.search("HyperParameterTuningJobSummaries")
    ] == names
    for each in names:
        wait_for(sagemaker, each, "Completed")
    done = sagemaker.list_hyper_parameter_tuning_jobs(NameContains=name, StatusEquals="Completed")
    assert len(done["HyperParameterTuningJobSummaries"]) == 3


def test_stop_and_the_waiter_of_training_jobs(sagemaker: Any, name: str, gate: Path) -> None:
    """botocore has no waiter for tuning jobs; it has one for their training jobs."""
    sagemaker.create_hyper_parameter_tuning_job(**request(name, gate=str(gate)))
    deadline = time.monotonic() + 60
    running: list[Any] = []
    while not running and time.monotonic() < deadline:
        running = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name, StatusEquals="InProgress"
        )["TrainingJobSummaries"]
    sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    sagemaker.get_waiter("training_job_completed_or_stopped").wait(
        TrainingJobName=running[0]["TrainingJobName"], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    answer = wait_for(sagemaker, name, "Stopped")
    assert answer["TrainingJobStatusCounters"]["Stopped"] >= 1
    with pytest.raises(ClientError, match=r"ValidationException.*Stopped"):
        sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
