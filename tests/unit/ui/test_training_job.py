"""A training job's details, its config as YAML, and pages of its log."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from airflow_hpt_provider.links.console import s3_object_url
from airflow_hpt_provider.ui.problems import Problem
from airflow_hpt_provider.ui.training_config import to_yaml
from airflow_hpt_provider.ui.training_job import training_job
from airflow_hpt_provider.ui.training_log import LONGEST_LINE, read_page, read_streams

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:training-job/churn-001-a"
SUMMARY: Any = SimpleNamespace(tuned_hyper_parameters={"lr": "0.1", "on": "yes"})
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def answer(**more: Any) -> dict[str, Any]:
    return {
        "TrainingJobName": "churn-001-a",
        "TrainingJobArn": ARN,
        "TrainingJobStatus": "Completed",
        "AlgorithmSpecification": {
            "TrainingImage": "image:1",
            "TrainingInputMode": "File",
            "ContainerArguments": [],
        },
        "RoleArn": "arn:aws:iam::123456789012:role/tuning",
        "HyperParameters": {"lr": "0.1", "on": "yes", "token": "secret", "_tuning_objective_metric": "loss"},
        "Environment": {"PASSWORD": "secret"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 10},
        "ModelArtifacts": {"S3ModelArtifacts": "s3://bucket/a b/model.tar.gz"},
        "FinalMetricDataList": [{"MetricName": "loss", "Value": float("nan"), "Timestamp": NOON}],
        **more,
    }


def test_values_that_not_everybody_should_read_are_left_out_and_named() -> None:
    found = training_job(answer(), SUMMARY, is_aws=True)
    assert "secret" not in repr(found)
    assert found["hidden"] == {"hyperparameters": ["token"], "environment": ["PASSWORD"]}
    assert found["metrics"] == [{"name": "loss", "value": None, "at": NOON.timestamp()}]


def test_no_text_of_a_training_job_shows_a_secret_of_its_tuning_job() -> None:
    transition = {"Status": "Failed", "StatusMessage": "refused hunter22"}
    found = answer(FailureReason="AlgorithmError: hunter22", SecondaryStatusTransitions=[transition])
    shown = training_job(found, SUMMARY, is_aws=False, secrets=["hunter22"])
    assert shown["failure_reason"] == "AlgorithmError: ***"
    assert shown["transitions"][0]["message"] == "refused ***"
    logs = Logs({"events": [{"timestamp": 1000, "message": 'login "hunter22"'}], "nextBackwardToken": "b"})
    assert read_page(logs, ["a/algo-1"], None, None, ["hunter22"])["lines"] == [[1.0, 'login "***"']]


def test_the_console_is_linked_on_aws_alone() -> None:
    found = training_job(answer(), SUMMARY, is_aws=True)
    assert set(found["links"]) == {"console", "logs", "artifact"}
    assert all(url.startswith("https://eu-west-1.console.aws.amazon.com/") for url in found["links"].values())
    assert training_job(answer(), SUMMARY, is_aws=False)["links"] == {}
    assert s3_object_url(ARN, "s3://b/x&y/ä").endswith("/s3/object/b?region=eu-west-1&prefix=x%26y%2F%C3%A4")


def test_machines_of_a_heterogeneous_cluster() -> None:
    groups = [{"InstanceType": "ml.m5.large", "InstanceCount": 2, "InstanceGroupName": "a"}]
    found = training_job(answer(ResourceConfig={"InstanceGroups": groups}), SUMMARY, is_aws=False)
    assert found["machine"]["instances"] == [{"type": "ml.m5.large", "count": 2}]


def test_the_config_is_a_request_whose_texts_stay_texts() -> None:
    evil = "x\nRoleArn: arn:aws:iam::123456789012:role/other #"
    made = answer(HyperParameters={"lr": "0.1", evil: "1"}, TrainingJobName="n" * 63)
    text = to_yaml(made, SUMMARY)
    request = yaml.safe_load(text)
    assert request["HyperParameters"] == {"lr": "0.1", "on": "yes"}
    assert request["RoleArn"] == "arn:aws:iam::123456789012:role/tuning"
    assert request["AlgorithmSpecification"] == {"TrainingImage": "image:1", "TrainingInputMode": "File"}
    assert len(request["TrainingJobName"]) == 63
    assert "secret" not in text


class Logs:
    """CloudWatch Logs with one stream."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self.pages, self.calls = list(pages), list[dict[str, Any]]()

    def get_log_events(self, **parameters: Any) -> dict[str, Any]:
        self.calls.append(parameters)
        return self.pages.pop(0)

    def describe_log_streams(self, **_: Any) -> dict[str, Any]:
        raise ClientError({"Error": {"Code": self.pages[0]["code"], "Message": "no"}}, "DescribeLogStreams")


def test_the_end_of_a_log_comes_first_and_its_beginning_has_no_page_before() -> None:
    event = {"timestamp": 1500, "message": "y" * (LONGEST_LINE + 5)}
    first = {"events": [event], "nextBackwardToken": "b", "nextForwardToken": "f"}
    logs = Logs(first, {"events": [], "nextBackwardToken": "b", "nextForwardToken": "f"})
    page = read_page(logs, ["a/algo-1"], None, None)
    assert (page["earlier"], page["later"], page["stream"]) == ("b", "f", "a/algo-1")
    [[at, text]] = page["lines"]
    assert (at, text.endswith("y … (5 more characters)")) == (1.5, True)
    assert "nextToken" not in logs.calls[0]
    assert read_page(logs, ["a/algo-1"], "a/algo-1", "b")["earlier"] is None
    assert logs.calls[1]["nextToken"] == "b"


def test_no_stream_of_another_training_job_is_read() -> None:
    with pytest.raises(Problem, match="no_log"):
        read_page(Logs(), ["a/algo-1"], "b/algo-1", None)
    assert read_page(Logs(), [], None, None)["lines"] == []


def test_a_log_that_is_not_there_yet_is_empty_and_a_denial_is_an_error() -> None:
    assert read_streams(Logs({"code": "ResourceNotFoundException"}), "a") == []
    with pytest.raises(ClientError, match="AccessDenied"):
        read_streams(Logs({"code": "AccessDeniedException"}), "a")
