"""Presigned POST: forms that boto3 signs, posted as a browser posts them."""

from __future__ import annotations

import base64
import http.client
import json
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.config import Config

from airflow_hpt_provider.local.s3.wire.posted_forms import MAX_FIELDS

if TYPE_CHECKING:
    from tests.integration.local_http.conftest import Service

pytestmark = pytest.mark.integration

BUCKET = "posted"
Form = dict[str, Any]


@pytest.fixture(params=["s3v4", "s3"])
def signer(service: Service, s3: Any, request: pytest.FixtureRequest) -> Any:
    if BUCKET not in {each["Name"] for each in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=BUCKET)
    return service.client("s3", config=Config(signature_version=request.param))


def signed(signer: Any, key: str, *conditions: Any, seconds: int = 60, **fields: str) -> Form:
    named = [{name: value} for name, value in fields.items()]
    form: Form = signer.generate_presigned_post(
        BUCKET, key, Fields=dict(fields), Conditions=[*named, *conditions], ExpiresIn=seconds
    )
    return form


def post(form: Form, data: bytes, *, after: bytes = b"", **fields: str) -> tuple[int, Any, str]:
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in {**form["fields"], **fields}.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="dir/a b.txt"\r\n\r\n'
    body = b"".join(parts) + head.encode() + data + f"\r\n--{boundary}--\r\n".encode() + after
    url = urlsplit(form["url"])
    connection = http.client.HTTPConnection(url.netloc, timeout=60)
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    connection.request("POST", url.path or "/", body, headers)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, response.headers, text


def test_a_file_is_stored(s3: Any, signer: Any) -> None:
    key = f"{uuid.uuid4().hex}/${{filename}}"
    stored = key.replace("${filename}", "a b.txt")
    fields = {"Content-Type": "text/plain", "x-amz-meta-colour": "red"}
    status, headers, body = post(signed(signer, key, **fields), b"x\r\n--y" * 100_000)
    assert (status, body) == (204, "")
    found = s3.get_object(Bucket=BUCKET, Key=stored)
    assert found["Body"].read() == b"x\r\n--y" * 100_000
    assert (found["ContentType"], found["Metadata"]) == ("text/plain", {"colour": "red"})
    assert headers["ETag"] == found["ETag"]


def test_the_response_that_the_form_wants(signer: Any) -> None:
    status, headers, body = post(signed(signer, "k", success_action_status="201"), b"1")
    assert status == 201
    assert f"<Bucket>{BUCKET}</Bucket><Key>k</Key>" in body
    assert headers["ETag"].strip('"') in body
    status, _, body = post(signed(signer, "k", success_action_status="200"), b"1")
    assert (status, body) == (200, "")
    status, headers, _ = post(signed(signer, "k", success_action_redirect="http://127.0.0.1/done?a=1"), b"1")
    assert status == 303
    asked = parse_qs(urlsplit(headers["Location"]).query)
    assert (asked["a"], asked["bucket"], asked["key"]) == (["1"], [BUCKET], ["k"])


def test_what_the_policy_does_not_allow_is_refused(s3: Any, signer: Any) -> None:
    key = f"refused-{uuid.uuid4().hex}"
    form = signed(signer, key, ["content-length-range", 2, 4])
    for data, code in ((b"1", "EntityTooSmall"), (b"12345", "EntityTooLarge")):
        status, _, body = post(form, data)
        assert (status, f"<Code>{code}</Code>" in body) == (400, True)
    policy = base64.b64encode(b'{"expiration": "2999-01-01T00:00:00Z", "conditions": []}').decode()
    tampered: list[tuple[dict[str, str], str]] = [
        ({"key": f"{key}-other"}, "Policy Condition failed"),
        ({"x-amz-meta-more": "1"}, "Extra input fields: x-amz-meta-more"),
        ({"policy": policy}, "SignatureDoesNotMatch"),
        ({"policy": ""}, "AccessDenied"),
    ]
    for fields, text in tampered:
        status, _, body = post(form, b"123", **fields)
        assert (status, text in body) == (403, True), body
    status, _, body = post(signed(signer, key, seconds=-1), b"123")
    assert (status, "Policy expired" in body) == (403, True)
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET, Prefix=key)
    assert post(form, b"123", after=b"ignored")[0] == 204


def test_the_policy_names_the_bucket(s3: Any, signer: Any) -> None:
    other = f"other-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=other)
    form = signed(signer, "k")
    status, _, body = post({**form, "url": form["url"].replace(BUCKET, other)}, b"1")
    assert (status, "Policy Condition failed" in body) == (403, True)
    assert "Contents" not in s3.list_objects_v2(Bucket=other)


def test_malformed_forms(signer: Any) -> None:
    form = signed(signer, "k")
    url = urlsplit(form["url"])
    key = b'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n'
    file = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n1'
    large = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n' + b"x" * MAX_FIELDS + b"\r\n"
    for content_type, body, code in (
        ("multipart/form-data", b"", "MalformedPOSTRequest"),
        ("multipart/form-data; boundary=b", b"nothing", "MalformedPOSTRequest"),
        ("multipart/form-data; boundary=b", key + b"--b--\r\n", "InvalidArgument"),
        ("multipart/form-data; boundary=b", file + b"\r\n--b--\r\n", "InvalidArgument"),
        ("multipart/form-data; boundary=b", large + key + file + b"\r\n--b--\r\n", "M"),
        ("multipart/form-data; boundary=b", key + file + b"\r\n--b--\r\n", "AccessDenied"),
    ):
        connection = http.client.HTTPConnection(url.netloc, timeout=60)
        connection.request("POST", url.path, body, {"Content-Type": content_type})
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        assert 400 <= response.status < 404, text
        assert f"<Code>{code}" in text, (body[:50], text)


def test_the_whole_policy_counts(signer: Any) -> None:
    form = signed(signer, "k")
    document = json.loads(base64.b64decode(form["fields"]["policy"]))
    assert {"bucket": BUCKET} in document["conditions"]
    assert post(form, b"1", **{"x-ignore-me": "1"})[0] == 204
