"""SigV4, verified with botocore's own signer: by header, and by query (presigned URLs)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from airflow_hpt_provider.local.protocol.request import WireRequest

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_SKEW = timedelta(minutes=15)
MAX_PRESIGNED_SECONDS = 7 * 24 * 3600
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"

_TIMESTAMP = "%Y%m%dT%H%M%SZ"
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} +Credential=(?P<credential>[^,\s]+) *, *"
    r"SignedHeaders=(?P<headers>[^,\s]+) *, *Signature=(?P<signature>[0-9a-fA-F]{64})"
)


class Refusal(Enum):
    """Why a request's signature is not accepted; each protocol has its own codes for it."""

    MISSING = "missing"
    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown key"
    BAD_TOKEN = "bad session token"  # noqa: S105 - not a password
    MISMATCH = "signature mismatch"
    SKEWED = "clock skew"
    EXPIRED = "expired"
    UNSIGNED_HEADERS = "unsigned headers"


class NotAuthenticated(Exception):  # noqa: N818 - it says what is the case
    """A request whose signature is not accepted."""

    def __init__(self, refusal: Refusal, message: str) -> None:
        super().__init__(refusal, message)
        self.refusal = refusal
        self.message = message


@dataclass(frozen=True)
class Secret:
    """What belongs to an access key: its secret and, for temporary credentials, their session token."""

    key: str
    token: str | None = None

    def __repr__(self) -> str:
        return "Secret(***)"


SecretFinder = Callable[[str], Secret | None]
"""From an access key id to its secret; None if there is no such key, or it has expired."""


@dataclass(frozen=True)
class Verified:
    """A request that its signer really sent.

    Attributes:
        access_key: who.
        region, service: what the signature is good for.
        timestamp: when it was signed, in SigV4's format.
        payload_hash: what the signature says of the body: a SHA-256 in hex, UNSIGNED-PAYLOAD or STREAMING-...
        signature: in hex; the seed of a chunked upload's chain.
        signing_key: for that chain.
    """

    access_key: str
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


@dataclass(frozen=True)
class Claim:
    """What a request says about its signature, before anything is checked."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    timestamp: str
    token: str | None
    payload_hash: str | None
    expires_seconds: int | None = None

    @property
    def presigned(self) -> bool:
        """Whether it is in the query."""
        return self.expires_seconds is not None


def read_claim(request: WireRequest) -> Claim:
    """What the request says of its signer, from the Authorization header or a presigned URL's query.

    Raises:
        NotAuthenticated: there is no signature, or it is not SigV4's.
    """
    if "authorization" in request.headers:
        match = _AUTHORIZATION.fullmatch(request.headers["authorization"].strip())
        if not match:
            raise NotAuthenticated(
                Refusal.MALFORMED, f"The Authorization header is not a complete {ALGORITHM} signature."
            )
        return _claim(
            credential=match["credential"],
            signed_headers=match["headers"],
            signature=match["signature"],
            timestamp=request.headers.get("x-amz-date", ""),
            token=request.headers.get("x-amz-security-token"),
            payload_hash=request.headers.get("x-amz-content-sha256"),
        )
    query = request.parameters
    if "X-Amz-Signature" in query:
        if query.get("X-Amz-Algorithm") != ALGORITHM:
            raise NotAuthenticated(Refusal.MALFORMED, f"X-Amz-Algorithm only supports {ALGORITHM}")
        expires = query.get("X-Amz-Expires", "")
        if not (re.fullmatch("[0-9]{1,6}", expires) and int(expires) <= MAX_PRESIGNED_SECONDS):
            raise NotAuthenticated(
                Refusal.MALFORMED, "X-Amz-Expires must be a number of seconds, at most a week."
            )
        return _claim(
            credential=query.get("X-Amz-Credential", ""),
            signed_headers=query.get("X-Amz-SignedHeaders", ""),
            signature=query["X-Amz-Signature"],
            timestamp=query.get("X-Amz-Date", ""),
            token=query.get("X-Amz-Security-Token"),
            payload_hash=UNSIGNED_PAYLOAD,
            expires_seconds=int(expires),
        )
    raise NotAuthenticated(Refusal.MISSING, "Missing Authentication Token")


def verify(
    request: WireRequest, claim: Claim, find_secret: SecretFinder, body_hash: str | None = None
) -> Verified:
    """Check a claim.

    Args:
        request: the request.
        claim: what :func:`read_claim` found in it.
        find_secret: where the secrets are.
        body_hash: the body's SHA-256 in hex; needed where the request has no X-Amz-Content-SHA256 header.

    Raises:
        NotAuthenticated: unknown key, wrong signature, or signed more than 15 minutes away from now.
    """
    secret = find_secret(claim.access_key)
    if secret is None:
        raise NotAuthenticated(Refusal.UNKNOWN_KEY, "The security token included in the request is invalid.")
    if secret.token is not None and not hmac.compare_digest(
        secret.token.encode(), (claim.token or "").encode()
    ):
        raise NotAuthenticated(Refusal.BAD_TOKEN, "The security token included in the request is invalid.")
    if claim.service == "s3":
        unsigned = [n for n in request.headers if n.startswith("x-amz-") and n not in claim.signed_headers]
        if unsigned:
            raise NotAuthenticated(
                Refusal.UNSIGNED_HEADERS,
                f"There were headers present in the request which were not signed: {', '.join(unsigned)}",
            )
    payload_hash = claim.payload_hash or body_hash or hashlib.sha256().hexdigest()
    expected = _expected_signature(request, claim, secret, payload_hash)
    if not hmac.compare_digest(expected.encode(), claim.signature.lower().encode()):
        raise NotAuthenticated(
            Refusal.MISMATCH,
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details.",
        )
    _check_time(claim)
    return Verified(
        access_key=claim.access_key,
        region=claim.region,
        service=claim.service,
        timestamp=claim.timestamp,
        payload_hash=payload_hash,
        signature=expected,
        signing_key=_signing_key(secret.key, claim),
    )


def _claim(
    *,
    credential: str,
    signed_headers: str,
    signature: str,
    timestamp: str,
    token: str | None,
    payload_hash: str | None,
    expires_seconds: int | None = None,
) -> Claim:
    parts = credential.split("/")
    names = tuple(signed_headers.lower().split(";"))
    if len(parts) < 5 or parts[-1] != "aws4_request":
        raise NotAuthenticated(
            Refusal.MALFORMED,
            "Credential must have the form <access key>/<date>/<region>/<service>/aws4_request.",
        )
    if "host" not in names:
        raise NotAuthenticated(Refusal.MALFORMED, "'Host' must be a signed header.")
    date, region, service = parts[-4:-1]
    try:
        datetime.strptime(timestamp, _TIMESTAMP).replace(tzinfo=UTC)
    except ValueError:
        raise NotAuthenticated(
            Refusal.MALFORMED, f"X-Amz-Date must be a timestamp like 20261123T101500Z, got '{timestamp}'."
        ) from None
    if not timestamp.startswith(date):
        raise NotAuthenticated(
            Refusal.MALFORMED, f"Credential's date '{date}' is not that of X-Amz-Date '{timestamp}'."
        )
    return Claim(
        access_key="/".join(parts[:-4]),
        date=date,
        region=region,
        service=service,
        signed_headers=names,
        signature=signature,
        timestamp=timestamp,
        token=token,
        payload_hash=payload_hash,
        expires_seconds=expires_seconds,
    )


def _check_time(claim: Claim) -> None:
    now = datetime.now(UTC)
    signed = datetime.strptime(claim.timestamp, _TIMESTAMP).replace(tzinfo=UTC)
    stamp = now.strftime(_TIMESTAMP)
    if signed > now + MAX_SKEW:
        raise NotAuthenticated(
            Refusal.SKEWED,
            f"Signature not yet current: {claim.timestamp} is still later than "
            f"{(now + MAX_SKEW).strftime(_TIMESTAMP)} ({stamp} + 15 min.)",
        )
    if claim.expires_seconds is not None:
        if now > signed + timedelta(seconds=claim.expires_seconds):
            raise NotAuthenticated(Refusal.EXPIRED, "Request has expired")
    elif signed < now - MAX_SKEW:
        raise NotAuthenticated(
            Refusal.SKEWED,
            f"Signature expired: {claim.timestamp} is now earlier than "
            f"{(now - MAX_SKEW).strftime(_TIMESTAMP)} ({stamp} - 15 min.)",
        )


class _ExactSigner(SigV4Auth):
    """botocore's signer, made to sign exactly what the client has signed.

    botocore itself leaves some headers out (User-Agent ...); other clients may not.
    """

    signed: HTTPHeaders

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        return self.signed


class _ExactS3Signer(_ExactSigner, S3SigV4Auth):
    """The same for S3, whose paths are not normalised."""


def _expected_signature(request: WireRequest, claim: Claim, secret: Secret, payload_hash: str) -> str:
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


def _signing_key(secret: str, claim: Claim) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (claim.date, claim.region, claim.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
