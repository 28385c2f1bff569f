"""IAM as far as a policy goes: a proxy's decision about each call, by the policy's actions and resources."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.support.faulty_proxy import ProxyFault
from tests.support.service_authorization import actions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.faulty_proxy import Call

SAME = {
    "monitoring:GetMetricData": "cloudwatch:GetMetricData",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}
"""Operations that are permitted by another action's name."""
NOT_CALLED = {"iam:PassRole"}
"""SageMaker checks it: the provider makes no such call."""
ACCOUNT = "123456789012"


class IamRules:
    """Decides about a :class:`FaultyProxy`'s calls as IAM does: what no statement allows is denied.

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

    def __call__(self, call: Call) -> ProxyFault | None:
        """Return None if the call is allowed."""
        action = f"{call.service}:{call.operation}"
        called = {SAME.get(action, action)}
        if call.has_tags and call.operation.startswith("Create"):
            called.add("sagemaker:AddTags")
        resource = resource_of(SAME.get(action, action), call.about)
        self.used |= called
        refused = {f"{each} {resource or ''}".strip() for each in called if not self._allows(each, resource)}
        self.denied |= refused
        return ProxyFault.DENIED if refused else None

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
