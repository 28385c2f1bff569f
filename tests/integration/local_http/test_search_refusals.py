"""Searches that make no sense, with plain boto3."""

from __future__ import annotations

import base64
import functools
import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.local_http.conftest import Service

pytestmark = pytest.mark.integration
NAME = {"Name": "TrainingJobName", "Operator": "NotEquals", "Value": "x"}


@pytest.fixture(scope="module")
def own(make_service: Callable[[Path], Service], tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A separate service: other tests count on what the shared one holds."""
    return make_service(tmp_path_factory.mktemp("refusals") / "data")


@pytest.fixture(scope="module")
def client(own: Service) -> Any:
    return own.client("sagemaker", Config(parameter_validation=False))


def refusal(client: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as refused:
        client.search(**{"Resource": "TrainingJob", **parameters})
    error = refused.value.response["Error"]
    assert error["Code"] == "ValidationException"
    return str(error["Message"])


@pytest.mark.parametrize(
    ("name", "operator", "value", "said"),
    [
        ("TrainingJobNam", "Equals", "x", "Unknown property name TrainingJobNam for resource TrainingJob: "
         "did you mean TrainingJobName?"),
        ("trainingJobName", "Equals", "x", "did you mean TrainingJobName?"),
        ("InputDataConfig.DataSource.S3.S3Uri", "Equals", "x", "Unknown property name"),
        ("TrainingJobName.x", "Equals", "x", "Unknown property name"),
        ("Metrics", "Exists", None, "Unknown property name Metrics"),
        ("Tags.", "Exists", None, "Unknown property name"),
        (".", "Exists", None, "Unknown property name"),
        ("TrainingJobName.", "Exists", None, "Unknown property name"),
        ("HyperParameters.", "Exists", None, "Unknown property name"),
        ("HyperParameterTuningJobName", "Exists", None, "Unknown property name"),
        ("TrainingJobName", "GreaterThan", "x", "GreaterThan is not supported for the text property"),
        ("Tags.a", "LessThanOrEqualTo", "1", "is not supported for the text property Tags.a"),
        ("EnableNetworkIsolation", "LessThan", "true", "not supported for the Boolean property"),
        ("Metrics.loss", "Contains", "1", "Contains is not supported for the numeric property"),
        ("CreationTime", "In", "2026-01-01", "In is not supported for the timestamp property"),
        ("ResourceConfig", "Equals", "x", "Equals is not supported for the structure property"),
        ("InputDataConfig", "NotEquals", "x", "NotEquals is not supported for the structure property"),
        ("Metrics.loss", "LessThan", "low", "The value low is not valid for the numeric property Metrics.loss"),
        ("Metrics.loss", "LessThan", "NaN", "The value NaN is not valid"),
        ("Metrics.loss", "LessThan", "1e999", "The value 1e999 is not valid"),
        ("Metrics.loss", "Equals", "\u0661", "is not valid"),
        ("HyperParameters.x", "LessThan", "low", "for the hyperparameter property HyperParameters.x"),
        ("CreationTime", "LessThan", "yesterday", "give an ISO 8601 date-time, YYYY-mm-ddTHH:MM:SS"),
        ("EnableNetworkIsolation", "Equals", "1", "give true or false"),
        ("TrainingJobName", "Equals", None, "has no Value: the operator Equals needs one"),
    ],
)  # fmt: skip
def test_filters(client: Any, name: str, operator: str, value: str | None, said: str) -> None:
    given = {"Name": name, "Operator": operator, **({} if value is None else {"Value": value})}
    assert said in refusal(client, SearchExpression={"Filters": [given]})
    # As deep inside as it may be.
    inner = {"SubExpressions": [{"SubExpressions": [{"Filters": [NAME, given], "Operator": "Or"}]}]}
    assert said in refusal(client, SearchExpression=inner)


def test_expressions(client: Any) -> None:
    assert "at least one of Filters" in refusal(client, SearchExpression={})
    assert "at least one of Filters" in refusal(client, SearchExpression={"SubExpressions": [{}]})
    assert "length greater than or equal to 1" in refusal(client, SearchExpression={"Filters": []})
    assert "length less than or equal to 20" in refusal(client, SearchExpression={"Filters": [NAME] * 21})
    several = {"SubExpressions": [{"Filters": [NAME] * 20}] * 3}
    assert "at most 50 SubExpressions, NestedFilters and Filters" in refusal(client, SearchExpression=several)
    contains = {"Name": "TrainingJobName", "Operator": "Contains", "Value": "x"}
    text = "'CONTAINS' operator usage limit of 1 exceeded."
    assert refusal(client, SearchExpression={"Filters": [contains] * 2}) == text
    assert client.search(Resource="TrainingJob", SearchExpression={"Filters": [contains]})["Results"] == []


@pytest.mark.parametrize("depth", [46, 200, 300, 450, 900, 3_000])
def test_expressions_without_end(client: Any, depth: int) -> None:
    expression: dict[str, Any] = {"Filters": [NAME] * 5}
    body = ('{"SubExpressions": [' * depth) + json.dumps(expression) + ("]}" * depth)
    replace = functools.partial(put, expression=body)
    client.meta.events.register("before-sign.sagemaker.Search", replace)
    try:
        with pytest.raises(ClientError) as refused:
            client.search(Resource="TrainingJob")
    finally:
        client.meta.events.unregister("before-sign.sagemaker.Search", replace)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert refused.value.response["Error"]["Code"] in ("ValidationException", "SerializationException")


def put(request: Any, expression: str, **_: Any) -> None:
    """Search for an expression that boto3 itself would not get to the end of."""
    request.data = ('{"Resource": "TrainingJob", "SearchExpression": ' + expression + "}").encode()


def test_nested_filters(client: Any) -> None:
    def nested(name: str, *inner: str) -> str:
        filters = [{"Name": each, "Operator": "Exists"} for each in inner]
        given = {"NestedPropertyName": name, "Filters": filters}
        return refusal(client, SearchExpression={"NestedFilters": [given]})

    assert "is not valid: give a property that is a list" in nested("TrainingJobName", "TrainingJobName")
    assert "is not valid: give a property that is a list" in nested("VpcConfig.Subnets", "VpcConfig.Subnets")
    assert "Unknown property name Input" in nested("Input", "Input.ChannelName")
    assert "give InputDataConfig.<name>" in nested("InputDataConfig", "TrainingJobName")
    assert "give InputDataConfig.<name>" in nested("InputDataConfig", "InputDataConfig")
    for name in ("Tags.Project", "Tags", "Tags.Key.x", "TrainingJobName", "InputDataConfig.ChannelName"):
        said = f"The property name {name} is not valid in the nested filters of Tags: give Tags.Key or Tags.Value."
        assert said in nested("Tags", name)
    assert "give InputDataConfig.<name>" in nested("InputDataConfig", "Tags.Key")
    assert "give InputDataConfig.<name>" in nested("InputDataConfig", "Metrics.loss")
    assert "is not valid: give a property that is a list" in nested("Tags.Project", "Tags.Key")
    assert "is not valid: give a property that is a list" in nested("HyperParameters", "HyperParameters.x")
    assert "is not valid: give a property that is a list" in nested(
        "InputDataConfig.DataSource", "InputDataConfig.DataSource.S3DataSource.S3Uri"
    )
    assert "GreaterThan is not supported for the text property Tags.Value" in refusal(
        client,
        SearchExpression={
            "NestedFilters": [
                {
                    "NestedPropertyName": "Tags",
                    "Filters": [{"Name": "Tags.Value", "Operator": "GreaterThan", "Value": "1"}],
                }
            ]
        },
    )


def test_sorts_and_conditions(client: Any) -> None:
    assert "did you mean CreationTime?" in refusal(client, SortBy="CreationTim")
    for name in ("InputDataConfig.ChannelName", "ResourceConfig", "Tags", "HyperParameters"):
        assert f"cannot be sorted by {name}" in refusal(client, SortBy=name)
    for key in ("Project", "Tags.", "tags.a"):
        condition = [{"Key": key, "Value": "x"}]
        assert f"The key '{key}' of a visibility condition" in refusal(client, VisibilityConditions=condition)
    assert "enum value set: [Ascending, Descending]" in refusal(client, SortOrder="Up")
    assert "greater than or equal to 1" in refusal(client, MaxResults=0)
    assert "less than or equal to 100" in refusal(client, MaxResults=101)


def test_tokens(client: Any, own: Service) -> None:
    arn = "arn:aws:iam::123456789012:role/tuning"
    own.client("s3").create_bucket(Bucket="refused")
    for name in ("token-1", "token-2"):
        client.create_training_job(
            TrainingJobName=name,
            HyperParameters={
                "sagemaker_program": "train.py",
                "sagemaker_submit_directory": "s3://refused/none.tar.gz",
            },
            AlgorithmSpecification={"TrainingImage": "any/image:1", "TrainingInputMode": "File"},
            RoleArn=arn,
            OutputDataConfig={"S3OutputPath": "s3://refused/output"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            StoppingCondition={"MaxRuntimeInSeconds": 600},
        )
    token = client.search(Resource="TrainingJob", SortBy="TrainingJobName", MaxResults=1)["NextToken"]
    good = {"SortBy": "TrainingJobName", "NextToken": token}
    assert client.search(Resource="TrainingJob", **good)["Results"]
    text = "The value of NextToken is not valid: use the token of the previous answer to the same request."
    for change in (
        {"SortBy": "CreationTime"},
        {"SortOrder": "Ascending"},
        {"SearchExpression": {"Filters": [NAME]}},
        {"VisibilityConditions": [{"Key": "Tags.a", "Value": "b"}]},
        {"CrossAccountFilterOption": "CrossAccount"},
        {"NextToken": "x"},
        {"NextToken": token + "!"},
        {"NextToken": token[:-8]},
        {"NextToken": base64.urlsafe_b64encode(b"[1, 2, 3]").decode()},
        {
            "NextToken": base64.urlsafe_b64encode(
                base64.urlsafe_b64decode(token).replace(b"token", b"t0ken")
            ).decode()
        },
    ):
        assert refusal(client, **{**good, **change}) == text
    tuning = {"Resource": "HyperParameterTuningJob", "NextToken": token}
    assert refusal(client, **tuning) == text
    listed = client.list_training_jobs(MaxResults=1)["NextToken"]
    assert refusal(client, NextToken=listed) == text
