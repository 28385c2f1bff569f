"""The rules for a training job that is created alone: those of a training definition that are about nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.models.rules import algorithm, built_in, instances, training
from airflow_hpt_provider.models.validation.mode import ValidationMode, reading
from airflow_hpt_provider.models.validation.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

RULES = (
    algorithm.image_or_name,
    built_in.no_metrics_of_the_request,
    training.spot,
    training.run_time,
    training.channels,
    training.instance_group_names,
    instances.instance_preferences,
)
WITH_MACHINES = (instances.kinds_of_machines,)
"""Rules for training jobs that are not serverless."""


def check_training_job(request: Mapping[str, Any]) -> list[Problem]:
    """Return the rules that a CreateTrainingJob request breaks which AWS checks only after the call.

    Args:
        request: the request in AWS names, within botocore's model. What a training definition does not have is
            passed over.

    Returns:
        The problems, in the order of the rules; none if all is well.
    """
    from airflow_hpt_provider.models.request import TuningJobRequest

    with reading(ValidationMode.PARTIAL):
        read: TuningJobRequest | None = TuningJobRequest.model_validate({"TrainingJobDefinition": request})
    if read is None:
        return []
    serverless = request.get("ServerlessJobConfig") is not None
    if not serverless and request.get("ResourceConfig") is None:
        where = ("ResourceConfig",)
        missing = [Problem(where, None, "is missing", "give InstanceType and InstanceCount", sought=(where,))]
    else:
        missing = []
    # Its members are the request's own.
    return missing + [
        replace(problem, location=problem.location[1:], sought=tuple(place[1:] for place in problem.sought))
        for rule in (RULES if serverless else RULES + WITH_MACHINES)
        for problem in rule(read)
    ]
