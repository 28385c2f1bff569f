"""What a request says of its signer: SigV4's Authorization header, or the query of a presigned URL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.http.auth.errors import AuthenticationError, AuthFailure

if TYPE_CHECKING:
    from airflow_hpt_provider.local.http.request import WireRequest

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_PRESIGNED_SECONDS = 7 * 24 * 3600
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
TIMESTAMP = "%Y%m%dT%H%M%SZ"

_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} +Credential=(?P<credential>[^,\s]+) *, *"
    r"SignedHeaders=(?P<headers>[^,\s]+) *, *Signature=(?P<signature>[0-9a-fA-F]{64})"
)


@dataclass(frozen=True)
class ParsedSignature:
    """What a request says about its signature, before the signature is checked.

    Attributes:
        access_key, date, region, service: of the credential.
        signed_headers: names in lower case, in the order in which they were signed.
        signature: in hex.
        timestamp: when it was signed, in SigV4's format.
        token: the session token that temporary credentials come with.
        payload_hash: what it says of the body; None: nothing.
        expires_seconds: how long a presigned URL is good for; None: the signature is in a header.
    """

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
        """Whether the signature is in the query."""
        return self.expires_seconds is not None


def parse_signature(request: WireRequest) -> ParsedSignature:
    """Read the signer from the Authorization header or a presigned URL's query.

    Raises:
        AuthenticationError: there is no signature, or it is not SigV4's.
    """
    if "authorization" in request.headers:
        match = _AUTHORIZATION.fullmatch(request.headers["authorization"].strip())
        if not match:
            raise AuthenticationError(
                AuthFailure.MALFORMED, f"The Authorization header is not a complete {ALGORITHM} signature."
            )
        return checked_signature(
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
            raise AuthenticationError(AuthFailure.MALFORMED, f"X-Amz-Algorithm only supports {ALGORITHM}")
        expires = query.get("X-Amz-Expires", "")
        if not (re.fullmatch("[0-9]{1,6}", expires) and int(expires) <= MAX_PRESIGNED_SECONDS):
            raise AuthenticationError(
                AuthFailure.MALFORMED, "X-Amz-Expires must be a number of seconds, at most a week."
            )
        return checked_signature(
            credential=query.get("X-Amz-Credential", ""),
            signed_headers=query.get("X-Amz-SignedHeaders", ""),
            signature=query["X-Amz-Signature"],
            timestamp=query.get("X-Amz-Date", ""),
            token=query.get("X-Amz-Security-Token"),
            payload_hash=UNSIGNED_PAYLOAD,
            expires_seconds=int(expires),
        )
    raise AuthenticationError(AuthFailure.MISSING, "Missing Authentication Token")


def checked_signature(
    *,
    credential: str,
    signed_headers: str,
    signature: str,
    timestamp: str,
    token: str | None,
    payload_hash: str | None,
    expires_seconds: int | None = None,
) -> ParsedSignature:
    """Return the parsed signature, if its parts are well-formed and agree.

    Raises:
        AuthenticationError: they are not, or do not.
    """
    parts = credential.split("/")
    names = tuple(signed_headers.lower().split(";"))
    if len(parts) < 5 or parts[-1] != "aws4_request":
        raise AuthenticationError(
            AuthFailure.MALFORMED,
            "Credential must have the form <access key>/<date>/<region>/<service>/aws4_request.",
        )
    if "host" not in names:
        raise AuthenticationError(AuthFailure.MALFORMED, "'Host' must be a signed header.")
    date, region, service = parts[-4:-1]
    try:
        datetime.strptime(timestamp, TIMESTAMP).replace(tzinfo=UTC)
    except ValueError:
        raise AuthenticationError(
            AuthFailure.MALFORMED, f"X-Amz-Date must be a timestamp like 20261123T101500Z, got '{timestamp}'."
        ) from None
    if not timestamp.startswith(date):
        raise AuthenticationError(
            AuthFailure.MALFORMED, f"Credential's date '{date}' is not that of X-Amz-Date '{timestamp}'."
        )
    return ParsedSignature(
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
