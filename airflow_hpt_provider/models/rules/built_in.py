"""What SageMaker refuses of a tuning job of one of its built-in algorithms. The words are ours: AWS's are unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_hpt_provider.models.algorithms import Algorithm, find_algorithm
from airflow_hpt_provider.models.algorithms.algorithm import EITHER
from airflow_hpt_provider.models.rules.helpers import (
    definitions,
    listed,
    member_of,
    names_in,
    objectives,
    searches,
)
from airflow_hpt_provider.models.validation.errors import near
from airflow_hpt_provider.models.validation.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_hpt_provider.models.request import TuningJobRequest
    from airflow_hpt_provider.models.training import HyperParameterTrainingJobDefinition


def algorithm_of(definition: HyperParameterTrainingJobDefinition | None) -> Algorithm | None:
    """Return the built-in algorithm of a training job definition; None for a custom image or an AlgorithmName."""
    specification = member_of(definition.algorithm_specification) if definition is not None else None
    image = specification.training_image if specification is not None else None
    return find_algorithm(image) if image is not None else None


def objective_of_algorithm(request: TuningJobRequest) -> Iterator[Problem]:
    """Check that the objective is a metric that the algorithm logs, in its direction.

    A metric that the request defines by itself is left to AWS, which is reported both to refuse and to take it.
    """
    for aim in objectives(request):
        algorithm = algorithm_of(aim.definition)
        wanted, direction = member_of(aim.objective.metric_name), member_of(aim.objective.type)
        specification = member_of(aim.definition.algorithm_specification)
        if algorithm is None or wanted is None or specification is None:
            continue
        own = [metric.name for _, metric in listed(specification.metric_definitions)]
        known = algorithm.objectives
        if wanted not in known:
            if wanted not in own:
                yield Problem(
                    (*aim.where, "MetricName"),
                    wanted,
                    f"is no objective metric of the built-in algorithm {algorithm.name}"
                    + near(wanted, known),
                    f"use one of {', '.join(known)}" if known else "this algorithm cannot be tuned",
                )
        elif direction is not None and direction != known[wanted] and known[wanted] != EITHER:
            yield Problem(
                (*aim.where, "Type"),
                direction,
                f"must be {known[wanted]} for {wanted} of the built-in algorithm {algorithm.name}",
                f"set it to {known[wanted]}",
            )


def tunable_names(request: TuningJobRequest) -> Iterator[Problem]:
    """Only hyperparameters that the algorithm lets tuning jobs search have ranges."""
    for search in searches(request):
        algorithm = algorithm_of(search.definition)
        if algorithm is None:
            continue
        for where, name in names_in(search):
            # Autotune leaves out what it cannot tune.
            if name in algorithm.tunable or "AutoParameters" in where:
                continue
            tunable = ", ".join(algorithm.tunable) or "no hyperparameter"
            yield Problem(
                where,
                name,
                f"cannot be tuned: the built-in algorithm {algorithm.name} lets a tuning job search {tunable}"
                + near(name, algorithm.tunable),
                "move it to StaticHyperParameters",
            )


def no_metrics_of_the_request(request: TuningJobRequest) -> Iterator[Problem]:
    """Check that a training job of a built-in algorithm has no MetricDefinitions: CreateTrainingJob rejects them."""
    for at, definition in definitions(request):
        specification, algorithm = member_of(definition.algorithm_specification), algorithm_of(definition)
        if algorithm is not None and specification is not None and specification.metric_definitions:
            yield Problem(
                (*at, "AlgorithmSpecification", "MetricDefinitions"),
                None,
                f"is given, but the built-in algorithm {algorithm.name} has its own metric definitions",
                "remove it",
                aws_message="You can't override the metric definitions for Amazon SageMaker algorithms. Please retry "
                "the request without specifying metric definitions.",
            )
