"""The algorithm and its metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_hpt_provider.models.algorithms import amazon_image, find_algorithm
from airflow_hpt_provider.models.rules.helpers import definitions, listed, member_of, objectives
from airflow_hpt_provider.models.validation.errors import near
from airflow_hpt_provider.models.validation.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_hpt_provider.models.request import TuningJobRequest


def image_or_name(request: TuningJobRequest) -> Iterator[Problem]:
    """Exactly one of TrainingImage and AlgorithmName."""
    for at, definition in definitions(request):
        specification, where = member_of(definition.algorithm_specification), (*at, "AlgorithmSpecification")
        if specification is None:
            continue
        if specification.training_image is not None and specification.algorithm_name is not None:
            yield Problem(
                (*where, "AlgorithmName"),
                specification.algorithm_name,
                "TrainingImage is given as well",
                "keep one of them",
            )
        if specification.training_image is None and specification.algorithm_name is None:
            image = (*where, "TrainingImage")
            yield Problem(
                image,
                None,
                "neither TrainingImage nor AlgorithmName is given",
                "give the URI of a container image, or the name of an algorithm",
                sought=(image, (*where, "AlgorithmName")),
            )


def objective_is_a_metric(request: TuningJobRequest) -> Iterator[Problem]:
    """Check that the objective of a custom image is one of its MetricDefinitions."""
    for aim in objectives(request):
        specification = member_of(aim.definition.algorithm_specification)
        wanted = member_of(aim.objective.metric_name)
        image = specification.training_image if specification is not None else None
        if specification is None or image is None or wanted is None:
            continue
        metrics = [metric.name for _, metric in listed(specification.metric_definitions)]
        if wanted in metrics or find_algorithm(image) is not None:
            continue
        place = (*aim.definition_at, "AlgorithmSpecification", "MetricDefinitions")
        known = [name for name in metrics if member_of(name) is not None]
        meant = amazon_image(image)
        remedy = "add a MetricDefinition with this Name and a Regex that finds it in the output"
        yield Problem(
            (*aim.where, "MetricName"),
            wanted,
            f"is not among the MetricDefinitions of the image ({', '.join(known) or 'there are none'})"
            + near(wanted, known),
            remedy + (f", or use Amazon's image, {meant}" if meant else ""),
            aws_message="A metric is required for this hyperparameter tuning job objective. Provide a metric in the "
            "metric definitions.",
            sought=(place,),
        )
