"""IAM as far as a policy goes: a proxy's decision about each call, by the policy's actions and resources."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.fault_injection.calls import call_name
from airflow_hpt_provider.local.fault_injection.rules import CallFault, FaultKind
from tests.support.faulty_proxy import BODY
from tests.support.service_authorization import actions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_hpt_provider.local.http.request import WireRequest

SAME = {
    "monitoring:GetMetricData": "cloudwatch:GetMetricData",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}
"""Operations that are permitted by another action's name."""
NOT_CALLED = {"iam:PassRole"}
"""SageMaker checks it: the provider makes no such call."""
ACCOUNT = "123456789012"
MEMBERS = ("HyperParameterTuningJobName", "TrainingJobName", "ResourceArn")
"""Members of a request that say what it is about."""


class IamRules:
    """Decides about a :class:`FaultyProxy`'s calls as IAM does: what no statement allows is denied.

    Who creates anything with tags needs AddTags for it, too.

    Args:
        rules: an identity-based policy, as ``airflow-hpt iam-policy`` prints it.

    Attributes:
        allowed: all actions of the policy.
        used: the actions that were called.
        denied: each action that was called and refused, with the resource if the request names one.
    """

    def __init__(self, rules: Mapping[str, Any]) -> None:
        self._statements: list[dict[str, Any]] = rules["Statement"]
        self.allowed = {action for each in self._statements for action in each["Action"]}
        self.used: set[str] = set()
        self.denied: set[str] = set()

    deny_tags = True

    def next_fault(self, name: str, request: WireRequest) -> CallFault | None:
        """Return None if the call is allowed."""
        action = action_of(name)
        # Tags are added to what the call creates.
        created = action_of(call_name(request) or "") if name == "AddTags" and request.target else action
        resource = resource_of(created, _about(BODY.get()))
        self.used.add(action)
        if self._allows(action, resource):
            return None
        self.denied.add(f"{action} {resource or ''}".strip())
        return CallFault(operation=name, kind=FaultKind.ACCESS_DENIED)

    @property
    def needless(self) -> set[str]:
        """The actions that are allowed and that no call has needed."""
        return self.allowed - self.used - NOT_CALLED

    def _allows(self, action: str, resource: str | None) -> bool:
        return any(
            action in each["Action"]
            and (resource is None or any(covers(one, resource) for one in each["Resource"]))
            for each in self._statements
        )


def action_of(name: str) -> str:
    """Return the IAM action of a call, from its name in fault files."""
    action = name if ":" in name else f"sagemaker:{name}"
    return SAME.get(action, action)


def _about(body: bytes) -> str:
    try:
        members = json.loads(body or b"{}")
    except ValueError:
        return ""
    return next((str(members[name]) for name in MEMBERS if name in members), "")


def resource_of(action: str, about: str) -> str | None:
    """Return the ARN that a request is about; None if the request's first member does not say it."""
    if not about or about.startswith("arn:"):
        return about or None
    types = [each["arn"] for each in actions().get(action, {}).get("resources", {}).values()]
    if len(types) != 1:
        return None
    arn = (
        types[0]
        .replace("${Partition}", "aws")
        .replace("${Region}", "us-east-1")
        .replace("${Account}", ACCOUNT)
    )
    return re.sub(r"\$\{\w+\}$", about.replace("\\", ""), arn)


def covers(pattern: str, resource: str) -> bool:
    """Whether an ARN with wildcards covers a resource."""
    parts = (re.escape(each) for each in pattern.split("*"))
    return re.fullmatch(".*".join(parts), resource, re.IGNORECASE) is not None
