"""Who answers what, and how failures look."""

from __future__ import annotations

import errno
import os
from typing import Any

import pytest

from airflow_hpt_provider.local import endpoint as endpoint_module

DESCRIBE = "DescribeHyperParameterTuningJob"


async def test_create_and_describe(client: Any, operations: Any) -> None:
    config = {"Strategy": "Random", "ResourceLimits": {"MaxParallelTrainingJobs": 1}}
    created = await client.operation(
        "CreateHyperParameterTuningJob",
        {"HyperParameterTuningJobName": "job", "HyperParameterTuningJobConfig": config},
    )
    assert created.status == 200
    described = await client.operation(DESCRIBE, {"HyperParameterTuningJobName": "job"})
    assert described.json["CreationTime"] == 1795428000.123
    assert operations.jobs["job"]["HyperParameterTuningJobConfig"] == config


async def test_errors_of_operations(client: Any) -> None:
    reply = await client.operation(DESCRIBE, {"HyperParameterTuningJobName": "none"})
    assert (reply.status, reply.code) == (400, "ResourceNotFound")
    assert reply.json["message"] == reply.json["Message"]
    assert reply.headers["content-type"] == "application/x-amz-json-1.1"


async def test_an_internal_error_is_an_internal_failure(
    client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    reply = await client.operation(DESCRIBE, {"HyperParameterTuningJobName": "broken"})
    assert (reply.status, reply.code) == (500, "InternalFailure")
    assert "an internal mistake" not in reply.body.decode()
    assert "an internal mistake" in caplog.text


async def test_a_full_disk_is_said_and_loses_nothing(
    client: Any, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create_bucket("bucket")
    store.put("bucket", "key", b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        reply = await client.send("PUT", "/bucket/key", b"new", service="s3")
    assert reply.status == 500
    assert b"No space left on device" in reply.body
    assert store.get("bucket", "key") == b"old"
    assert len(list(store.blobs.directory.iterdir())) == 1


async def test_unknown_operation(client: Any) -> None:
    reply = await client.operation("CreateNothing", {})
    assert (reply.status, reply.code) == (400, "UnknownOperationException")


async def test_operation_that_moto_has_not(client: Any) -> None:
    reply = await client.operation("ListActions", {})
    assert (reply.status, reply.code) == (400, "UnknownOperationException")


async def test_motos_slips_are_client_errors(client: Any) -> None:
    body = {"ResourceArn": "arn:aws:sagemaker:us-east-1:123456789012:model/none", "Tags": []}
    assert (await client.operation("AddTags", body)).status == 400


async def test_tags_go_to_whom_the_resource_belongs(client: Any) -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:"
    ours = await client.operation("ListTags", {"ResourceArn": f"{arn}hyper-parameter-tuning-job/a"})
    assert ours.json == {"Tags": [{"Key": "who", "Value": "dict"}]}
    await client.operation(
        "CreateModelPackageGroup", {"ModelPackageGroupName": "g", "Tags": [{"Key": "a", "Value": "b"}]}
    )
    group = await client.operation("ListTags", {"ResourceArn": f"{arn}model-package-group/g"})
    assert group.json == {"Tags": [{"Key": "a", "Value": "b"}]}


async def test_moto_answers_the_rest(client: Any) -> None:
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = await client.send("POST", "/", body, headers, service="sts")
    assert b"<Account>123456789012</Account>" in reply.body
    assert not [name for name in reply.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:4242", 200),
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("[::1]:4242", 200),
        ("127.8.9.1", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example:4242", 403),
        ("10.0.0.1", 403),
        ("", 403),
        ("127.0.0.1@evil.example", 403),
        ("bucket.localhost:4242", 400),
    ],
)
async def test_host_header(client: Any, host: str, status: int) -> None:
    # an unsigned request: what passes the guard fails for want of a signature, with another code
    reply = await client.operation("ListTags", {}, sign=False, after_signing={"host": host})
    if status == 200:
        assert reply.code == "MissingAuthenticationTokenException"
    else:
        assert reply.status == status
        assert reply.code in {"AccessDenied", "InvalidRequest"}


@pytest.mark.parametrize("announced", [True, False])
async def test_bodies_beyond_the_limit(client: Any, monkeypatch: pytest.MonkeyPatch, announced: bool) -> None:
    monkeypatch.setattr(endpoint_module, "MAX_BODY", 10_000)
    headers = {} if announced else {"content-length": "0"}
    reply = await client.operation("ListTags", b" " * 10_001, after_signing=headers)
    assert (reply.status, reply.code) == (413, "RequestEntityTooLargeException")


async def test_only_post_of_json_to_the_root_is_a_call(client: Any, operations: Any) -> None:
    """Whatever a web page could send by itself, and whatever AWS does not take, is no call."""
    target = {"X-Amz-Target": "SageMaker.ListHyperParameterTuningJobs"}
    good = {**target, "Content-Type": "application/x-amz-json-1.1; charset=utf-8"}
    assert (await client.send("POST", "/", b"{}", good)).status == 200
    calls = len(operations.calls)
    for method, path, headers in (
        ("GET", "/", good),
        ("POST", "/x", good),
        ("POST", "/?a=b", good),
        ("POST", "/", target),
        ("POST", "/", {**target, "Content-Type": "text/plain"}),
        ("POST", "/", {"Content-Type": "application/x-amz-json-1.1"}),
    ):
        reply = await client.send(method, path, b"{}", headers)
        assert (reply.status, reply.code) == (400, "UnknownOperationException"), (method, path, headers)
        assert reply.headers["x-amzn-errortype"] == reply.code
    reply = await client.send("POST", "/", b"{}", good, service="sts")
    assert (reply.status, reply.code) == (400, "InvalidSignatureException")
    assert len(operations.calls) == calls


async def test_motos_operations_are_checked_against_the_model_too(client: Any) -> None:
    reply = await client.operation("CreateModel", {"ModelName": "not_a_valid_name"})
    assert (reply.status, reply.code) == (400, "ValidationException")
    assert "'modelName' failed to satisfy constraint" in reply.json["message"]
    reply = await client.operation("CreateModel", b'{"ModelName": 5}')
    assert (reply.status, reply.code) == (400, "SerializationException")
    reply = await client.operation("DescribeModel", {"ModelName": "none"})
    assert reply.status == 400
    assert reply.json["message"]
    assert reply.headers["x-amzn-errortype"] == reply.code
