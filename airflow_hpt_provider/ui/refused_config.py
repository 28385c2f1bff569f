"""The problems of a config that the task has refused, from the fields that a worker has stored.

The worker validates the config before it creates anything, and fails. The same check of the same config finds the same
problems here, so nothing needs to be kept for the page.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from airflow_hpt_provider.models import TuningJobRequest
from airflow_hpt_provider.models.validation.messages import errors_in
from airflow_hpt_provider.ui.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

ROLE = "arn:aws:iam::123456789012:role/stands-for-a-role-name"
"""A worker looks up the ARN of a role's name; the page does not."""


def refusal(rendered: Mapping[str, Any]) -> Problem | None:
    """Return the problems of a task's config; None if it is valid, or not known in full.

    Args:
        rendered: the task's arguments as a worker has stored them.
    """
    config = _config(rendered.get("config"))
    if config is None:
        return None
    try:
        TuningJobRequest.model_validate(config)
    except ValidationError as error:
        found = [_row(place, text) for place, text, _ in errors_in(error)]
        return Problem(
            404,
            "refused_config",
            f"The config has {len(found)} problem{'s' * (len(found) > 1)}",
            "The task has created no tuning job.",
            "Change the config, then clear the task.",
            problems=tuple(found),
        )
    return None


def _config(stored: Any) -> dict[str, Any] | None:
    """Return the config; None if Airflow has cut it off or masked parts of it, or if it is the path of a file."""
    if isinstance(stored, str):
        try:
            stored = json.loads(stored)
        except ValueError:
            return None
    if not isinstance(stored, dict) or "***" in json.dumps(stored, default=str):
        return None
    return _with_role_arns(stored)


def _with_role_arns(config: dict[str, Any]) -> dict[str, Any]:
    def with_arn(definition: Any) -> Any:
        role = definition.get("RoleArn") if isinstance(definition, dict) else None
        if isinstance(role, str) and role and not role.startswith("arn:"):
            return {**definition, "RoleArn": ROLE}
        return definition

    changed = dict(config)
    if "TrainingJobDefinition" in config:
        changed["TrainingJobDefinition"] = with_arn(config["TrainingJobDefinition"])
    if isinstance(config.get("TrainingJobDefinitions"), list):
        changed["TrainingJobDefinitions"] = [with_arn(one) for one in config["TrainingJobDefinitions"]]
    return changed


def _row(place: str, text: str) -> dict[str, str]:
    problem, _, remedy = text.partition("; ")
    return {"field": place.removesuffix(": "), "problem": problem, "remedy": remedy}
