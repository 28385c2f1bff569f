"""SigV4, verified with botocore's own signer."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from airflow_hpt_provider.local.http.auth.errors import AuthenticationError, AuthFailure
from airflow_hpt_provider.local.http.auth.parse import TIMESTAMP

if TYPE_CHECKING:
    from airflow_hpt_provider.local.http.auth.parse import ParsedSignature
    from airflow_hpt_provider.local.http.request import WireRequest

MAX_SKEW = timedelta(minutes=15)
"""How far a signature's time may be from now, before and after."""


@dataclass(frozen=True)
class Secret:
    """What belongs to an access key: its secret and, for temporary credentials, their session token."""

    key: str
    token: str | None = None

    def __repr__(self) -> str:
        return "Secret(***)"


SecretFinder = Callable[[str], Secret | None]
"""A function that returns the secret of an access key id; None if the key is unknown or has expired."""


@dataclass(frozen=True)
class Verified:
    """A request that its signer really sent.

    Attributes:
        region, service: what the signature is good for.
        timestamp: when it was signed, in SigV4's format.
        payload_hash: what the signature says of the body: a SHA-256 in hex, UNSIGNED-PAYLOAD or STREAMING-...
        signature: in hex; the seed of a chunked upload's chain.
        signing_key: for that chain.
    """

    region: str
    service: str
    timestamp: str
    payload_hash: str
    signature: str
    signing_key: bytes

    @property
    def scope(self) -> str:
        """The credential scope: ``date/region/service/aws4_request``."""
        return f"{self.timestamp[:8]}/{self.region}/{self.service}/aws4_request"


def secret_of(access_key: str, token: str | None, find_secret: SecretFinder) -> Secret:
    """Return the secret of an access key that comes with this session token.

    Raises:
        AuthenticationError: there is no such key, or its token is another.
    """
    secret = find_secret(access_key)
    if secret is None:
        raise AuthenticationError(
            AuthFailure.UNKNOWN_KEY, "The security token included in the request is invalid."
        )
    if secret.token is not None and not hmac.compare_digest(secret.token.encode(), (token or "").encode()):
        raise AuthenticationError(
            AuthFailure.BAD_TOKEN, "The security token included in the request is invalid."
        )
    return secret


def verify(
    request: WireRequest, claim: ParsedSignature, find_secret: SecretFinder, body_hash: str | None = None
) -> Verified:
    """Check a claim.

    Args:
        request: the request.
        claim: what :func:`.parse.parse_signature` found in it.
        find_secret: where the secrets are.
        body_hash: the body's SHA-256 in hex; needed where the request has no X-Amz-Content-SHA256 header.

    Raises:
        AuthenticationError: unknown key, wrong signature, or signed more than 15 minutes away from now.
    """
    secret = secret_of(claim.access_key, claim.token, find_secret)
    if claim.service == "s3":
        unsigned = [n for n in request.headers if n.startswith("x-amz-") and n not in claim.signed_headers]
        if unsigned:
            raise AuthenticationError(
                AuthFailure.UNSIGNED_HEADERS,
                f"There were headers present in the request which were not signed: {', '.join(unsigned)}",
            )
    payload_hash = claim.payload_hash or body_hash or hashlib.sha256().hexdigest()
    expected = _expected_signature(request, claim, secret, payload_hash)
    if not hmac.compare_digest(expected.encode(), claim.signature.lower().encode()):
        raise AuthenticationError(
            AuthFailure.MISMATCH,
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details.",
        )
    _check_time(claim)
    return Verified(
        region=claim.region,
        service=claim.service,
        timestamp=claim.timestamp,
        payload_hash=payload_hash,
        signature=expected,
        signing_key=signing_key(secret.key, claim),
    )


def _check_time(claim: ParsedSignature) -> None:
    now = datetime.now(UTC)
    signed = datetime.strptime(claim.timestamp, TIMESTAMP).replace(tzinfo=UTC)
    stamp = now.strftime(TIMESTAMP)
    if signed > now + MAX_SKEW:
        raise AuthenticationError(
            AuthFailure.SKEWED,
            f"Signature not yet current: {claim.timestamp} is still later than "
            f"{(now + MAX_SKEW).strftime(TIMESTAMP)} ({stamp} + 15 min.)",
        )
    if claim.expires_seconds is not None:
        if now > signed + timedelta(seconds=claim.expires_seconds):
            raise AuthenticationError(AuthFailure.EXPIRED, "Request has expired")
    elif signed < now - MAX_SKEW:
        raise AuthenticationError(
            AuthFailure.SKEWED,
            f"Signature expired: {claim.timestamp} is now earlier than "
            f"{(now - MAX_SKEW).strftime(TIMESTAMP)} ({stamp} - 15 min.)",
        )


class _ExactSigner(SigV4Auth):
    """botocore's signer, made to sign exactly what the client has signed.

    botocore itself leaves some headers out (User-Agent ...); other clients may not.
    """

    signed: HTTPHeaders

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        return self.signed


class _ExactS3Signer(_ExactSigner, S3SigV4Auth):
    """Return the canonical request for S3, whose paths are not normalised."""


def _expected_signature(
    request: WireRequest, claim: ParsedSignature, secret: Secret, payload_hash: str
) -> str:
    signer_class = _ExactS3Signer if claim.service == "s3" else _ExactSigner
    signer = signer_class(Credentials(claim.access_key, secret.key), claim.service, claim.region)
    signer.signed = HTTPHeaders()
    for name in claim.signed_headers:
        signer.signed[name] = request.headers.get(name, "")
    url = _without_signature(request.url) if claim.presigned else request.url
    aws_request = AWSRequest(method=request.method, url=url, headers={"X-Amz-Content-SHA256": payload_hash})
    aws_request.context["timestamp"] = claim.timestamp
    canonical = signer.canonical_request(aws_request)
    return str(signer.signature(signer.string_to_sign(aws_request, canonical), aws_request))


def _without_signature(url: str) -> str:
    query = "&".join(
        pair for pair in urlsplit(url).query.split("&") if not pair.startswith("X-Amz-Signature=")
    )
    return f"{url.partition('?')[0]}?{query}"


def signing_key(secret: str, claim: ParsedSignature) -> bytes:
    """Derive the key that signs what a claim says of itself: its date, region and service."""
    key = f"AWS4{secret}".encode()
    for part in (claim.date, claim.region, claim.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
