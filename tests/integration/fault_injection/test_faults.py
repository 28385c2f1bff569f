"""Faults as clients meet them: unmodified boto3 against a service that was asked to misbehave."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError, ReadTimeoutError

from tests.integration.fault_injection.conftest import Serve, client, request
from tests.support.tuning_jobs import ended_job

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

LIST = "ListHyperParameterTuningJobs"


def fault(kind: str, operation: str = LIST, **fields: Any) -> str:
    lines = "".join(f"{name} = {value}\n" for name, value in fields.items())
    return f'[[fault]]\noperation = "{operation}"\nkind = "{kind}"\n{lines}'


def test_boto3_retries_what_it_should_and_raises_the_rest(serve: Serve) -> None:
    """One service, whose List meets each kind in turn."""
    kinds = ["throttle", "internal_error", "service_unavailable_html", "reset", "truncate"]
    kinds += ["expired_token", "access_denied"]
    service = serve("".join(fault(kind, times=1) for kind in kinds))
    once = client(service)
    for code, status in (("ThrottlingException", 400), ("InternalFailure", 500), ("503", 503)):
        with pytest.raises(ClientError) as refused:
            once.list_hyper_parameter_tuning_jobs()
        assert refused.value.response["Error"]["Code"] == code
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    with pytest.raises((ConnectionClosedError, HTTPClientError), match=r"reset|[Cc]onnection"):
        once.list_hyper_parameter_tuning_jobs()
    # Of half an answer, boto3 makes one without members.
    assert "HyperParameterTuningJobSummaries" not in once.list_hyper_parameter_tuning_jobs()
    with pytest.raises(ClientError, match="ExpiredTokenException"):
        once.list_hyper_parameter_tuning_jobs()
    with pytest.raises(ClientError) as denied:
        once.list_hyper_parameter_tuning_jobs()
    assert denied.value.response["Error"]["Code"] == "AccessDeniedException"
    assert "not authorized to perform: sagemaker:ListHyperParameterTuningJobs" in str(denied.value)
    assert once.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"] == []


def test_lost_halved_and_dripping_responses(serve: Serve) -> None:
    """Kinds that a balancer or the network makes: for each, what boto3 sees of it."""
    kinds = ["too_many_requests", "internal_error_html", "half", "lost_request", "lost_response"]
    service = serve("".join(fault(kind, times=1) for kind in kinds) + fault("drip", seconds=0.4, times=1))
    once = client(service, read_timeout=1)
    with pytest.raises(ClientError) as refused:
        once.list_hyper_parameter_tuning_jobs()
    response = refused.value.response["ResponseMetadata"]
    assert (response["HTTPStatusCode"], response["HTTPHeaders"]["retry-after"]) == (429, "2")
    with pytest.raises(ClientError) as refused:
        once.list_hyper_parameter_tuning_jobs()
    assert refused.value.response["Error"]["Code"] == "500"
    assert "HyperParameterTuningJobSummaries" not in once.list_hyper_parameter_tuning_jobs()
    for _ in ("lost_request", "lost_response"):
        with pytest.raises(ReadTimeoutError):
            once.list_hyper_parameter_tuning_jobs()
    began = time.monotonic()
    assert once.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"] == []
    assert time.monotonic() - began > 0.35


def test_a_dripping_head_keeps_the_length_of_the_object(serve: Serve) -> None:
    s3 = client(serve(fault("drip", "s3:HeadObject", seconds=0.1)), "s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="key", Body=b"x" * 1234)
    assert s3.head_object(Bucket="bucket", Key="key")["ContentLength"] == 1234


def test_a_lost_response_is_of_a_call_that_was_carried_out(serve: Serve) -> None:
    create = "CreateHyperParameterTuningJob"
    service = serve(fault("lost_request", create, times=1) + fault("lost_response", create, times=1))
    client(service, "s3").create_bucket(Bucket="bucket")
    once = client(service, read_timeout=2)
    for found in ([], ["job"]):
        with pytest.raises(ReadTimeoutError):
            once.create_hyper_parameter_tuning_job(**request())
        listed = once.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"]
        assert [each["HyperParameterTuningJobName"] for each in listed] == found


def test_the_operations_of_iam_and_sts_have_their_names(serve: Serve) -> None:
    service = serve(fault("access_denied", "iam:GetRole") + fault("throttle", "sts:GetCallerIdentity"))
    iam = client(service, "iam")
    with pytest.raises(ClientError, match="not authorized to perform: iam:GetRole"):
        iam.get_role(RoleName="tuning")
    assert "Users" in iam.list_users()
    with pytest.raises(ClientError, match="Rate exceeded"):
        client(service, "sts").get_caller_identity()


def test_a_client_that_tries_again_comes_through(serve: Serve) -> None:
    faults = "".join(
        fault(kind, times=1) for kind in ("throttle", "internal_error", "service_unavailable_html", "reset")
    )
    answer = client(serve(faults), attempts=5).list_hyper_parameter_tuning_jobs()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 4


def test_slow_answers_meet_read_timeouts(serve: Serve) -> None:
    service = serve(fault("slow", seconds=30.0, times=1) + fault("slow", seconds=0.3, after=1, times=1))
    with pytest.raises(ReadTimeoutError):
        client(service, read_timeout=1).list_hyper_parameter_tuning_jobs()
    started = time.monotonic()
    client(service).list_hyper_parameter_tuning_jobs()
    assert time.monotonic() - started >= 0.3


def test_a_truncated_create_was_carried_out(serve: Serve) -> None:
    """What makes a retry of Create find its own job there."""
    service = serve(fault("truncate", "Create*", times=1))
    service.client("s3").create_bucket(Bucket="bucket")
    sagemaker = client(service)
    assert "HyperParameterTuningJobArn" not in sagemaker.create_hyper_parameter_tuning_job(**request(1))
    with pytest.raises(ClientError) as exists:
        sagemaker.create_hyper_parameter_tuning_job(**request(1))
    assert exists.value.response["Error"]["Code"] == "ResourceInUse"


def test_a_reset_create_was_not_carried_out(serve: Serve) -> None:
    service = serve(fault("reset", "Create*", times=1))
    service.client("s3").create_bucket(Bucket="bucket")
    answer = client(service, attempts=3).create_hyper_parameter_tuning_job(**request(1))
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1


def test_s3_in_its_own_words(serve: Serve) -> None:
    service = serve(fault("throttle", "s3:PutObject", times=1) + fault("expired_token", "s3:Get*", times=1))
    s3 = client(service, "s3")
    s3.create_bucket(Bucket="bucket")
    with pytest.raises(ClientError, match="SlowDown"):
        s3.put_object(Bucket="bucket", Key="key", Body=b"x" * 1_000_000)
    s3.put_object(Bucket="bucket", Key="key", Body=b"content")
    with pytest.raises(ClientError, match="ExpiredToken"):
        s3.get_object(Bucket="bucket", Key="key")
    assert s3.get_object(Bucket="bucket", Key="key")["Body"].read() == b"content"


NO_LABEL = "AlgorithmError: the data has no label column, exit code: 1"
INTERNAL = "InternalServerError: We encountered an internal error. Please try again."


def test_trials_fail_with_the_given_reason(serve: Serve) -> None:
    service = serve(
        f'[[training_job]]\nreason = "{NO_LABEL}"\nnumbers = [2]\n'
        f'[[training_job]]\nreason = "{INTERNAL}"\nnumbers = [3]\n'
    )
    service.client("s3").create_bucket(Bucket="bucket")
    sagemaker = client(service)
    sagemaker.create_hyper_parameter_tuning_job(**request(4))
    answer = ended_job(sagemaker, "job")
    assert answer["TrainingJobStatusCounters"] == {
        "Completed": 2,
        "InProgress": 0,
        "RetryableError": 1,
        "NonRetryableError": 1,
        "Stopped": 0,
    }
    trials = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName="job", SortBy="Name"
    )["TrainingJobSummaries"]
    assert [trial.get("FailureReason") for trial in trials] == [None, NO_LABEL, INTERNAL, None]
    described = sagemaker.describe_training_job(TrainingJobName=trials[1]["TrainingJobName"])
    assert (described["TrainingJobStatus"], described["SecondaryStatus"]) == ("Failed", "Failed")
    assert described["FailureReason"] == NO_LABEL
    statuses = [each["Status"] for each in described["SecondaryStatusTransitions"]]
    assert statuses == ["Starting", "Training", "Failed"]


def test_an_internal_error_of_the_first_attempt_is_tried_again(serve: Serve) -> None:
    service = serve(f'[[training_job]]\nreason = "{INTERNAL}"\nattempts = 1\n')
    service.client("s3").create_bucket(Bucket="bucket")
    sagemaker = client(service)
    sagemaker.create_hyper_parameter_tuning_job(**request(1, RetryStrategy={"MaximumRetryAttempts": 1}))
    answer = ended_job(sagemaker, "job")
    assert answer["TrainingJobStatusCounters"]["Completed"] == 1
    described = sagemaker.describe_training_job(TrainingJobName=answer["BestTrainingJob"]["TrainingJobName"])
    statuses = [each["Status"] for each in described["SecondaryStatusTransitions"]]
    assert statuses[:3] == ["Starting", "Training", "Starting"]


def test_a_trial_that_fails_after_a_while_has_run_until_then(serve: Serve) -> None:
    service = serve(f'[[training_job]]\nreason = "{NO_LABEL}"\nseconds = 2.0\n')
    service.client("s3").create_bucket(Bucket="bucket")
    sagemaker = client(service)
    sagemaker.create_hyper_parameter_tuning_job(**request(1, StaticHyperParameters={"stay": "yes"}))
    answer = ended_job(sagemaker, "job")
    assert answer["HyperParameterTuningJobStatus"] == "Failed"
    [trial] = sagemaker.list_training_jobs()["TrainingJobSummaries"]
    described = sagemaker.describe_training_job(TrainingJobName=trial["TrainingJobName"])
    assert described["FailureReason"] == NO_LABEL
    assert {metric["MetricName"] for metric in described["FinalMetricDataList"]} == {
        "objective",
        "ObjectiveMetric",
    }
    assert described["TrainingTimeInSeconds"] >= 2


def test_a_file_that_is_none_keeps_the_service_from_starting(tmp_path: Path) -> None:
    file = tmp_path / "faults.toml"
    file.write_text(fault("throttle", rate=3))
    command = [sys.executable, "-m", "airflow_hpt_provider.cli.main", "local", "serve", "--faults", str(file)]
    done = subprocess.run(
        [*command, "--data-dir", str(tmp_path / "data")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert f"{file}: fault 1: rate: should be less than or equal to 1 (given: 3)" in done.stderr


def test_a_tuning_job_fails_as_a_whole(serve: Serve) -> None:
    service = serve(f'[[tuning_job]]\ntuning_job = "jo?"\nreason = "{INTERNAL}"\nafter = 2\n')
    service.client("s3").create_bucket(Bucket="bucket")
    sagemaker = client(service)
    for name in ("job", "other"):
        sagemaker.create_hyper_parameter_tuning_job(**request(4, name=name))
    answer = ended_job(sagemaker, "job")
    assert (answer["HyperParameterTuningJobStatus"], answer["FailureReason"]) == ("Failed", INTERNAL)
    counters = answer["TrainingJobStatusCounters"]
    assert counters["Completed"] >= 2
    assert counters["Completed"] + counters["Stopped"] < 4
    assert "BestTrainingJob" in answer, "a warm start can use what it has learnt"
    assert ended_job(sagemaker, "other")["HyperParameterTuningJobStatus"] == "Completed"


def test_denied_tags_are_denied_in_create_too(serve: Serve) -> None:
    service = serve(fault("access_denied", "AddTags"))
    service.client("s3").create_bucket(Bucket="bucket")
    sagemaker = client(service)
    with pytest.raises(ClientError, match="not authorized to perform: sagemaker:AddTags"):
        sagemaker.create_hyper_parameter_tuning_job(**request(1), Tags=[{"Key": "team", "Value": "a"}])
    sagemaker.create_hyper_parameter_tuning_job(**request(1))
    assert ended_job(sagemaker, "job")["HyperParameterTuningJobStatus"] == "Completed"
