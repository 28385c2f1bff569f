"""The rules of warm starts, which need the parents to be checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.db import tuning_jobs
from airflow_hpt_provider.local.db.records import RUNNING
from airflow_hpt_provider.local.engine.plan import OBJECTIVE_METRIC, DefinitionPlan, Plan
from airflow_hpt_provider.local.operations.error_messages import invalid, no_tuning_job

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

MAY_CHANGE = {
    "TransferLearning": (
        "algorithmSpecification",
        "inputDataConfig",
        "outputDataConfig",
        "staticHyperParameters",
        "roleArn",
        "resourceConfig",
        "stoppingCondition",
        "vpcConfig",
        "enableManagedSpotTraining",
        "checkpointConfig",
    ),
    "IdenticalDataAndAlgorithm": (
        "outputDataConfig",
        "staticHyperParameters",
        "roleArn",
        "resourceConfig",
        "stoppingCondition",
        "vpcConfig",
        "enableManagedSpotTraining",
        "checkpointConfig",
    ),
}
MAX_CHANGES = 10
"""Hyperparameters that may go from static to tunable, or back."""


def check(connection: sqlite3.Connection, request: Mapping[str, Any], plan: Plan) -> None:
    """Check a request against its parents.

    Raises:
        ServiceError: a ValidationException, or ResourceNotFound.
    """
    kind = (request.get("WarmStartConfig") or {}).get("WarmStartType")
    for name in plan.parents:
        parent = tuning_jobs.find(connection, name)
        if parent is None:
            raise no_tuning_job(name)
        if parent.status in RUNNING:
            raise invalid(
                f"The parent hyperparameter tuning job {name} is in status {parent.status}: parents of a warm start "
                "must have ended. Wait for it, or stop it."
            )
        theirs = {each.name: each for each in Plan.of(parent.request, parent.seed).definitions}
        for definition in plan.definitions:
            before = theirs.get(definition.name)
            if before is None:
                raise invalid(
                    f"The parent hyperparameter tuning job {name} has no training job definition named "
                    f"{definition.name}: warm starts need the same definition names."
                )
            _compare(name, str(kind), before, definition)


def _compare(parent: str, kind: str, before: DefinitionPlan, now: DefinitionPlan) -> None:
    if (before.objective_type, before.objective_metric) != (now.objective_type, now.objective_metric):
        raise invalid(
            "The objective metric for the hyperparameter tuning job must be the same as for all its parents: "
            f"{parent} has {before.objective_type} {before.objective_metric}, the request has "
            f"{now.objective_type} {now.objective_metric}."
        )
    types_before, types_now = _types(before), _types(now)
    static_before, static_now = _static(before), _static(now)
    if set(types_before) | static_before != set(types_now) | static_now:
        raise invalid(
            "The set of tunable plus static HyperParameter names is not the same across current and parent tuning "
            "jobs. Please ensure this set is constant when warm starting. Note that previously static "
            "HyperParameters can be tuned in warm start jobs and vice versa."
        )
    for name in types_before.keys() & types_now.keys():
        if types_before[name] != types_now[name]:
            raise invalid(
                f"The type of the hyperparameter {name} must be the same as in all parent tuning jobs: it is "
                f"{types_before[name]} in {parent} and {types_now[name]} in the request."
            )
    changes = static_before ^ static_now
    if len(changes) > MAX_CHANGES:
        raise invalid(
            f"At most {MAX_CHANGES} hyperparameters may change between static and tunable in a warm start; "
            f"compared with {parent}, {len(changes)} do."
        )
    allowed = MAY_CHANGE[kind]
    for member in before.body.keys() | now.body.keys():
        # A switch that is left out is off; a list that is left out is empty.
        if (before.body.get(member) or None) == (now.body.get(member) or None) or member[0].lower() + member[
            1:
        ] in allowed:
            continue
        if member == "AlgorithmSpecification" and _image(before.body[member]) == _image(now.body[member]):
            continue  # "the same training image"
        raise invalid(
            f"Only the following fields in TrainingJobDefinition are allowed to change: [{', '.join(allowed)}]."
        )


def _types(definition: DefinitionPlan) -> dict[str, str]:
    return {
        item["Name"]: kind.removesuffix("ParameterRanges")
        for kind, items in definition.ranges.items()
        if kind != "AutoParameters"
        for item in items or ()
    }


def _static(definition: DefinitionPlan) -> set[str]:
    return set(definition.static) - {OBJECTIVE_METRIC}


def _image(specification: Mapping[str, Any]) -> Any:
    return specification.get("TrainingImage") or specification.get("AlgorithmName")
