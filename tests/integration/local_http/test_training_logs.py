"""Logs of training jobs by CloudWatch Logs' API."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.support.tuning_jobs import ended_training_job

if TYPE_CHECKING:
    from tests.integration.local_http.conftest import Service

pytestmark = pytest.mark.integration

GROUP = "/aws/sagemaker/TrainingJobs"
SCRIPT = b"import sys\nfor n in range(25): print('line', n)\nprint('on stderr', file=sys.stderr)\n"


@pytest.fixture
def job(service: Service, s3: Any, bucket: str) -> str:
    """A training job that has ended."""
    return train(service, s3, bucket, SCRIPT)


def train(service: Service, s3: Any, bucket: str, script: bytes) -> str:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        info = tarfile.TarInfo("train.py")
        info.size = len(script)
        tar.addfile(info, io.BytesIO(script))
    s3.put_object(Bucket=bucket, Key="code/sourcedir.tar.gz", Body=archive.getvalue())
    sagemaker, name = service.client("sagemaker"), f"job-{bucket}"
    sagemaker.create_training_job(
        TrainingJobName=name,
        HyperParameters={
            "sagemaker_program": json.dumps("train.py"),
            "sagemaker_submit_directory": json.dumps(f"s3://{bucket}/code/sourcedir.tar.gz"),
        },
        AlgorithmSpecification={"TrainingImage": "any/image:1", "TrainingInputMode": "File"},
        RoleArn="arn:aws:iam::123456789012:role/tuning",
        OutputDataConfig={"S3OutputPath": f"s3://{bucket}/output"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 600},
    )
    found = ended_training_job(sagemaker, name)
    assert found["TrainingJobStatus"] == "Completed", found.get("FailureReason")
    return name


LINES = [f"line {n}" for n in range(25)]


def test_boto3_reads_them(service: Service, job: str) -> None:
    logs = service.client("logs")
    [stream] = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{job}/")["logStreams"]
    name = stream["logStreamName"]
    answer = logs.get_log_events(logGroupName=GROUP, logStreamName=name, startFromHead=True)
    assert sorted(event["message"] for event in answer["events"]) == sorted([*LINES, "on stderr"])
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=GROUP,
        logStreamNamePrefix=f"{job}/",
        filterPattern="line",
        PaginationConfig={"PageSize": 4},
    )
    assert [event["message"] for page in pages for event in page["events"]] == LINES
    with pytest.raises(ClientError) as caught:
        logs.get_log_events(logGroupName=GROUP, logStreamName="nobody/algo-1-1")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_one_that_was_made_again_has_a_stream_of_its_own(
    service: Service, s3: Any, bucket: str, job: str
) -> None:
    logs = service.client("logs")
    service.client("sagemaker").delete_training_job(TrainingJobName=job)
    train(service, s3, bucket, b"print('again')")
    streams = logs.describe_log_streams(
        logGroupName=GROUP, logStreamNamePrefix=f"{job}/", orderBy="LastEventTime", descending=True
    )["logStreams"]
    reported = [
        [
            event["message"]
            for event in logs.get_log_events(
                logGroupName=GROUP, logStreamName=stream["logStreamName"], startFromHead=True
            )["events"]
        ]
        for stream in streams
    ]
    assert [len(each) for each in reported] == [1, 26]
    assert reported[0] == ["again"]


def test_other_groups_are_motos(service: Service) -> None:
    logs = service.client("logs")
    logs.create_log_group(logGroupName="/mine")
    logs.create_log_stream(logGroupName="/mine", logStreamName="s")
    assert logs.describe_log_streams(logGroupName="/mine")["logStreams"][0]["logStreamName"] == "s"


def test_the_aws_command_line_reads_them(service: Service, job: str) -> None:
    arguments = ("--log-group-name", GROUP, "--log-stream-name-prefix", f"{job}/")
    reported = service.aws(
        "logs", "filter-log-events", *arguments, "--query", "events[].message", "--output", "json"
    )
    assert [line for line in json.loads(reported) if "stderr" not in line] == LINES
