"""Presigned POST: a form whose policy its signer has signed, with Signature Version 4 or 2."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.http.auth.errors import AuthenticationError, AuthFailure
from airflow_hpt_provider.local.http.auth.parse import ALGORITHM, UNSIGNED_PAYLOAD, checked_signature
from airflow_hpt_provider.local.http.auth.sigv4 import Verified, secret_of, signing_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_hpt_provider.local.http.auth.sigv4 import SecretFinder

_NOT_CHECKED = {"file", "policy", "signature", "awsaccesskeyid", "x-amz-signature"}
"""Fields that a policy does not have to mention; so are those that begin with ``x-ignore-``."""
_REGION = "us-east-1"
"""Signature Version 2 names none."""


@dataclass(frozen=True)
class PostPolicy:
    """What a signed form allows.

    Attributes:
        verified: its signer.
        size: the smallest and the largest size of the file, in bytes.
    """

    verified: Verified
    size: tuple[int, int]


def verify_post(bucket: str, fields: Mapping[str, str], find_secret: SecretFinder) -> PostPolicy:
    """Check the signature, the expiry and the conditions of a form's policy.

    Args:
        bucket: the one that the form was posted to.
        fields: its fields before the file, with names in lower case.
        find_secret: where the secrets are.

    Raises:
        AuthenticationError: unsigned, unknown key, or another signature.
        ServiceError: the policy is malformed, has expired, or does not allow the form.
    """
    policy = fields.get("policy", "")
    if not policy:
        raise AuthenticationError(AuthFailure.MISSING, "Access Denied")
    verified = _verified(policy, fields, find_secret)
    try:
        document = json.loads(base64.b64decode(policy, validate=True))
        expiration = datetime.fromisoformat(document["expiration"])
        conditions = [_Condition.of(each) for each in document["conditions"]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ServiceError(
            "InvalidPolicyDocument", "Invalid Policy: the document is malformed.", 400
        ) from None
    if expiration.replace(tzinfo=expiration.tzinfo or UTC) < datetime.now(UTC):
        raise _denied("Policy expired.")
    values = {**fields, "bucket": bucket}
    for condition in conditions:
        if not condition.allows(values):
            raise _denied(f"Policy Condition failed: {condition.text}")
    named = {condition.name for condition in conditions} | _NOT_CHECKED
    for name in fields:
        if name not in named and not name.startswith("x-ignore-"):
            raise _denied(f"Extra input fields: {name}")
    limits = [condition.size for condition in conditions if condition.size]
    return PostPolicy(
        verified, (max([0, *(low for low, _ in limits)]), min([5 << 30, *(high for _, high in limits)]))
    )


@dataclass(frozen=True)
class _Condition:
    """One condition: a field's name with its exact value or its beginning, or a range of sizes."""

    name: str
    value: str
    begins: bool
    text: str
    size: tuple[int, int] | None = None

    @classmethod
    def of(cls, given: Any) -> _Condition:
        """Read a condition. Raises ValueError, TypeError, KeyError or AttributeError if it is none."""
        if isinstance(given, dict):
            ((name, value),) = given.items()
            given = ["eq", f"${name}", value]
        operator, name, value = given
        text = json.dumps(given)
        if operator.lower() == "content-length-range":
            return cls("", "", False, text, (int(name), int(value)))
        if operator.lower() not in {"eq", "starts-with"} or not name.startswith("$"):
            raise ValueError(operator)
        if not isinstance(value, str):
            raise TypeError(value)
        return cls(name[1:].lower(), value, operator.lower() == "starts-with", text)

    def allows(self, values: Mapping[str, str]) -> bool:
        """Return whether a form with these fields is allowed; the size is known only once the file is read."""
        if self.size is not None:
            return True
        value = values.get(self.name, "")
        return value.startswith(self.value) if self.begins else value == self.value


def _verified(policy: str, fields: Mapping[str, str], find_secret: SecretFinder) -> Verified:
    token = fields.get("x-amz-security-token")
    if "awsaccesskeyid" in fields:
        secret = secret_of(fields["awsaccesskeyid"], token, find_secret)
        expected = base64.b64encode(hmac.digest(secret.key.encode(), policy.encode(), "sha1")).decode()
        given, region, timestamp = fields.get("signature", ""), _REGION, ""
        key = b""
    else:
        if fields.get("x-amz-algorithm") != ALGORITHM:
            raise AuthenticationError(AuthFailure.MALFORMED, f"X-Amz-Algorithm only supports {ALGORITHM}")
        given = fields.get("x-amz-signature", "")
        claim = checked_signature(
            credential=fields.get("x-amz-credential", ""),
            signed_headers="host",
            signature=given,
            timestamp=fields.get("x-amz-date", ""),
            token=token,
            payload_hash=UNSIGNED_PAYLOAD,
        )
        if claim.service != "s3":
            raise AuthenticationError(AuthFailure.MALFORMED, "The credential of a form must be for S3.")
        secret = secret_of(claim.access_key, token, find_secret)
        key, region, timestamp = signing_key(secret.key, claim), claim.region, claim.timestamp
        expected = hmac.new(key, policy.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise AuthenticationError(
            AuthFailure.MISMATCH,
            "The request signature we calculated does not match the signature you provided. Check your key and "
            "signing method.",
        )
    return Verified(region, "s3", timestamp, UNSIGNED_PAYLOAD, expected, key)


def _denied(reason: str) -> ServiceError:
    return ServiceError("AccessDenied", f"Invalid according to Policy: {reason}", 403)
