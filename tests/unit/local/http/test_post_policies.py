"""Which forms a signed policy allows: its signer, its time, each condition, and the size of the file."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.http.auth import post_policy
from airflow_hpt_provider.local.http.auth.errors import AuthenticationError, AuthFailure
from airflow_hpt_provider.local.http.auth.parse import UNSIGNED_PAYLOAD
from airflow_hpt_provider.local.http.auth.post_policy import PostPolicy, verify_post
from airflow_hpt_provider.local.http.auth.sigv4 import Secret
from tests.support.frozen_clock import stop_clock

NOW = datetime(2026, 11, 23, 10, 15, 0, tzinfo=UTC)
STAMP = "20261123T101500Z"
SECRETS = {"key": Secret("secret"), "role": Secret("of a role", "token")}
KEY = {"key": "k"}
LARGEST = 5 * 1024**3


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, post_policy, NOW)


def signed(
    document: Any,
    version: int = 4,
    signer: str = "key",
    service: str = "s3",
    **fields: str,
) -> dict[str, str]:
    """Return the fields of a form, signed as clients do."""
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    policy = base64.b64encode(raw)
    secret = SECRETS[signer]
    common = {"policy": policy.decode(), **fields}
    if secret.token:
        common["x-amz-security-token"] = secret.token
    if version == 2:
        digest = base64.b64encode(hmac.digest(secret.key.encode(), policy, "sha1")).decode()
        return {"awsaccesskeyid": signer, "signature": digest, **common}
    derived = f"AWS4{secret.key}".encode()
    for part in ("20261123", "eu-west-1", service, "aws4_request"):
        derived = hmac.digest(derived, part.encode(), "sha256")
    return {
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": f"{signer}/20261123/eu-west-1/{service}/aws4_request",
        "x-amz-date": STAMP,
        "x-amz-signature": hmac.new(derived, policy, hashlib.sha256).hexdigest(),
        **common,
    }


SIGNER = [["starts-with", f"$x-amz-{name}", ""] for name in ("algorithm", "credential", "date")]


def policy(*conditions: Any, expiration: str = "2026-11-23T10:16:00Z") -> dict[str, Any]:
    return {"expiration": expiration, "conditions": [{"bucket": "b"}, KEY, *SIGNER, *conditions]}


def allowed(*conditions: Any, **fields: str) -> PostPolicy:
    return verify_post("b", signed(policy(*conditions), **{**KEY, **fields}), SECRETS.get)


def denied(text: str, *conditions: Any, **fields: str) -> None:
    with pytest.raises(ServiceError, match=text) as refused:
        allowed(*conditions, **fields)
    assert (refused.value.code, refused.value.status) == ("AccessDenied", 403)


@pytest.mark.parametrize("version", [2, 4])
def test_the_signer(version: int) -> None:
    fields = signed(policy(), version, **KEY)
    verified = verify_post("b", fields, SECRETS.get).verified
    signature = fields["signature" if version == 2 else "x-amz-signature"]
    assert (verified.service, verified.payload_hash, verified.signature) == (
        "s3",
        UNSIGNED_PAYLOAD,
        signature,
    )
    assert (verified.region, verified.timestamp, len(verified.signing_key)) == (
        ("us-east-1", "", 0) if version == 2 else ("eu-west-1", STAMP, 32)
    )


@pytest.mark.parametrize("version", [2, 4])
@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"policy": ""}, AuthFailure.MISSING),
        ({"policy": base64.b64encode(json.dumps(policy(["eq", "$a", ""])).encode()).decode()}, AuthFailure.MISMATCH),
        ({"signature": "0", "x-amz-signature": "0"}, AuthFailure.MISMATCH),
        ({"signature": "\u00e9", "x-amz-signature": "\u00e9"}, AuthFailure.MISMATCH),
        ({"awsaccesskeyid": "other"}, AuthFailure.UNKNOWN_KEY),
    ],
)  # fmt: skip
def test_a_form_that_its_signer_did_not_sign(
    version: int, changed: dict[str, str], expected: AuthFailure
) -> None:
    fields = {**signed(policy(), version, **KEY), **changed}
    with pytest.raises(AuthenticationError) as refused:
        verify_post("b", fields, SECRETS.get)
    assert refused.value.failure is expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"x-amz-algorithm": "none"}, AuthFailure.MALFORMED),
        ({"x-amz-credential": "key"}, AuthFailure.MALFORMED),
        ({"x-amz-credential": "other/20261123/eu-west-1/s3/aws4_request"}, AuthFailure.UNKNOWN_KEY),
        ({"x-amz-credential": "key/20261123/us-east-1/s3/aws4_request"}, AuthFailure.MISMATCH),
        ({"x-amz-date": "20261124T101500Z"}, AuthFailure.MALFORMED),
        ({"x-amz-date": ""}, AuthFailure.MALFORMED),
    ],
)
def test_the_signer_of_version_4(changed: dict[str, str], expected: AuthFailure) -> None:
    with pytest.raises(AuthenticationError) as refused:
        verify_post("b", {**signed(policy(), **KEY), **changed}, SECRETS.get)
    assert refused.value.failure is expected


def test_a_signature_for_another_service() -> None:
    with pytest.raises(AuthenticationError, match="must be for S3"):
        verify_post("b", signed(policy(), service="sqs", **KEY), SECRETS.get)


@pytest.mark.parametrize("version", [2, 4])
def test_a_role_sends_its_token(version: int) -> None:
    named = policy(["starts-with", "$x-amz-security-token", ""])
    fields = signed(named, version, "role", **KEY)
    assert verify_post("b", fields, SECRETS.get)
    del fields["x-amz-security-token"]
    with pytest.raises(AuthenticationError) as refused:
        verify_post("b", fields, SECRETS.get)
    assert refused.value.failure is AuthFailure.BAD_TOKEN


@pytest.mark.parametrize(
    ("expiration", "good"),
    [
        ("2026-11-23T10:15:00Z", True),
        ("2026-11-23T10:14:59.999Z", False),
        ("2026-11-23T10:15:01", True),
        ("2026-11-23T10:14:59", False),
        ("2026-11-23T11:14:00+01:00", False),
    ],
)
def test_a_policy_expires(expiration: str, good: bool) -> None:
    fields = signed(policy(expiration=expiration), **KEY)
    if good:
        assert verify_post("b", fields, SECRETS.get)
        return
    with pytest.raises(ServiceError, match="Policy expired") as refused:
        verify_post("b", fields, SECRETS.get)
    assert refused.value.status == 403


@pytest.mark.parametrize(
    "document",
    [
        b"nothing",
        [],
        {},
        {"expiration": "2026-11-24T00:00:00Z"},
        {"expiration": "soon", "conditions": []},
        {"expiration": 1, "conditions": []},
        policy(["eq", "$a"]),
        policy(["like", "$a", "b"]),
        policy(["eq", "a", "b"]),
        policy(["eq", "$a", 1]),
        policy([1, "$a", "b"]),
        policy({"a": "b", "c": "d"}),
        policy(["content-length-range", "few", 1]),
        policy("text"),
    ],
    ids=str,
)
def test_a_policy_that_is_malformed(document: Any) -> None:
    with pytest.raises(ServiceError, match="the document is malformed") as refused:
        verify_post("b", signed(document, **KEY), SECRETS.get)
    assert (refused.value.code, refused.value.status) == ("InvalidPolicyDocument", 400)


def test_conditions() -> None:
    assert allowed(["eq", "$a", "x"], a="x")
    assert allowed(["EQ", "$A", "x"], a="x")
    assert allowed({"A": "x"}, a="x")
    assert allowed(["Starts-With", "$a", "x"], a="xy")
    denied("Policy Condition failed: .*eq.*a.*x", ["eq", "$a", "x"], a="xy")
    denied("Policy Condition failed", {"a": "x"}, a="y")
    denied("Policy Condition failed", ["starts-with", "$a", "x"], a="yx")
    denied("Policy Condition failed", ["eq", "$a", "x"])
    assert allowed(["eq", "$a", ""]), "a field that is missing is empty"


def test_every_condition_counts() -> None:
    denied("Policy Condition failed", ["starts-with", "$a", "x"], ["eq", "$a", "xy"], a="xz")
    denied("Policy Condition failed", ["eq", "$a", "xy"], ["starts-with", "$a", "x"], a="xz")


def test_the_bucket_is_the_one_that_was_posted_to() -> None:
    with pytest.raises(ServiceError, match="Policy Condition failed"):
        verify_post("other", signed(policy(), **KEY, bucket="b"), SECRETS.get)


def test_every_field_is_named_by_a_condition() -> None:
    denied("Extra input fields: a$", a="x")
    denied("Extra input fields: ignore-a", **{"ignore-a": "x"})
    assert allowed(**{"x-ignore-a": "x"})
    assert allowed(file="x")


@pytest.mark.parametrize(
    ("ranges", "size"),
    [
        ([], (0, LARGEST)),
        ([(2, 4)], (2, 4)),
        ([("2", "4")], (2, 4)),
        ([(2, 40), (1, 4), (3, 5)], (3, 4)),
        ([(-5, LARGEST + 1)], (0, LARGEST)),
    ],
)
def test_the_size_of_the_file(ranges: list[Any], size: tuple[int, int]) -> None:
    assert allowed(*(["Content-Length-Range", *each] for each in ranges)).size == size
