"""Presigned URLs of S3's older signature: boto3's default in us-east-1."""

from __future__ import annotations

import hmac
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.auth import HmacV1QueryAuth
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from airflow_hpt_provider.local.http.auth.errors import AuthenticationError, AuthFailure
from airflow_hpt_provider.local.http.auth.parse import UNSIGNED_PAYLOAD
from airflow_hpt_provider.local.http.auth.sigv4 import Verified, secret_of

if TYPE_CHECKING:
    from airflow_hpt_provider.local.http.auth.sigv4 import SecretFinder
    from airflow_hpt_provider.local.http.request import WireRequest

_REGION = "us-east-1"
"""The signature itself names none."""
_SIGNED_HEADERS = ("content-md5", "content-type")


def is_presigned_v2(request: WireRequest) -> bool:
    """Return whether the query has a signature of version 2."""
    return {"AWSAccessKeyId", "Signature", "Expires"} <= request.parameters.keys()


def verify_presigned_v2(request: WireRequest, find_secret: SecretFinder) -> Verified:
    """Check the signature of such a URL.

    Raises:
        AuthenticationError: unknown key or token, wrong signature, or expired.
    """
    query = request.parameters
    access_key, expires = query["AWSAccessKeyId"], query["Expires"]
    if not (expires.isascii() and expires.isdigit() and len(expires) < 12):
        raise AuthenticationError(AuthFailure.MALFORMED, "Expires must be in seconds since the epoch.")
    given = {n: v for n, v in request.headers.items() if n in _SIGNED_HEADERS or n.startswith("x-amz-")}
    given |= {n.lower(): v for n, v in query.items() if n.lower().startswith("x-amz-")}
    secret = secret_of(access_key, given.get("x-amz-security-token"), find_secret)
    headers: Any = HTTPHeaders()
    for name, value in given.items():
        headers[name] = value
    signer = _Signer(Credentials(access_key, secret.key), expires)
    expected = signer.get_signature(request.method, urlsplit(request.url), headers)
    if not hmac.compare_digest(expected.encode(), query["Signature"].encode()):
        raise AuthenticationError(
            AuthFailure.MISMATCH,
            "The request signature we calculated does not match the signature you provided. Check your key and "
            "signing method.",
        )
    if int(expires) < time.time():
        raise AuthenticationError(AuthFailure.EXPIRED, "Request has expired")
    return Verified(
        region=_REGION,
        service="s3",
        timestamp="",
        payload_hash=UNSIGNED_PAYLOAD,
        signature=expected,
        signing_key=b"",
    )


class _Signer(HmacV1QueryAuth):
    """botocore's signer, with the client's date of expiry in the place of one counted from now."""

    def __init__(self, credentials: Credentials, expires: str) -> None:
        super().__init__(credentials)
        self._date = expires

    def _get_date(self) -> str:
        return self._date
