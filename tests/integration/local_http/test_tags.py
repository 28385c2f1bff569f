"""AWS's rules for tags, with plain boto3, on all that the service keeps itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.integration.local_http.searched import definition

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.local_http.conftest import Service

pytestmark = pytest.mark.integration

SCRIPT = {"sagemaker_program": "train.py", "sagemaker_submit_directory": "s3://tagged/none.tar.gz"}
RANGES = {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]}
SYSTEM = "System prefix 'aws:' reserved for AWS usage in tag key: "


@pytest.fixture(scope="module")
def client(make_service: Callable[[Path], Service], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A separate service: other tests count on what the shared one holds."""
    service = make_service(tmp_path_factory.mktemp("tags") / "data")
    return service.client("sagemaker", Config(parameter_validation=False))


def training_job(client: Any, name: str, tags: list[dict[str, str]]) -> str:
    created = client.create_training_job(
        TrainingJobName=name, HyperParameters=SCRIPT, Tags=tags, **definition()
    )
    return str(created["TrainingJobArn"])


def tuning_job(client: Any, name: str, tags: list[dict[str, str]]) -> str:
    created = client.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        HyperParameterTuningJobConfig={
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1},
            "ParameterRanges": RANGES,
        },
        TrainingJobDefinition=definition(StaticHyperParameters=SCRIPT),
        Tags=tags,
    )
    return str(created["HyperParameterTuningJobArn"])


def group(client: Any, name: str, tags: list[dict[str, str]]) -> str:
    created = client.create_model_package_group(ModelPackageGroupName=name, Tags=tags)
    return str(created["ModelPackageGroupArn"])


def package(client: Any, name: str, tags: list[dict[str, str]]) -> str:
    containers = [{"Image": "image", "ModelDataUrl": "s3://bucket/model.tar.gz"}]
    inference = {
        "Containers": containers,
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    created = client.create_model_package(ModelPackageName=name, InferenceSpecification=inference, Tags=tags)
    return str(created["ModelPackageArn"])


KINDS = [training_job, tuning_job, group, package]


def pairs(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def refusal(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    return str(refused.value.response["Error"]["Message"])


@pytest.mark.parametrize("create", KINDS)
@pytest.mark.parametrize(("number", "key"), [*enumerate(["aws:", "aws:team", "AWS:team", "Aws:Team"])])
def test_aws_keeps_its_prefix(client: Any, create: Any, number: int, key: str) -> None:
    name = f"system-{create.__name__.replace('_', '-')}-{number}"
    before = [{"Key": "ok", "Value": "1"}, {"Key": key, "Value": "1"}]
    assert refusal(lambda: create(client, name, before)) == SYSTEM + key
    # Nothing was made: the name is free. A value may begin so, and so may a longer key.
    fine = {"awsteam": "aws:x", f"x{key}": ""}
    arn = create(client, name, pairs(**fine))
    assert refusal(lambda: client.add_tags(ResourceArn=arn, Tags=before)) == SYSTEM + key
    assert refusal(lambda: client.delete_tags(ResourceArn=arn, TagKeys=["awsteam", key])) == SYSTEM + key
    assert {t["Key"]: t["Value"] for t in client.list_tags(ResourceArn=arn)["Tags"]} == fine


@pytest.mark.parametrize("create", KINDS)
def test_keys_are_given_once_and_are_case_sensitive(client: Any, create: Any) -> None:
    name = f"twice-{create.__name__.replace('_', '-')}"
    twice = [*pairs(a="1", b="2"), *pairs(a="3")]
    assert refusal(lambda: create(client, name, twice)) == (
        "Tags[2].Key: is given twice (given: 'a'); keep one tag with this key"
    )
    arn = create(client, name, pairs(a="1", A="2"))
    assert "is given twice (given: 'a')" in refusal(lambda: client.add_tags(ResourceArn=arn, Tags=twice))
    client.add_tags(ResourceArn=arn, Tags=pairs(a="3"))
    assert {t["Key"]: t["Value"] for t in client.list_tags(ResourceArn=arn)["Tags"]} == {"a": "3", "A": "2"}
    client.delete_tags(ResourceArn=arn, TagKeys=["a", "a", "none"])
    assert client.list_tags(ResourceArn=arn)["Tags"] == pairs(A="2")


@pytest.mark.parametrize("create", KINDS)
def test_fifty_tags_at_most(client: Any, create: Any) -> None:
    name = f"fifty-{create.__name__.replace('_', '-')}"
    many = {f"k{n:02}": "" for n in range(51)}
    assert "at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50" in (
        refusal(lambda: create(client, name, pairs(**many)))
    )
    many.popitem()
    arn = create(client, name, pairs(**many))
    client.add_tags(ResourceArn=arn, Tags=pairs(k00="replaced"))
    text = "A resource can have at most 50 tags: this one would have 51."
    assert refusal(lambda: client.add_tags(ResourceArn=arn, Tags=pairs(k00="again", one_more=""))) == text
    tags = {tag["Key"]: tag["Value"] for tag in client.list_tags(ResourceArn=arn)["Tags"]}
    assert tags == many | {"k00": "replaced"}
    pages = client.get_paginator("list_tags").paginate(ResourceArn=arn, PaginationConfig={"PageSize": 50})
    assert [len(page["Tags"]) for page in pages] == [50]


@pytest.mark.parametrize("create", KINDS)
def test_an_invented_token(client: Any, create: Any) -> None:
    arn = create(client, f"token-{create.__name__.replace('_', '-')}", [])
    assert "The value of NextToken is not valid" in refusal(
        lambda: client.list_tags(ResourceArn=arn, NextToken="x")
    )
