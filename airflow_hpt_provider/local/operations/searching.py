"""Search: moto's, which knows nothing of our jobs; that they are not found must not look as if there were none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from airflow_hpt_provider.local.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_hpt_provider.local.engine.engine import Engine

INSTEAD = {
    "TrainingJob": "ListTrainingJobs or ListTrainingJobsForHyperParameterTuningJob",
    "HyperParameterTuningJob": "ListHyperParameterTuningJobs",
}


def is_ours(resource: str) -> bool:
    """Whether a search is for what the service keeps itself."""
    return resource in INSTEAD


def search(_engine: Engine, parameters: Mapping[str, Any]) -> NoReturn:
    """Refuse it.

    Raises:
        ServiceError: always.
    """
    resource = parameters["Resource"]
    raise ServiceError(
        "UnknownOperationException",
        f"The local tuning service does not offer 'Search' of {resource}: use {INSTEAD[resource]}.",
    )
