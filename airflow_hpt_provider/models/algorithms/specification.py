"""An AlgorithmSpecification with what SageMaker adds to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.models.algorithms.algorithm import MAX_METRICS, with_objective
from airflow_hpt_provider.models.algorithms.find import find_algorithm

if TYPE_CHECKING:
    from collections.abc import Mapping


def with_known_metrics(
    specification: Mapping[str, Any], hyperparameters: Mapping[str, str], objective: str | None = None
) -> dict[str, Any]:
    """Return an AlgorithmSpecification with the metrics that SageMaker knows by itself.

    A built-in algorithm has its own MetricDefinitions; of the request's, those with other names follow. The training
    jobs of a tuning job have its objective last, under the name ``ObjectiveMetric``, whatever their image.

    Args:
        specification: of the request, in AWS names.
        hyperparameters: the static ones.
        objective: the metric that the tuning job optimizes; None for a training job that belongs to none.
    """
    given = list(specification.get("MetricDefinitions") or ())
    algorithm = find_algorithm(specification.get("TrainingImage") or "")
    if algorithm is not None:
        # Last comes ObjectiveMetric, after those of the request.
        known = [
            each
            for each in algorithm.metric_definitions(hyperparameters, objective)
            if each["Name"] in algorithm.metrics
        ]
        names = {each["Name"] for each in known}
        given = [*known, *(each for each in given if each["Name"] not in names)][: MAX_METRICS - 1]
    definitions = with_objective(given, objective)
    return {**specification, "MetricDefinitions": definitions} if definitions else dict(specification)
