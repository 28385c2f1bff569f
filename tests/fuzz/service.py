"""A local service with something in its store that malformed requests could do harm to."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.demo.service import LocalService

if TYPE_CHECKING:
    from pathlib import Path

ROLE = "arn:aws:iam::123456789012:role/fuzz"
DEADLINE_SECONDS = 60


@dataclass(frozen=True)
class Resources:
    """The resources that exist.

    Attributes:
        tuning_job: the request that the tuning job there was created with.
        names: members of requests -> the names and ARNs of what exists.
        bucket: holds ``key``, and an unfinished upload of ``big``.
        upload: the id of that upload.
    """

    tuning_job: dict[str, Any]
    names: dict[str, str]
    bucket: str
    upload: str


def start(directory: Path) -> LocalService:
    """Start a service whose training jobs do nothing but print a metric."""
    directory.mkdir(parents=True, exist_ok=True)
    images = directory / "images.toml"
    images.write_text(
        '[[image]]\nmatch = "local/*"\ncommand = ["{python}", "-c", "print(\'loss=1\')"]\n', encoding="utf-8"
    )
    service = LocalService(directory / "data", images)
    service.start()
    return service


def fill(service: LocalService) -> Resources:
    """Put something into every store that the service has; all of it is at rest when this returns."""
    s3 = service.client("s3")
    s3.create_bucket(Bucket="fuzz")
    s3.put_object(Bucket="fuzz", Key="key", Body=b"content")
    upload = s3.create_multipart_upload(Bucket="fuzz", Key="big")["UploadId"]
    s3.upload_part(Bucket="fuzz", Key="big", UploadId=upload, PartNumber=1, Body=b"part")
    sagemaker = service.client("sagemaker")
    group = sagemaker.create_model_package_group(ModelPackageGroupName="fuzz")["ModelPackageGroupArn"]
    package = sagemaker.create_model_package(
        ModelPackageGroupName=group.rpartition("/")[2],
        InferenceSpecification={
            "Containers": [{"Image": "local/fuzz", "ModelDataUrl": "s3://fuzz/key"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )["ModelPackageArn"]
    sagemaker.create_model(ModelName="fuzz", ExecutionRoleArn=ROLE)
    request = _request()
    arn = sagemaker.create_hyper_parameter_tuning_job(**request)["HyperParameterTuningJobArn"]
    trials = _wait(sagemaker, request["HyperParameterTuningJobName"])
    names = {
        "HyperParameterTuningJobName": request["HyperParameterTuningJobName"],
        "TrainingJobName": trials[0]["TrainingJobName"],
        "ResourceArn": arn,
        "ModelPackageGroupName": "fuzz",
        "ModelPackageName": package,
        "ModelPackageArn": package,
    }
    return Resources(request, names, "fuzz", upload)


def _request() -> dict[str, Any]:
    return {
        "HyperParameterTuningJobName": "fuzz",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": {
                "ContinuousParameterRanges": [
                    {"Name": "x", "MinValue": "0", "MaxValue": "1", "ScalingType": "Linear"}
                ]
            },
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {
                "TrainingImage": "local/fuzz",
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([-+.0-9e]+)"}],
            },
            "RoleArn": ROLE,
            "OutputDataConfig": {"S3OutputPath": "s3://fuzz/models"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            "StaticHyperParameters": {"epochs": "1"},
        },
        "Tags": [{"Key": "team", "Value": "fuzz"}],
    }


def _wait(sagemaker: Any, name: str) -> list[dict[str, Any]]:
    """Wait for the job; its training jobs."""
    end = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < end:
        job = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        if job["HyperParameterTuningJobStatus"] == "Completed":
            answer = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
                HyperParameterTuningJobName=name
            )
            return list(answer["TrainingJobSummaries"])
        time.sleep(0.1)
    raise TimeoutError(f"The tuning job has not completed within {DEADLINE_SECONDS} s: {job}")
