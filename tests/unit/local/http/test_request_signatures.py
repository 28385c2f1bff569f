"""Nothing is answered that is not signed with the right key, now, over this very request."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import HmacV1QueryAuth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from airflow_hpt_provider.local.env_file import ACCESS_KEY_ID

if TYPE_CHECKING:
    from airflow_hpt_provider.local.s3.objects import ObjectStore

SECRET = "not-a-real-secret"
LIST = "ListHyperParameterTuningJobs"
OF_ANOTHER_DAY = (
    f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY_ID}/20200101/us-east-1/sagemaker/aws4_request, SignedHeaders=host, "
    f"Signature={'0' * 64}"
)
CREDENTIALS = Credentials(ACCESS_KEY_ID, SECRET)


def shift_clock(monkeypatch: pytest.MonkeyPatch, delta: timedelta) -> None:
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: datetime.now(UTC) + delta)


async def test_signed_is_answered(client: Any) -> None:
    reply = await client.operation(LIST, {})
    assert (reply.status, reply.json) == (200, {})
    assert len(reply.headers["x-amzn-requestid"]) == 36


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"sign": False}, "MissingAuthenticationTokenException"),
        ({"secret": "wrong"}, "InvalidSignatureException"),
        ({"key": "nobody"}, "UnrecognizedClientException"),
        ({"send_body": b'{"MaxResults": 1}'}, "InvalidSignatureException"),
        (
            {"after_signing": {"x-amz-target": "SageMaker.StopHyperParameterTuningJob"}},
            "InvalidSignatureException",
        ),
        ({"after_signing": {"authorization": "Bearer x"}}, "IncompleteSignatureException"),
        (
            {"after_signing": {"authorization": "AWS4-HMAC-SHA256 Credential=a"}},
            "IncompleteSignatureException",
        ),
        ({"after_signing": {"x-amz-date": "yesterday"}}, "IncompleteSignatureException"),
        ({"after_signing": {"authorization": OF_ANOTHER_DAY}}, "IncompleteSignatureException"),
        ({"after_signing": {"x-amz-content-sha256": "0" * 64}}, "InvalidSignatureException"),
    ],
)
async def test_json_refusals(client: Any, operations: Any, options: dict[str, Any], code: str) -> None:
    reply = await client.operation(LIST, {}, **options)
    assert (reply.status, reply.code) == (400, code)
    assert reply.headers["x-amzn-errortype"] == code
    assert operations.calls == []


@pytest.mark.parametrize("claimed", [hashlib.sha256(b"{}").hexdigest(), "UNSIGNED-PAYLOAD"])
async def test_a_body_is_the_one_whose_hash_was_signed(client: Any, operations: Any, claimed: str) -> None:
    """The signature covers the hash that the client claims; so that has to be the body's."""
    headers = {
        "X-Amz-Target": f"SageMaker.{LIST}",
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Content-SHA256": claimed,
    }
    reply = await client.send("POST", "/", b"{}", headers, send_body=b'{"MaxResults": 1}')
    assert (reply.status, reply.code) == (400, "InvalidSignatureException")
    assert operations.calls == []
    assert ((await client.send("POST", "/", b"{}", headers)).status == 200) is (len(claimed) == 64)


async def test_the_host_must_be_signed(client: Any, operations: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    to_sign = SigV4Auth.headers_to_sign

    def without_host(signer: SigV4Auth, request: AWSRequest) -> Any:
        headers = to_sign(signer, request)
        del headers["host"]
        return headers

    monkeypatch.setattr(SigV4Auth, "headers_to_sign", without_host)
    reply = await client.operation(LIST, {})
    assert (reply.status, reply.code) == (400, "IncompleteSignatureException")
    assert operations.calls == []


@pytest.mark.parametrize("minutes", [-16, 16])
async def test_clock_skew(client: Any, monkeypatch: pytest.MonkeyPatch, minutes: int) -> None:
    shift_clock(monkeypatch, timedelta(minutes=minutes))
    reply = await client.operation(LIST, {})
    assert reply.code == "InvalidSignatureException"
    assert ("Signature expired" if minutes < 0 else "Signature not yet current") in reply.json["message"]
    reply = await client.send("GET", "/", service="s3")
    assert reply.status == 403
    assert b"<Code>RequestTimeTooSkewed</Code>" in reply.body


async def test_skew_within_a_quarter_of_an_hour_is_fine(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shift_clock(monkeypatch, timedelta(minutes=-14))
    assert (await client.operation(LIST, {})).status == 200


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({"sign": False}, 403, "AccessDenied"),
        ({"secret": "wrong"}, 403, "SignatureDoesNotMatch"),
        ({"key": "nobody"}, 403, "InvalidAccessKeyId"),
        ({"after_signing": {"x-amz-acl": "public-read"}}, 403, "AccessDenied"),
        ({"body": b"a", "send_body": b"b"}, 400, "XAmzContentSHA256Mismatch"),
    ],
)
async def test_s3_refusals(
    client: Any, store: ObjectStore, options: dict[str, Any], status: int, code: str
) -> None:
    store.create_bucket("bucket")
    reply = await client.send("PUT", "/bucket/key", service="s3", **options)
    assert reply.status == status
    assert f"<Code>{code}</Code>".encode() in reply.body
    assert not store.exists("bucket", "key")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"sign": False}, "MissingAuthenticationToken"),
        ({"secret": "wrong"}, "SignatureDoesNotMatch"),
        ({"key": "nobody"}, "InvalidClientTokenId"),
    ],
)
async def test_motos_services_are_guarded_too(client: Any, options: dict[str, Any], code: str) -> None:
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = await client.send("POST", "/", body, headers, service="sts", **options)
    assert reply.status == 403
    assert f"<Code>{code}</Code>".encode() in reply.body


@pytest.mark.parametrize(
    "path", ["/moto-api/reset", "/moto%2Dapi/reset", "/%6doto-api/reset", "//moto-api/reset"]
)
async def test_motos_own_paths_are_closed(client: Any, path: str) -> None:
    assert (await client.send("POST", path, sign=False)).status == 403
    reply = await client.send("POST", path, service="sts")
    assert (reply.status, b"There is nothing at" in reply.body) == (404, True)


@pytest.mark.parametrize("version", [2, 4])
async def test_presigned_urls(client: Any, store: ObjectStore, version: int) -> None:
    store.create_bucket("bucket")
    store.put("bucket", "a b", b"content")

    def presign(expires: int) -> str:
        request = AWSRequest(method="GET", url="http://127.0.0.1:4242/bucket/a%20b")
        if version == 2:
            HmacV1QueryAuth(CREDENTIALS, expires=expires).add_auth(request)
        else:
            S3SigV4QueryAuth(CREDENTIALS, "s3", "us-east-1", expires=expires).add_auth(request)
        return str(request.prepare().url)

    host = {"host": "127.0.0.1:4242"}
    good = presign(60)
    assert (await client.raw("GET", good, b"", dict(host))).body == b"content"
    assert (await client.raw("PUT", good, b"x", dict(host))).status == 403
    assert (await client.raw("GET", good.replace("a%20b", "other"), b"", dict(host))).status == 403
    assert (await client.raw("GET", good.replace("ignature=", "ignature=0"), b"", dict(host))).status == 403


async def test_expired_presigned_url(
    client: Any, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create_bucket("bucket")
    store.put("bucket", "key", b"content")
    shift_clock(monkeypatch, timedelta(minutes=-2))
    request = AWSRequest(method="GET", url="http://127.0.0.1:4242/bucket/key")
    S3SigV4QueryAuth(CREDENTIALS, "s3", "us-east-1", expires=60).add_auth(request)
    reply = await client.raw("GET", request.prepare().url, b"", {"host": "127.0.0.1:4242"})
    assert reply.status == 403
    assert b"Request has expired" in reply.body


async def test_assumed_roles_may_sign_with_their_token(client: Any) -> None:
    body = (
        b"Action=AssumeRole&Version=2011-06-15&RoleSessionName=test"
        b"&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fmine"
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = (await client.send("POST", "/", body, headers, service="sts")).body.decode()

    def part(name: str) -> str:
        return answer.partition(f"<{name}>")[2].partition("<")[0]

    role = {"key": part("AccessKeyId"), "secret": part("SecretAccessKey")}
    assert (await client.operation(LIST, {}, **role, token=part("SessionToken"))).status == 200
    assert (await client.operation(LIST, {}, **role, token="another")).code == "UnrecognizedClientException"
    assert (await client.operation(LIST, {}, **role)).code == "UnrecognizedClientException"


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("X-Amz-Expires", "000000001" + "9" * 5000),
        ("X-Amz-Expires", "604801"),
        ("X-Amz-Expires", "-1"),
        ("X-Amz-Signature", "%C3%A9"),
        ("X-Amz-Signature", ""),
        ("X-Amz-Credential", "%C3%A9"),
        ("X-Amz-Date", "99999999T999999Z"),
        ("X-Amz-SignedHeaders", "x-amz-date"),
        ("X-Amz-Algorithm", "none"),
    ],
)
async def test_presigned_urls_that_are_made_up(
    client: Any, store: ObjectStore, parameter: str, value: str
) -> None:
    store.create_bucket("bucket")
    store.put("bucket", "key", b"content")
    request = AWSRequest(method="GET", url="http://127.0.0.1:4242/bucket/key")
    S3SigV4QueryAuth(CREDENTIALS, "s3", "us-east-1", expires=60).add_auth(request)
    url = str(request.prepare().url)
    host = {"host": "127.0.0.1:4242"}
    assert (await client.raw("GET", url, b"", dict(host))).status == 200
    reply = await client.raw(
        "GET", re.sub(f"{parameter}=[^&]*", f"{parameter}={value}", url), b"", dict(host)
    )
    assert reply.status in (400, 403)
    assert b"<Code>" in reply.body


@pytest.mark.parametrize("minutes", [-16, 16])
async def test_clock_skew_of_motos_services(
    client: Any, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    shift_clock(monkeypatch, timedelta(minutes=minutes))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    reply = await client.send("POST", "/", body, headers, service="sts")
    assert reply.status == 403
    assert b"<Code>SignatureDoesNotMatch</Code>" in reply.body


@pytest.mark.parametrize("service", ["sagemaker", "sts", "iam", "sqs"])
async def test_presigned_urls_are_for_s3_only(client: Any, operations: Any, service: str) -> None:
    request = AWSRequest(
        method="GET", url="http://127.0.0.1:4242/?Action=GetCallerIdentity&Version=2011-06-15"
    )
    SigV4QueryAuth(CREDENTIALS, service, "us-east-1", expires=60).add_auth(request)
    reply = await client.raw("GET", str(request.prepare().url), b"", {"host": "127.0.0.1:4242"})
    assert reply.status in (400, 403)
    assert b"IncompleteSignature" in reply.body
    assert operations.calls == []
