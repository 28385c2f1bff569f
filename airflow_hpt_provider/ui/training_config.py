"""A training job of a tuning job as the config of a single one, to run the same training again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TrainingJobSummary

MEMBERS = (
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "VpcConfig",
    "StoppingCondition",
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
    "CheckpointConfig",
    "RetryStrategy",
)
"""What CreateTrainingJob takes of DescribeTrainingJob's answer, in this order."""
_OF_TUNING = "_tuning_objective_metric"
"""SageMaker gives it to the training jobs of a tuning job only."""
_LONGEST_NAME = 63


def hidden_names(answer: Mapping[str, Any], summary: TrainingJobSummary) -> dict[str, list[str]]:
    """Return the names of static hyperparameters and of environment variables, whose values the page does not show.

    Args:
        answer: DescribeTrainingJob's.
        summary: of the same training job, in its tuning job's list.
    """
    tuned = {*summary.tuned_hyper_parameters, _OF_TUNING}
    return {
        "hyperparameters": sorted(set(answer.get("HyperParameters") or ()) - tuned),
        "environment": sorted(answer.get("Environment") or ()),
    }


def to_yaml(answer: Mapping[str, Any], summary: TrainingJobSummary) -> str:
    """Return CreateTrainingJob's request as YAML, with the names of what the page does not show as comments.

    The parameters are those of :func:`hidden_names`.
    """
    hidden = hidden_names(answer, summary)
    name = f"{answer['TrainingJobName'][: _LONGEST_NAME - 6]}-again"
    request: dict[str, Any] = {
        "TrainingJobName": name,
        **{key: _plain(answer[key]) for key in MEMBERS if answer.get(key) not in (None, [], {})},
        "HyperParameters": dict(summary.tuned_hyper_parameters),
    }
    comments = [
        f"# As training job {answer['TrainingJobName']}. A name can be used once: change it for the next."
    ]
    for what, names in (
        ("HyperParameters", hidden["hyperparameters"]),
        ("Environment", hidden["environment"]),
    ):
        if names:
            # json: a name with a line break in it would end the comment.
            shown = ", ".join(json.dumps(one) for one in names)
            comments.append(f"# {what} whose values the tuning page does not show, add them: {shown}")
    return "\n".join([*comments, yaml.safe_dump(request, sort_keys=False, allow_unicode=True, width=110)])


def _plain(value: Any) -> Any:
    """Return a value of a response without the members that are empty."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items() if each not in (None, "", [], {})}
    return [_plain(each) for each in value] if isinstance(value, list) else value
