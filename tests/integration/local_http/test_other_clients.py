"""SageMaker, the model registry and moto's services through boto3 and the aws command line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.integration


def test_errors_as_boto3_raises_them(service: Any) -> None:
    sagemaker = service.client("sagemaker")
    with pytest.raises(sagemaker.exceptions.ResourceNotFound) as missing:
        sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="none")
    metadata = missing.value.response["ResponseMetadata"]
    assert metadata["HTTPStatusCode"] == 400
    assert metadata["RequestId"]
    with pytest.raises(
        ClientError, match=r"ValidationException.*1 validation error detected: Value '101' at 'maxRes"
    ):
        sagemaker.list_hyper_parameter_tuning_jobs(MaxResults=101)
    with pytest.raises(ClientError, match="UnknownOperationException"):
        sagemaker.list_actions()


def test_wrong_secret(service: Any) -> None:
    for name, call, code in (
        ("sagemaker", "list_training_jobs", "InvalidSignatureException"),
        ("s3", "list_buckets", "SignatureDoesNotMatch"),
        ("sts", "get_caller_identity", "SignatureDoesNotMatch"),
        ("logs", "describe_log_groups", "InvalidSignatureException"),
    ):
        client = service.client(name, aws_secret_access_key="wrong")
        with pytest.raises(ClientError, match=code):
            getattr(client, call)()


def test_an_assumed_role(service: Any) -> None:
    arn = "arn:aws:iam::123456789012:role/tuner"
    role = service.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    client = service.client(
        "s3",
        aws_access_key_id=role["AccessKeyId"],
        aws_secret_access_key=role["SecretAccessKey"],
        aws_session_token=role["SessionToken"],
    )
    assert client.list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_motos_services(service: Any) -> None:
    assert service.client("sts").get_caller_identity()["Account"] == "123456789012"
    iam = service.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    for refused in (
        lambda: iam.get_role(RoleName="never-created"),
        lambda: iam.simulate_principal_policy(
            PolicySourceArn="arn:aws:iam::123456789012:role/r", ActionNames=["s3:PutObject"]
        ),
    ):
        with pytest.raises(ClientError) as caught:  # what clients take for "unknown", and continue
            refused()
        assert caught.value.response["Error"]["Code"] == "AccessDenied"
    assert iam.get_role(RoleName="r")["Role"]["Arn"] == "arn:aws:iam::123456789012:role/r"
    logs = service.client("logs")
    logs.create_log_group(logGroupName="g")
    assert "g" in {group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]}
    sqs = service.client("sqs")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="hello")
    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "hello"
    events = service.client("events")
    events.put_rule(Name="rule", EventPattern='{"source": ["aws.sagemaker"]}')
    assert [r["Name"] for r in events.list_rules()["Rules"]] == ["rule"]
    sagemaker = service.client("sagemaker")
    sagemaker.create_model(ModelName="m", ExecutionRoleArn="arn:aws:iam::123456789012:role/r")
    assert sagemaker.describe_model(ModelName="m")["ModelName"] == "m"


def test_motos_errors_say_once_which_call_failed(service: Any) -> None:
    with pytest.raises(ClientError) as refused:
        service.client("sagemaker").search(Resource="Domain")
    assert str(refused.value).count("An error occurred") == 1


def test_model_packages(service: Any) -> None:
    sagemaker = service.client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName="models")
    specification = {
        "Containers": [{"Image": "img", "ModelDataUrl": "s3://b/m.tar.gz"}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    for metric, status in (("1", "Approved"), ("2", "PendingManualApproval"), ("3", "Approved")):
        sagemaker.create_model_package(
            ModelPackageGroupName="models",
            InferenceSpecification=specification,
            ModelApprovalStatus=status,
            CustomerMetadataProperties={"metric": metric},
        )
    newest = sagemaker.list_model_packages(
        ModelPackageGroupName="models",
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
        MaxResults=1,
    )["ModelPackageSummaryList"]
    assert [p["ModelPackageVersion"] for p in newest] == [3]
    described = sagemaker.describe_model_package(ModelPackageName=newest[0]["ModelPackageArn"])
    assert described["CustomerMetadataProperties"] == {"metric": "3"}
    sagemaker.update_model_package(
        ModelPackageArn=newest[0]["ModelPackageArn"], ModelApprovalStatus="Rejected"
    )
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName="models", PaginationConfig={"PageSize": 2}
    )
    statuses = [p["ModelApprovalStatus"] for page in pages for p in page["ModelPackageSummaryList"]]
    assert statuses == ["Approved", "PendingManualApproval", "Rejected"]


def test_model_packages_are_searched(service: Any) -> None:
    sagemaker = service.client("sagemaker")
    for name, team in (("searched-a", "blue"), ("searched-b", "red")):
        sagemaker.create_model_package_group(
            ModelPackageGroupName=name, Tags=[{"Key": "team", "Value": team}]
        )
        for metric in ("0.5", "0.9"):
            sagemaker.create_model_package(
                ModelPackageGroupName=name,
                ModelApprovalStatus="Approved" if metric == "0.9" else "Rejected",
                CustomerMetadataProperties={"auc": metric},
            )

    def found(resource: str, *filters: tuple[str, str, str], **more: Any) -> list[dict[str, Any]]:
        given = [{"Name": n, "Operator": o, "Value": v} for n, o, v in filters]
        pages = sagemaker.get_paginator("search").paginate(
            Resource=resource, SearchExpression={"Filters": given}, **more
        )
        return [record[resource] for page in pages for record in page["Results"]]

    mine = ("ModelPackageGroupName", "Contains", "searched-")
    packages = found("ModelPackage", mine, SortBy="ModelPackageVersion", MaxResults=1)
    assert [each["ModelPackageVersion"] for each in packages] == [2, 2, 1, 1], "newest first, over four pages"
    [best] = found(
        "ModelPackage",
        ("ModelPackageGroupName", "Equals", "searched-b"),
        ("ModelApprovalStatus", "Equals", "Approved"),
        ("CustomerMetadataProperties.auc", "Equals", "0.9"),
    )
    described = sagemaker.describe_model_package(ModelPackageName=best["ModelPackageArn"])
    assert best == {**{n: v for n, v in described.items() if n != "ResponseMetadata"}, "Tags": []}
    [group] = found("ModelPackageGroup", mine, ("Tags.team", "Equals", "red"))
    assert group["ModelPackageGroupName"] == "searched-b"
    assert group["Tags"] == [{"Key": "team", "Value": "red"}]
    assert found("ModelPackageGroup", mine, ("CreationTime", "LessThan", "2020-01-01T00:00:00Z")) == []
    with pytest.raises(ClientError, match="Unknown property name ModelPackageStatos"):
        found("ModelPackage", ("ModelPackageStatos", "Equals", "x"))


def test_aws_cli_syncs(service: Any, s3: Any, bucket: str, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    files = {"a.txt": b"1", "sub dir/ü.bin": bytes(range(256)), "sub dir/big": b"0123456789" * 1_000_000}
    for name, content in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(content)
        # S3 has whole seconds: a file that is written and uploaded within one second seems newer than its upload.
        os.utime(tree / name, (1_790_000_000, 1_790_000_000))
    url = f"s3://{bucket}/data"
    service.aws("s3", "sync", str(tree), url)
    assert service.aws("s3", "sync", str(tree), url) == ""  # nothing left to do
    service.aws("s3", "sync", url, str(tmp_path / "back"))
    for name, content in files.items():
        assert (tmp_path / "back" / name).read_bytes() == content
    service.aws("s3", "cp", f"{url}/sub dir/big", f"s3://{bucket}/copied")
    assert "copied" in service.aws("s3", "ls", f"s3://{bucket}")
    service.aws("s3", "rb", "--force", f"s3://{bucket}")
    assert bucket not in [b["Name"] for b in s3.list_buckets()["Buckets"]]


def test_aws_cli_sagemaker(service: Any) -> None:
    answer = json.loads(service.aws("sagemaker", "list-hyper-parameter-tuning-jobs"))
    assert answer == {"HyperParameterTuningJobSummaries": []}
    account = service.aws("sts", "get-caller-identity", "--query", "Account", "--output", "text")
    assert account.strip() == "123456789012"
