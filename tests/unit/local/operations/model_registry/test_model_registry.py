"""The model registry's operations, and that they outlive the process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_hpt_provider.local.aws_json.service_model import sagemaker_model
from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.operations.model_registry.operations import HANDLERS, ModelRegistry

ARN = "arn:aws:sagemaker:us-east-1:123456789012:"
SPECIFICATION = {
    "Containers": [{"Image": "img", "ModelDataUrl": "s3://b/m.tar.gz"}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[ModelRegistry]:
    made = ModelRegistry(tmp_path / "r.sqlite", "us-east-1", "123456789012")
    yield made
    made.close()


def create(registry: ModelRegistry, group: str = "g", **more: Any) -> str:
    answer = registry.call(
        "CreateModelPackage",
        {"ModelPackageGroupName": group, "InferenceSpecification": SPECIFICATION, **more},
    )
    return str(answer["ModelPackageArn"])


def group(registry: ModelRegistry, name: str = "g") -> str:
    answer = registry.call("CreateModelPackageGroup", {"ModelPackageGroupName": name})
    return str(answer["ModelPackageGroupArn"])


def describe(registry: ModelRegistry, arn: str) -> dict[str, Any]:
    return registry.call("DescribeModelPackage", {"ModelPackageName": arn})


def listed(registry: ModelRegistry, **parameters: Any) -> list[str]:
    answer = registry.call("ListModelPackages", parameters)
    return [s["ModelPackageArn"] for s in answer["ModelPackageSummaryList"]]


def test_versions_of_a_group(registry: ModelRegistry) -> None:
    assert group(registry) == f"{ARN}model-package-group/g"
    assert create(registry) == f"{ARN}model-package/g/1"
    second = create(registry, group=f"{ARN}model-package-group/g", ModelApprovalStatus="Approved")
    assert second == f"{ARN}model-package/g/2"
    registry.call("DeleteModelPackage", {"ModelPackageName": second})
    assert create(registry) == f"{ARN}model-package/g/3"  # a version is never given twice


def test_everything_given_is_described(registry: ModelRegistry) -> None:
    group(registry)
    given = {
        "ModelPackageDescription": "d",
        "ModelApprovalStatus": "Approved",
        "CustomerMetadataProperties": {"metric": "0.5"},
        "MetadataProperties": {"GeneratedBy": "t"},
        "ModelMetrics": {"ModelQuality": {"Statistics": {"ContentType": "c", "S3Uri": "s3://b/s"}}},
        "Domain": "MACHINE_LEARNING",
        "SourceUri": "s3://b/x",
    }
    answer = describe(registry, create(registry, **given))
    assert {name: answer[name] for name in given} == given
    assert answer["InferenceSpecification"] == SPECIFICATION
    assert (answer["ModelPackageVersion"], answer["ModelPackageStatus"]) == (1, "Completed")


def test_approval_is_pending_unless_said(registry: ModelRegistry) -> None:
    group(registry)
    assert describe(registry, create(registry))["ModelApprovalStatus"] == "PendingManualApproval"


def test_update_merges_metadata(registry: ModelRegistry) -> None:
    group(registry)
    arn = create(registry, CustomerMetadataProperties={"a": "1", "b": "1"})
    registry.call(
        "UpdateModelPackage",
        {
            "ModelPackageArn": arn,
            "ModelApprovalStatus": "Rejected",
            "ApprovalDescription": "no",
            "CustomerMetadataProperties": {"b": "2", "c": "3"},
            "CustomerMetadataPropertiesToRemove": ["a"],
        },
    )
    answer = describe(registry, arn)
    assert answer["CustomerMetadataProperties"] == {"b": "2", "c": "3"}
    assert (answer["ModelApprovalStatus"], answer["ApprovalDescription"]) == ("Rejected", "no")
    assert answer["LastModifiedTime"] >= answer["CreationTime"]


def test_lists_filter_sort_and_page(registry: ModelRegistry) -> None:
    group(registry)
    group(registry, "other")
    arns = [create(registry, ModelApprovalStatus="Approved" if n % 2 else "Rejected") for n in range(5)]
    elsewhere = create(registry, group="other")
    alone = registry.call("CreateModelPackage", {"ModelPackageName": "alone"})["ModelPackageArn"]
    assert listed(registry, ModelPackageGroupName="g") == arns
    assert listed(registry, ModelPackageGroupName="g", SortOrder="Descending") == arns[::-1]
    assert listed(registry, ModelPackageGroupName="g", ModelApprovalStatus="Approved") == arns[1::2]
    assert listed(registry) == [alone]
    assert listed(registry, ModelPackageType="Versioned") == [*arns, elsewhere]
    assert len(listed(registry, ModelPackageType="Both")) == 7
    assert listed(registry, ModelPackageType="Both", NameContains="LON") == [alone]
    created = {arn: describe(registry, arn)["CreationTime"] for arn in arns}
    for moment in created.values():
        later = [arn for arn in arns if created[arn] > moment]
        assert listed(registry, ModelPackageGroupName="g", CreationTimeAfter=moment) == later
        earlier = [arn for arn in arns if created[arn] < moment]
        assert listed(registry, ModelPackageGroupName="g", CreationTimeBefore=moment) == earlier
    seen, token = [], None
    while True:
        more = {"NextToken": token} if token else {}
        answer = registry.call("ListModelPackages", {"ModelPackageGroupName": "g", "MaxResults": 2, **more})
        seen += [s["ModelPackageArn"] for s in answer["ModelPackageSummaryList"]]
        token = answer["NextToken"]
        if token is None:
            break
    assert seen == arns
    with pytest.raises(ServiceError, match="NextToken"):
        registry.call("ListModelPackages", {"NextToken": "?"})


def test_a_client_token_makes_one_package(registry: ModelRegistry) -> None:
    group(registry)
    assert create(registry, ClientToken="t" * 36) == create(registry, ClientToken="t" * 36)
    assert create(registry, ClientToken="u" * 36).endswith("/2")


@pytest.mark.parametrize(
    ("operation", "parameters", "text"),
    [
        ("CreateModelPackageGroup", {"ModelPackageGroupName": "g"}, "already exists"),
        (
            "DescribeModelPackageGroup",
            {"ModelPackageGroupName": "none"},
            "model-package-group/none does not exist",
        ),
        ("DescribeModelPackage", {"ModelPackageName": "none"}, "model-package/none does not exist"),
        ("CreateModelPackage", {"ModelPackageGroupName": "none"}, "does not exist"),
        ("CreateModelPackage", {}, "Exactly one of"),
        ("UpdateModelPackage", {"ModelPackageArn": f"{ARN}model-package/g/9"}, "does not exist"),
        ("ListModelPackages", {"ModelPackageGroupName": "none"}, "does not exist"),
        ("ListTags", {"ResourceArn": f"{ARN}model-package/g/9"}, "does not exist"),
    ],
)
def test_errors(registry: ModelRegistry, operation: str, parameters: dict[str, Any], text: str) -> None:
    group(registry)
    with pytest.raises(ServiceError, match=text) as caught:
        registry.call(operation, parameters)
    assert caught.value.code == "ValidationException"


def test_groups(registry: ModelRegistry) -> None:
    for name in ("b", "a"):
        registry.call(
            "CreateModelPackageGroup", {"ModelPackageGroupName": name, "ModelPackageGroupDescription": "d"}
        )
    answer = registry.call("ListModelPackageGroups", {"SortBy": "Name"})
    assert [g["ModelPackageGroupName"] for g in answer["ModelPackageGroupSummaryList"]] == ["a", "b"]
    create(registry, group="a")
    with pytest.raises(ServiceError, match="ConflictException"):
        registry.call("DeleteModelPackageGroup", {"ModelPackageGroupName": "a"})
    registry.call("DeleteModelPackageGroup", {"ModelPackageGroupName": "b"})
    assert len(registry.call("ListModelPackageGroups", {})["ModelPackageGroupSummaryList"]) == 1


def test_tags(registry: ModelRegistry) -> None:
    group(registry)
    arn = create(registry, Tags=[{"Key": "a", "Value": "1"}])
    registry.call("AddTags", {"ResourceArn": arn, "Tags": [{"Key": "b", "Value": "2"}]})
    registry.call("DeleteTags", {"ResourceArn": arn, "TagKeys": ["a"]})
    assert registry.call("ListTags", {"ResourceArn": arn})["Tags"] == [{"Key": "b", "Value": "2"}]


def test_it_survives_a_restart(registry: ModelRegistry, tmp_path: Path) -> None:
    group(registry)
    before = describe(registry, create(registry, CustomerMetadataProperties={"a": "1"}))
    registry.close()
    again = ModelRegistry(tmp_path / "r.sqlite", "us-east-1", "123456789012")
    assert describe(again, f"{ARN}model-package/g/1") == before
    again.close()


def test_the_operations_exist() -> None:
    assert HANDLERS.keys() <= sagemaker_model().operation_names
