"""The IAM actions that each part of the provider needs, and policies made of them.

Each method of a hook declares its actions (:mod:`airflow_hpt_provider.hooks.actions`), and :data:`PARTS` names the
methods that each part calls. A test runs each part against the local service, where every other action is denied.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from airflow_hpt_provider.hooks.actions import actions_of
from airflow_hpt_provider.hooks.final_metrics import known_final_metrics
from airflow_hpt_provider.hooks.metric_curves import metric_curves
from airflow_hpt_provider.hooks.sqs import SqsQueue
from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook as Hook

Where = Literal["worker", "triggerer", "api-server", "command-line"]

_TRAINING_LOG = frozenset({"logs:DescribeLogStreams", "logs:GetLogEvents"})
_CURVES = actions_of(metric_curves)
_QUEUE = actions_of(SqsQueue.receive, SqsQueue.delete)
_PAGE = (
    actions_of(
        Hook.describe,
        Hook.list,
        Hook.stop,
        Hook.tags,
        Hook.training_jobs,
        Hook.describe_training_job,
        known_final_metrics,
    )
    | _CURVES
    | _TRAINING_LOG
    | {"sagemaker:StopTrainingJob"}
)
_ROLE_BY_NAME = frozenset({"iam:GetRole"})

PARTS: Mapping[Where, Mapping[str, frozenset[str]]] = {
    "worker": {
        "HyperParameterTuningJobOperator": _ROLE_BY_NAME
        | actions_of(
            Hook.create, Hook.describe, Hook.stop, Hook.tags, Hook.training_jobs, Hook.with_artifacts
        ),
        "HyperParameterTuningJobSensor": actions_of(
            Hook.describe, Hook.stop, Hook.training_jobs, Hook.with_artifacts
        ),
        "StopHyperParameterTuningJobOperator": actions_of(Hook.describe, Hook.stop),
        "RegisterBestTrainingJobOperator": frozenset(
            {
                "sagemaker:CreateModelPackage",
                "sagemaker:CreateModelPackageGroup",
                "sagemaker:DescribeModelPackage",
                "sagemaker:DescribeModelPackageGroup",
                "sagemaker:ListModelPackages",
            }
        ),
    },
    "triggerer": {
        "HyperParameterTuningJobTrigger": actions_of(
            Hook.describe, Hook.list, Hook.stop, Hook.training_jobs, Hook.with_artifacts
        ),
        "HyperParameterTuningJobTrigger(event_queue_url)": actions_of(Hook.describe, SqsQueue.release)
        | _QUEUE,
        "CreationTurnTrigger": actions_of(Hook.list),
        "TuningJobStateChangeTrigger": actions_of(Hook.describe, Hook.with_artifacts)
        | _QUEUE
        | {"sqs:GetQueueAttributes"},
    },
    "api-server": {
        "tuning page": _PAGE,
        "orphaned jobs": actions_of(Hook.describe, Hook.stop, Hook.tags),
        "links": frozenset(),
    },
    "command-line": {
        "create": actions_of(Hook.create) | _ROLE_BY_NAME,
        "wait": actions_of(Hook.wait, Hook.failures),
        "list": actions_of(Hook.list),
        "training-jobs": actions_of(Hook.training_jobs, known_final_metrics),
        "best": actions_of(Hook.describe, Hook.with_artifacts),
        "plot": actions_of(Hook.describe, Hook.training_jobs),
        "stop": actions_of(Hook.describe, Hook.stop),
        "describe-hyper-parameter-tuning-job": actions_of(Hook.describe),
        "logs": actions_of(Hook.describe_training_job) | _TRAINING_LOG,
        "export": actions_of(Hook.history),
        "page": _PAGE,
        "hook.delete()": actions_of(Hook.delete),
    },
}
"""Where -> a part of the provider that runs there -> all actions that it may need."""

_RESOURCES = {
    "hyper-parameter-tuning-job": actions_of(
        Hook.create, Hook.describe, Hook.stop, Hook.delete, Hook.tags, Hook.add_tags, Hook.training_jobs
    )
    - {"iam:PassRole"},
    "training-job": actions_of(Hook.describe_training_job) | {"sagemaker:StopTrainingJob"},
    "model-package-group": frozenset(
        {"sagemaker:CreateModelPackageGroup", "sagemaker:DescribeModelPackageGroup"}
    ),
    "model-package": frozenset({"sagemaker:DescribeModelPackage"}),
}
"""SageMaker's resource type -> the actions that are limited to it. A test compares them with AWS's reference."""


@dataclass(frozen=True)
class Scope:
    """What the resources of a policy are limited to.

    Attributes:
        partition, region, account: of the ARNs; region and account may be ``*``.
        name_prefix: tuning jobs, and so their training jobs, whose names begin so; empty: all.
        role_arn: the training role that is passed to SageMaker; None: any role of the account.
        queue_arn: the SQS queue; None: any queue of the account.
    """

    partition: str = "aws"
    region: str = "*"
    account: str = "*"
    name_prefix: str = ""
    role_arn: str | None = None
    queue_arn: str | None = None


def actions_for(where: Iterable[Where]) -> frozenset[str]:
    """Return all actions that the parts in these places need."""
    return frozenset().union(*(actions for each in where for actions in PARTS[each].values()))


def policy(actions: frozenset[str], scope: Scope) -> dict[str, Any]:
    """Return an identity-based policy that allows these actions, as narrowly as IAM can express it."""
    prefix = f"arn:{scope.partition}"
    place = f"{scope.region}:{scope.account}"
    role = scope.role_arn or f"{prefix}:iam::{scope.account}:role/*"
    statements = []
    for kind, limited in _RESOURCES.items():
        name = f"{scope.name_prefix}*" if kind in {"hyper-parameter-tuning-job", "training-job"} else "*"
        resource = [f"{prefix}:sagemaker:{place}:{kind}/{name}"]
        statements.append(_statement(kind, actions & limited, resource))
    statements.append(
        _statement(
            "create-model-package",
            actions & {"sagemaker:CreateModelPackage"},
            [f"{prefix}:sagemaker:{place}:{kind}/*" for kind in ("model-package", "model-package-group")],
        )
    )
    passed = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    statements.append(_statement("pass-role", actions & {"iam:PassRole"}, [role]) | {"Condition": passed})
    statements.append(_statement("role", actions & {"iam:GetRole"}, [role]))
    queue = scope.queue_arn or f"{prefix}:sqs:{place}:*"
    statements.append(_statement("queue", {each for each in actions if each.startswith("sqs:")}, [queue]))
    group = f"{prefix}:logs:{place}:log-group:/aws/sagemaker/TrainingJobs"
    logs = {each for each in actions if each.startswith("logs:")}
    statements.append(_statement("logs", logs, [group, f"{group}:*"]))  # the group, and its streams
    covered = {action for each in statements for action in each["Action"]}
    statements.append(_statement("all-resources", actions - covered, ["*"]))
    return {"Version": "2012-10-17", "Statement": [each for each in statements if each["Action"]]}


def _statement(name: str, actions: Iterable[str], resources: list[str]) -> dict[str, Any]:
    sid = "".join(word.capitalize() for word in name.split("-"))
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resources}
