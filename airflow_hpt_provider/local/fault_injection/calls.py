"""Which call meets which fault."""

from __future__ import annotations

import random
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Protocol

from airflow_hpt_provider.local.aws_json.service_model import TARGET_PREFIX
from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.fault_injection.rules import FaultKind
from airflow_hpt_provider.local.http.auth.errors import AuthenticationError
from airflow_hpt_provider.local.http.auth.parse import parse_signature
from airflow_hpt_provider.local.http.auth.sigv2 import is_presigned_v2
from airflow_hpt_provider.local.s3.wire.routing import route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_hpt_provider.local.fault_injection.rules import CallFault
    from airflow_hpt_provider.local.http.request import WireRequest


def service_of(request: WireRequest) -> str | None:
    """Return the service that a request is signed for; None if it is not signed."""
    if is_presigned_v2(request):
        return "s3"
    try:
        return parse_signature(request).service
    except AuthenticationError:
        return None


def call_name(request: WireRequest) -> str | None:
    """Return the name of a request in fault files: ``DescribeTrainingJob``, ``s3:PutObject``, ``logs:PutLogEvents``.

    STS and IAM name the operation in the body, which is not read here: they are ``sts:POST`` and ``iam:POST``
    (:class:`~airflow_hpt_provider.local.fault_injection.endpoint.FaultyEndpoint` reads ``iam:GetRole``). None for a
    request that is not signed.
    """
    service = service_of(request)
    if service is None:
        return None
    prefix, _, operation = request.target.rpartition(".")
    if prefix == TARGET_PREFIX:
        return operation
    if service == "s3":
        bucket, _, key = request.path.removeprefix("/").partition("/")
        try:
            operation = route(request.method, bucket, key, request.parameters, request.headers)
        except ServiceError:
            operation = ""
    return f"{service}:{operation or request.method}"


class FaultSource(Protocol):
    """Decides which call meets which fault: the rules of a file, or a test."""

    @property
    def deny_tags(self) -> bool:
        """Whether AddTags may meet ``access_denied``."""

    def next_fault(self, name: str, request: WireRequest) -> CallFault | None:
        """Return the fault that this call meets, if any; called once for each call, in the event loop."""


class CallFaults:
    """Deals out faults. Not thread-safe: the event loop's.

    Args:
        faults: in order of precedence: the first that matches a call is injected.
    """

    def __init__(self, faults: Sequence[CallFault]) -> None:
        self._rules = [_FaultRule(fault) for fault in faults]

    @property
    def deny_tags(self) -> bool:
        """Whether AddTags may meet ``access_denied``."""
        faults = (rule.fault for rule in self._rules)
        return any(
            fault.kind is FaultKind.ACCESS_DENIED and fnmatchcase("AddTags", fault.operation)
            for fault in faults
        )

    def next_fault(self, name: str, request: WireRequest | None = None) -> CallFault | None:
        """Return the fault that this call meets, if any. Every fault that matches counts the call."""
        met: CallFault | None = None
        for rule in self._rules:
            if fnmatchcase(name, rule.fault.operation) and rule.matches(taken=met is not None):
                met = rule.fault
        return met


class _FaultRule:
    """One fault and what it has seen."""

    def __init__(self, fault: CallFault) -> None:
        self.fault = fault
        self._seen = 0
        self._faulted = 0
        self._random = random.Random(fault.seed)  # noqa: S311 - a test's dice

    def matches(self, *, taken: bool) -> bool:
        """Return whether the fault affects the next call; ``taken``: the call already has another fault."""
        fault = self.fault
        self._seen += 1
        # Thrown for every call, so that a seed means the same calls whatever the other fields say.
        affects = self._random.random() < fault.rate
        if self._seen <= fault.after or (fault.first is not None and self._seen > fault.first):
            return False
        if fault.times is not None and self._faulted >= fault.times:
            return False
        affects = affects and not taken
        self._faulted += affects
        return affects
