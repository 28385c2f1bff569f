"""Requests are checked as AWS checks them, with AWS's texts."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_hpt_provider.local.aws_json.constraints import Constraints
from airflow_hpt_provider.local.aws_json.decode import decode
from airflow_hpt_provider.local.aws_json.service_model import sagemaker_model
from airflow_hpt_provider.local.errors import ServiceError
from tests.support.sagemaker_shapes import fullest, input_of

MODEL = sagemaker_model()


def run(operation: str, body: object) -> dict[str, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decode(MODEL, MODEL.operation(operation), data)


def failure(operation: str, body: object) -> tuple[str, str]:
    with pytest.raises(ServiceError) as caught:
        run(operation, body)
    assert caught.value.status == 400
    return caught.value.code, caught.value.message


def training_job(**changes: Any) -> dict[str, Any]:
    request: dict[str, Any] = {
        "TrainingJobName": "t",
        "AlgorithmSpecification": {"TrainingInputMode": "File", "TrainingImage": "img"},
        "RoleArn": "arn:aws:iam::123456789012:role/service-role",
        "OutputDataConfig": {"S3OutputPath": "s3://b/o"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }
    return request | changes


def test_valid_request_comes_through_unchanged() -> None:
    request = training_job(HyperParameters={"a": "1"})
    assert run("CreateTrainingJob", request) == request


def test_unknown_members_and_nulls_are_left_out() -> None:
    request = {"HyperParameterTuningJobName": "a", "Unknown": 1}
    assert run("DescribeHyperParameterTuningJob", request) == {"HyperParameterTuningJobName": "a"}
    assert run("ListHyperParameterTuningJobs", {"NameContains": None}) == {}


def test_floats_have_single_precision_and_doubles_double() -> None:
    target = {"TuningJobCompletionCriteria": {"TargetObjectiveMetricValue": 0.7}}
    config = {"Strategy": "Grid", "ResourceLimits": {"MaxParallelTrainingJobs": 1}, **target}
    name = {"HyperParameterTuningJobName": "a"}
    request = run("CreateHyperParameterTuningJob", {**name, "HyperParameterTuningJobConfig": config})
    criteria = request["HyperParameterTuningJobConfig"]["TuningJobCompletionCriteria"]
    assert criteria["TargetObjectiveMetricValue"] == 0.699999988079071
    parameters = {"Parameters": {"rate": {"NumberValue": 0.7}}}
    assert run("CreateTrialComponent", {"TrialComponentName": "a", **parameters})["Parameters"] == {
        "rate": {"NumberValue": 0.7}
    }


def test_timestamps_become_aware() -> None:
    for value in (1_700_000_000, 1_700_000_000.0, "2023-11-14T22:13:20Z"):
        parameters = run("ListHyperParameterTuningJobs", {"CreationTimeAfter": value})
        assert parameters == {"CreationTimeAfter": datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)}


def test_all_violations_come_together_in_aws_words() -> None:
    code, message = failure(
        "CreateHyperParameterTuningJob",
        {"HyperParameterTuningJobConfig": {"Strategy": "Bayes"}},
    )
    assert code == "ValidationException"
    assert message.startswith("3 validation errors detected: ")
    null = "failed to satisfy constraint: Member must not be null"
    assert f"Value at 'hyperParameterTuningJobName' {null}" in message
    assert f"Value at 'hyperParameterTuningJobConfig.resourceLimits' {null}" in message
    assert (
        "Value 'Bayes' at 'hyperParameterTuningJobConfig.strategy' failed to satisfy constraint: "
        "Member must satisfy enum value set: [Bayesian, Random, Hyperband, Grid]"
    ) in message


@pytest.mark.parametrize(
    ("operation", "request_", "text"),
    [
        (
            "DescribeHyperParameterTuningJob",
            {"HyperParameterTuningJobName": "a" * 33},
            "'hyperParameterTuningJobName' failed to satisfy constraint: "
            "Member must have length less than or equal to 32",
        ),
        (
            "DescribeHyperParameterTuningJob",
            {"HyperParameterTuningJobName": "a_b"},
            "Value 'a_b' at 'hyperParameterTuningJobName' failed to satisfy constraint: Member must satisfy "
            "regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}",
        ),
        (
            "ListHyperParameterTuningJobs",
            {"MaxResults": 101},
            "Value '101' at 'maxResults' failed to satisfy constraint: "
            "Member must have value less than or equal to 100",
        ),
        (
            "CreateTrainingJob",
            training_job(Tags=[{"Key": "", "Value": "v"}]),
            "Value '' at 'tags.1.member.key' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
        ),
        (
            "CreateTrainingJob",
            training_job(HyperParameters={"a": "x" * 2501}),
            "at 'hyperParameters' failed to satisfy constraint: Map value must satisfy constraint: "
            "[Member must have length less than or equal to 2500, ",
        ),
        (
            "CreateTrainingJob",
            training_job(HyperParameters={"k" * 257: "x"}),
            "at 'hyperParameters' failed to satisfy constraint: Map keys must satisfy constraint: [",
        ),
        (
            "CreateTrainingJob",
            training_job(Tags=[None]),
            "Value at 'tags.1.member' failed to satisfy constraint: Member must not be null",
        ),
        (
            "CreateTrainingJob",
            training_job(HyperParameters={str(n): "" for n in range(101)}),
            "'hyperParameters' failed to satisfy constraint: Member must have length less than or equal to 100",
        ),
        (
            "CreateTrainingJob",
            training_job(VpcConfig={"SecurityGroupIds": ["s" * 33], "Subnets": ["s"]}),
            f"Value '[{'s' * 33}]' at 'vpcConfig.securityGroupIds' failed to satisfy constraint: "
            "Member must satisfy constraint: [Member must have length less than or equal to 32",
        ),
    ],
)
def test_constraint_texts(operation: str, request_: object, text: str) -> None:
    code, message = failure(operation, request_)
    assert code == "ValidationException"
    assert text in message


@pytest.mark.parametrize(
    ("operation", "request_", "text"),
    [
        (
            "DescribeHyperParameterTuningJob",
            {"HyperParameterTuningJobName": 5},
            "NUMBER_VALUE can not be converted",
        ),
        (
            "DescribeHyperParameterTuningJob",
            {"HyperParameterTuningJobName": True},
            "TRUE_VALUE can not be converted",
        ),
        ("DescribeHyperParameterTuningJob", {"HyperParameterTuningJobName": []}, "Start of list found"),
        (
            "DescribeHyperParameterTuningJob",
            {"HyperParameterTuningJobName": {}},
            "Start of structure or map found",
        ),
        (
            "ListHyperParameterTuningJobs",
            {"MaxResults": "5"},
            "STRING_VALUE can not be converted to an Integer",
        ),
        (
            "ListHyperParameterTuningJobs",
            {"MaxResults": 5.5},
            "NUMBER_VALUE can not be converted to an Integer",
        ),
        (
            "ListHyperParameterTuningJobs",
            {"MaxResults": 10**400},
            "NUMBER_VALUE can not be converted to an Integer",
        ),
        ("ListHyperParameterTuningJobs", {"CreationTimeAfter": 1e300}, "can not be converted to a Timestamp"),
        (
            "ListHyperParameterTuningJobs",
            {"CreationTimeAfter": "soon"},
            "can not be converted to a Timestamp",
        ),
        (
            "CreateTrainingJob",
            {"HyperParameters": [1]},
            "Start of list found where not expected at 'hyperParameters'",
        ),
        ("CreateTrainingJob", {"HyperParameters": {"a": 1}}, "NUMBER_VALUE can not be converted to a String"),
        ("CreateTrainingJob", {"ResourceConfig": "x"}, "Unexpected field type at 'resourceConfig'"),
        (
            "CreateTrainingJob",
            {"EnableNetworkIsolation": "true"},
            "STRING_VALUE can not be converted to a Boolean",
        ),
        ("DescribeTrainingJob", {"TrainingJobName": "\ud800"}, "half of a surrogate pair"),
        ("DescribeTrainingJob", b"{", "not valid JSON"),
        ("DescribeTrainingJob", b"[]", "must be a JSON object"),
        ("DescribeTrainingJob", b'{"TrainingJobName": NaN}', "not valid JSON"),
        ("DescribeTrainingJob", b"\xff", "not valid JSON"),
        ("DescribeTrainingJob", b"[" * 100_000, "not valid JSON"),
        ("DescribeTrainingJob", b'{"TrainingJobName": ' + b"1" * 5000 + b"}", "not valid JSON"),
    ],
)
def test_wrong_json_types_are_serialization_exceptions(operation: str, request_: object, text: str) -> None:
    code, message = failure(operation, request_)
    assert code == "SerializationException"
    assert text in message


def test_empty_body_is_an_empty_request() -> None:
    assert run("ListHyperParameterTuningJobs", b"") == {}


def test_strings_are_counted_as_java_does() -> None:
    # 64 characters beyond the basic plane are 128 UTF-16 units: the most that a tag's key may have
    tags = training_job(Tags=[{"Key": "\U0001d4d0" * 64, "Value": ""}])
    assert run("CreateTrainingJob", tags)["Tags"]
    longer = training_job(Tags=[{"Key": "\U0001d4d0" * 65, "Value": ""}])
    assert "less than or equal to 128" in failure("CreateTrainingJob", longer)[1]


def test_every_pattern_of_the_model_compiles() -> None:
    raw = MODEL._raw["shapes"]  # the raw model: botocore hides patterns
    names = [name for name, shape in raw.items() if "pattern" in shape]
    assert len(names) > 100
    for name in names:
        Constraints(raw[name], "string").violations("x")


def test_java_patterns_beyond_the_basic_plane() -> None:
    constraints = Constraints(MODEL._raw["shapes"]["TableName"], "string")
    assert constraints.violations("\U0001d4d0 table") == []
    assert constraints.violations("\x00") != []


def test_every_operation_of_sagemaker_can_be_checked() -> None:
    """The calls that moto answers are decoded too: no shape of the model is unknown to the decoder."""
    for name in sorted(MODEL.operation_names):
        if MODEL.operation(name).input_shape is None:
            continue
        with contextlib.suppress(
            ServiceError
        ):  # patterns that no sample matches; a TypeError is what must not be
            run(name, fullest(input_of(name), depth=3))


@pytest.mark.parametrize(
    "body", [b'{"A": 1, "A": 1}', b'{"NextToken": "a", "NextToken": "b"}', b'{"x": {"y": 1, "y": 2}}']
)
def test_a_member_given_twice_is_refused(body: bytes) -> None:
    code, message = failure("ListHyperParameterTuningJobs", body)
    assert code == "SerializationException"
    assert "Duplicate field" in message
