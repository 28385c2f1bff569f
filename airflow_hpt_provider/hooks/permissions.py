"""The IAM actions that each part of the provider needs, and policies made of them.

:data:`PARTS` is the only list. A test runs each part against the local service, where every other action is denied.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Where = Literal["worker", "triggerer", "api-server", "command-line"]

_CREATE = frozenset({"sagemaker:CreateHyperParameterTuningJob", "sagemaker:AddTags", "iam:PassRole"})
_READ = frozenset({"sagemaker:DescribeHyperParameterTuningJob"})
_STOP = frozenset({"sagemaker:StopHyperParameterTuningJob"})
_LIST = frozenset({"sagemaker:ListHyperParameterTuningJobs"})
_TAGS = frozenset({"sagemaker:ListTags"})
_TRAINING_JOBS = frozenset({"sagemaker:ListTrainingJobsForHyperParameterTuningJob"})
_TRAINING_JOB = frozenset({"sagemaker:DescribeTrainingJob"})
_METRICS = frozenset({"sagemaker:Search"})
_LOGS = frozenset({"logs:DescribeLogStreams", "logs:GetLogEvents"})
_CURVES = frozenset({"cloudwatch:GetMetricData"})
_QUEUE = frozenset({"sqs:ReceiveMessage", "sqs:DeleteMessage"})

PARTS: Mapping[Where, Mapping[str, frozenset[str]]] = {
    "worker": {
        "HyperParameterTuningJobOperator": _CREATE
        | _READ
        | _STOP
        | _TAGS
        | _TRAINING_JOBS
        | _TRAINING_JOB
        | {"iam:GetRole"},
        "HyperParameterTuningJobSensor": _READ | _STOP | _TRAINING_JOBS | _TRAINING_JOB,
        "StopHyperParameterTuningJobOperator": _READ | _STOP,
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
        "HyperParameterTuningJobTrigger": _READ | _LIST | _STOP | _TRAINING_JOBS | _TRAINING_JOB,
        "HyperParameterTuningJobTrigger(event_queue_url)": _READ | _QUEUE | {"sqs:ChangeMessageVisibility"},
        "CreationTurnTrigger": _LIST,
        "TuningJobStateChangeTrigger": _QUEUE | _READ | _TRAINING_JOB | {"sqs:GetQueueAttributes"},
    },
    "api-server": {
        "tuning page": _READ
        | _LIST
        | _STOP
        | _TAGS
        | _TRAINING_JOBS
        | _TRAINING_JOB
        | _METRICS
        | _CURVES
        | _LOGS
        | {"sagemaker:StopTrainingJob"},
        "orphaned jobs": _READ | _STOP | _TAGS,
        "links": frozenset(),
    },
    "command-line": {
        "create": frozenset({"sagemaker:CreateHyperParameterTuningJob", "iam:PassRole"}),
        "wait": _READ | _TRAINING_JOBS,
        "list": _LIST,
        "training-jobs": _READ | _TRAINING_JOBS | _METRICS,
        "best": _READ | _TRAINING_JOB,
        "plot": _READ | _TRAINING_JOBS,
        "stop": _READ | _STOP,
        "describe-hyper-parameter-tuning-job": _READ,
        "logs": _TRAINING_JOB | _LOGS,
        "export": _READ | _TRAINING_JOBS | _METRICS | _CURVES,
        "hook.delete()": frozenset({"sagemaker:DeleteHyperParameterTuningJob"}),
    },
}
"""Where -> a part of the provider that runs there -> all actions that it may need."""

_RESOURCES = {
    "hyper-parameter-tuning-job": _READ
    | _STOP
    | _TAGS
    | _TRAINING_JOBS
    | {
        "sagemaker:CreateHyperParameterTuningJob",
        "sagemaker:DeleteHyperParameterTuningJob",
        "sagemaker:AddTags",
    },
    "training-job": _TRAINING_JOB | {"sagemaker:StopTrainingJob"},
    "model-package-group": frozenset(
        {"sagemaker:CreateModelPackageGroup", "sagemaker:DescribeModelPackageGroup"}
    ),
    "model-package": frozenset({"sagemaker:DescribeModelPackage"}),
}
"""SageMaker's resource type -> the actions that can be limited to it. IAM knows the others for all resources only."""


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
    group = f"{prefix}:logs:{place}:log-group:/aws/sagemaker/TrainingJobs:*"
    statements.append(_statement("logs", {each for each in actions if each.startswith("logs:")}, [group]))
    covered = {action for each in statements for action in each["Action"]}
    statements.append(_statement("all-resources", actions - covered, ["*"]))
    return {"Version": "2012-10-17", "Statement": [each for each in statements if each["Action"]]}


def _statement(name: str, actions: Iterable[str], resources: list[str]) -> dict[str, Any]:
    sid = "".join(word.capitalize() for word in name.split("-"))
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resources}
