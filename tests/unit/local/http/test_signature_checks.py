"""What of a signature is checked, up to the second: SigV4 in headers and URLs, and presigned URLs of version 2."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import HmacV1QueryAuth, S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from airflow_hpt_provider.local.http.auth import sigv2, sigv4
from airflow_hpt_provider.local.http.auth.errors import AuthenticationError, AuthFailure
from airflow_hpt_provider.local.http.auth.parse import (
    MAX_PRESIGNED_SECONDS,
    UNSIGNED_PAYLOAD,
    checked_signature,
    parse_signature,
)
from airflow_hpt_provider.local.http.auth.sigv2 import is_presigned_v2, verify_presigned_v2
from airflow_hpt_provider.local.http.auth.sigv4 import Secret, Verified, secret_of, signing_key, verify
from airflow_hpt_provider.local.http.request import WireRequest
from tests.support.frozen_clock import stop_clock

NOW = datetime(2026, 11, 23, 10, 15, 0, tzinfo=UTC)
STAMP = "20261123T101500Z"
HOST = "127.0.0.1:4242"
SECRETS = {"key": Secret("secret"), "role": Secret("of a role", "token")}
SECOND = timedelta(seconds=1)
EMPTY = hashlib.sha256(b"").hexdigest()


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, sigv4, NOW)
    monkeypatch.setattr(sigv2.time, "time", NOW.timestamp)
    client_time(monkeypatch, NOW)


def client_time(monkeypatch: pytest.MonkeyPatch, time: datetime) -> None:
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda remove_tzinfo=True: time)


def wire(signed: AWSRequest, **changed: str) -> WireRequest:
    """Return the request as the service sees it."""
    parts = urlsplit(signed.url)
    headers = {name.lower(): str(value) for name, value in signed.headers.items()} | {"host": HOST}
    return WireRequest(signed.method, parts.path, parts.query, headers | changed, "id")


def in_header(service: str = "sagemaker", key: str = "key", **headers: str) -> AWSRequest:
    secret = SECRETS[key]
    request = AWSRequest(method="POST", url=f"http://{HOST}/", data=b"", headers={"Host": HOST, **headers})
    request.context["client_config"] = None
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(Credentials(key, secret.key, secret.token), service, "eu-west-1").add_auth(request)
    return request


def in_url(expires: int, key: str = "key") -> AWSRequest:
    secret = SECRETS[key]
    request = AWSRequest(method="GET", url=f"http://{HOST}/bucket/a%20b?x=1")
    credentials = Credentials(key, secret.key, secret.token)
    S3SigV4QueryAuth(credentials, "s3", "eu-west-1", expires=expires).add_auth(request)
    return request


def version_2(expires: int, key: str = "key") -> AWSRequest:
    secret = SECRETS[key]
    request = AWSRequest(method="GET", url=f"http://{HOST}/bucket/key")
    credentials = Credentials(key, secret.key, secret.token)
    HmacV1QueryAuth(credentials, expires=expires).add_auth(request)
    return request


def checked(request: WireRequest, body_hash: str | None = None) -> Verified:
    return verify(request, parse_signature(request), SECRETS.get, body_hash)


def failure(call: Any, *given: Any) -> AuthFailure:
    with pytest.raises(AuthenticationError) as refused:
        call(*given)
    assert refused.value.message
    return refused.value.failure


def test_what_a_header_says() -> None:
    request = wire(in_header("s3", "role"))
    claim = parse_signature(request)
    assert (claim.access_key, claim.date, claim.region, claim.service) == (
        *("role", "20261123"),
        *("eu-west-1", "s3"),
    )
    assert (claim.timestamp, claim.token, claim.payload_hash) == (STAMP, "token", EMPTY)
    assert (claim.expires_seconds, claim.presigned) == (None, False)
    assert {"host", "x-amz-date", "x-amz-content-sha256"} <= set(claim.signed_headers)
    assert len(claim.signature) == 64
    padded = wire(in_header(), authorization=f"  {wire(in_header()).headers['authorization']} ")
    assert parse_signature(padded).access_key == "key"


def test_what_a_url_says() -> None:
    claim = parse_signature(wire(in_url(60, "role")))
    assert (claim.access_key, claim.region, claim.service, claim.token) == (
        "role",
        "eu-west-1",
        "s3",
        "token",
    )
    assert (claim.timestamp, claim.payload_hash, claim.signed_headers) == (STAMP, UNSIGNED_PAYLOAD, ("host",))
    assert (claim.expires_seconds, claim.presigned) == (60, True)


def test_what_is_verified() -> None:
    claim = parse_signature(wire(in_header("s3")))
    found = checked(wire(in_header("s3")))
    assert found == Verified("eu-west-1", "s3", STAMP, EMPTY, claim.signature, signing_key("secret", claim))
    assert found.scope == "20261123/eu-west-1/s3/aws4_request"
    assert len(found.signing_key) == 32
    assert checked(wire(in_url(60))).payload_hash == UNSIGNED_PAYLOAD


def test_a_signature_in_capitals_is_the_same() -> None:
    signed = wire(in_header())
    text = signed.headers["authorization"]
    start, _, signature = text.rpartition("=")
    assert checked(wire(in_header(), authorization=f"{start}={signature.upper()}"))


def test_the_body_counts_where_no_header_has_its_hash() -> None:
    request = wire(in_header())
    assert checked(request).payload_hash == checked(request, EMPTY).payload_hash == EMPTY
    assert failure(checked, request, hashlib.sha256(b"other").hexdigest()) is AuthFailure.MISMATCH


@pytest.mark.parametrize(("service", "expected"), [("s3", AuthFailure.UNSIGNED_HEADERS), ("sagemaker", None)])
def test_s3_wants_its_own_headers_signed(service: str, expected: AuthFailure | None) -> None:
    request = wire(in_header(service), **{"x-amz-meta-a": "1"})
    if expected is None:
        assert checked(request)
    else:
        assert failure(checked, request) is expected
    assert checked(wire(in_header(service), accept="*/*")), "other headers are free"


@pytest.mark.parametrize(
    "changed", [{"x-amz-date": STAMP.replace("00Z", "01Z")}, {"host": "other"}, {"authorization": "Basic x"}]
)
def test_what_was_signed_cannot_be_changed(changed: dict[str, str]) -> None:
    assert failure(checked, wire(in_header(), **changed)) in (AuthFailure.MISMATCH, AuthFailure.MALFORMED)


@pytest.mark.parametrize(
    ("away", "text"),
    [
        (timedelta(minutes=15), None),
        (timedelta(minutes=15) + SECOND, r"later than 20261123T103000Z \(20261123T101500Z \+ 15 min"),
        (-timedelta(minutes=15), None),
        (-timedelta(minutes=15) - SECOND, r"earlier than 20261123T100000Z \(20261123T101500Z - 15 min"),
    ],
)
def test_a_header_is_good_for_a_quarter_of_an_hour(
    monkeypatch: pytest.MonkeyPatch, away: timedelta, text: str | None
) -> None:
    client_time(monkeypatch, NOW + away)
    request = wire(in_header())
    if text is None:
        assert checked(request).timestamp == (NOW + away).strftime("%Y%m%dT%H%M%SZ")
        return
    with pytest.raises(AuthenticationError, match=text) as refused:
        checked(request)
    assert refused.value.failure is AuthFailure.SKEWED


@pytest.mark.parametrize(
    ("away", "expires", "expected"),
    [
        (-60 * SECOND, 60, None),
        (-61 * SECOND, 60, AuthFailure.EXPIRED),
        (-3600 * SECOND, 3601, None),
        (900 * SECOND, 60, None),
        (901 * SECOND, 60, AuthFailure.SKEWED),
    ],
)
def test_a_url_is_good_until_it_expires(
    monkeypatch: pytest.MonkeyPatch, away: timedelta, expires: int, expected: AuthFailure | None
) -> None:
    client_time(monkeypatch, NOW + away)
    request = wire(in_url(expires))
    if expected is None:
        assert checked(request).service == "s3"
    else:
        assert failure(checked, request) is expected


@pytest.mark.parametrize(
    ("expires", "good"),
    [("604800", True), ("604801", False), ("0", True), ("", False), ("1e3", False), ("0604800", False)],
)
def test_a_url_is_good_for_a_week_at_most(expires: str, good: bool) -> None:
    assert MAX_PRESIGNED_SECONDS == 604_800
    url = in_url(60).url.replace("X-Amz-Expires=60", f"X-Amz-Expires={expires}")
    request = wire(AWSRequest(method="GET", url=url))
    if good:
        assert parse_signature(request).expires_seconds == int(expires)
    else:
        assert failure(parse_signature, request) is AuthFailure.MALFORMED


def test_the_algorithm_of_a_url() -> None:
    url = in_url(60).url.replace("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=none")
    with pytest.raises(AuthenticationError, match="X-Amz-Algorithm only supports AWS4-HMAC-SHA256"):
        parse_signature(wire(AWSRequest(method="GET", url=url)))


def test_a_url_is_for_its_method_path_and_query() -> None:
    good = in_url(60)
    for method, url in (
        ("PUT", good.url),
        ("GET", good.url.replace("a%20b", "other")),
        ("GET", good.url.replace("x=1", "x=2")),
        ("GET", f"{good.url}&more=1"),
        ("GET", good.url.replace("X-Amz-Expires=60", "X-Amz-Expires=61")),
    ):
        assert failure(checked, wire(AWSRequest(method=method, url=url))) is AuthFailure.MISMATCH
    assert checked(wire(good))


def test_without_a_signature() -> None:
    assert (
        failure(parse_signature, wire(AWSRequest(method="GET", url=f"http://{HOST}/"))) is AuthFailure.MISSING
    )


GOOD = {
    "credential": "key/20261123/us-east-1/s3/aws4_request",
    "signed_headers": "Host;X-Amz-Date",
    "signature": "0",
    "timestamp": STAMP,
    "token": None,
    "payload_hash": None,
}


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"credential": "20261123/us-east-1/s3/aws4_request"}, "Credential must have the form"),
        ({"credential": "key/20261123/us-east-1/s3/aws4"}, "Credential must have the form"),
        ({"signed_headers": "x-amz-date"}, "'Host' must be a signed header"),
        ({"signed_headers": "hosts"}, "'Host' must be a signed header"),
        ({"timestamp": "20261123"}, "X-Amz-Date must be a timestamp"),
        ({"timestamp": "20261124T101500Z"}, "Credential's date '20261123' is not that of"),
    ],
)
def test_the_parts_of_a_signature_agree(changed: dict[str, str], text: str) -> None:
    with pytest.raises(AuthenticationError, match=text) as refused:
        checked_signature(**{**GOOD, **changed})  # type: ignore[arg-type]
    assert refused.value.failure is AuthFailure.MALFORMED


def test_the_parts_of_a_signature() -> None:
    claim = checked_signature(**{**GOOD, "credential": f"a/b/{GOOD['credential']}"})  # type: ignore[arg-type]
    assert (claim.access_key, claim.signed_headers) == ("a/b/key", ("host", "x-amz-date"))
    assert (claim.date, claim.region, claim.service) == ("20261123", "us-east-1", "s3")


@pytest.mark.parametrize(
    ("key", "token", "expected"),
    [
        ("other", None, AuthFailure.UNKNOWN_KEY),
        ("role", None, AuthFailure.BAD_TOKEN),
        ("role", "", AuthFailure.BAD_TOKEN),
        ("role", "another", AuthFailure.BAD_TOKEN),
        ("role", "token", None),
        ("key", None, None),
        ("key", "any", None),
    ],
)
def test_a_key_comes_with_its_token(key: str, token: str | None, expected: AuthFailure | None) -> None:
    if expected is None:
        assert secret_of(key, token, SECRETS.get) is SECRETS[key]
    else:
        assert failure(secret_of, key, token, SECRETS.get) is expected
    assert repr(SECRETS["role"]) == "Secret(***)", "a log has no secrets"


def test_a_token_that_was_left_out_of_a_request() -> None:
    request = wire(in_header(key="role"))
    del request.headers["x-amz-security-token"]  # type: ignore[attr-defined]
    assert failure(checked, request) is AuthFailure.BAD_TOKEN


@pytest.mark.parametrize(
    ("late", "expected"), [(-SECOND, None), (timedelta(), None), (SECOND, AuthFailure.EXPIRED)]
)
def test_version_2_expires(
    monkeypatch: pytest.MonkeyPatch, late: timedelta, expected: AuthFailure | None
) -> None:
    monkeypatch.setattr("botocore.auth.time.time", (NOW - 60 * SECOND - late).timestamp)
    request = wire(version_2(60))
    monkeypatch.setattr(sigv2.time, "time", NOW.timestamp)
    assert is_presigned_v2(request)
    if expected is None:
        found = verify_presigned_v2(request, SECRETS.get)
        signature = request.parameters["Signature"]
        assert found == Verified("us-east-1", "s3", "", UNSIGNED_PAYLOAD, signature, b"")
    else:
        assert failure(verify_presigned_v2, request, SECRETS.get) is expected


@pytest.mark.parametrize("missing", ["AWSAccessKeyId", "Signature", "Expires"])
def test_version_2_has_three_parameters(missing: str) -> None:
    assert not is_presigned_v2(wire(AWSRequest(method="GET", url=version_2(60).url.replace(missing, "X"))))


@pytest.mark.parametrize("expires", ["", "-1", "1e9", "\u0663", "9" * 12])
def test_version_2_expires_at_a_number(expires: str) -> None:
    url = f"http://{HOST}/b/k?AWSAccessKeyId=key&Signature=x&Expires={quote(expires)}"
    assert failure(verify_presigned_v2, wire(AWSRequest(method="GET", url=url)), SECRETS.get) is (
        AuthFailure.MALFORMED
    )


def test_version_2_takes_the_largest_number() -> None:
    """Eleven digits are refused for their signature, not for their length."""
    url = f"http://{HOST}/b/k?AWSAccessKeyId=key&Signature=x&Expires={'9' * 11}"
    assert failure(verify_presigned_v2, wire(AWSRequest(method="GET", url=url)), SECRETS.get) is (
        AuthFailure.MISMATCH
    )


def test_version_2_covers_the_request_its_token_and_its_headers() -> None:
    good = wire(version_2(60))
    assert verify_presigned_v2(good, SECRETS.get)
    for changed in (
        WireRequest("PUT", good.path, good.query, good.headers, "id"),
        WireRequest("GET", "/bucket/other", good.query, good.headers, "id"),
        wire(version_2(60), **{"content-type": "text/plain"}),
        wire(version_2(60), **{"content-md5": "x"}),
        wire(version_2(60), **{"x-amz-meta-a": "1"}),
    ):
        assert failure(verify_presigned_v2, changed, SECRETS.get) is AuthFailure.MISMATCH
    assert verify_presigned_v2(wire(version_2(60), accept="*/*"), SECRETS.get)
    assert verify_presigned_v2(wire(version_2(60, "role")), SECRETS.get)
    without = version_2(60, "role").url.replace("x-amz-security-token", "x")
    assert failure(verify_presigned_v2, wire(AWSRequest(method="GET", url=without)), SECRETS.get) is (
        AuthFailure.BAD_TOKEN
    )
