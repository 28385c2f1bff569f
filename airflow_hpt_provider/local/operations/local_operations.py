"""The operations, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.operations import searching, tagging, training_jobs, tuning_jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airflow_hpt_provider.local.engine.engine import Engine

HANDLERS: Mapping[str, Callable[[Engine, Mapping[str, Any]], dict[str, Any]]] = {
    "CreateHyperParameterTuningJob": tuning_jobs.create,
    "DescribeHyperParameterTuningJob": tuning_jobs.describe,
    "ListHyperParameterTuningJobs": tuning_jobs.list_,
    "StopHyperParameterTuningJob": tuning_jobs.stop,
    "DeleteHyperParameterTuningJob": tuning_jobs.delete,
    "ListTrainingJobsForHyperParameterTuningJob": tuning_jobs.list_training_jobs,
    "CreateTrainingJob": training_jobs.create,
    "DescribeTrainingJob": training_jobs.describe,
    "ListTrainingJobs": training_jobs.list_,
    "UpdateTrainingJob": training_jobs.update,
    "StopTrainingJob": training_jobs.stop,
    "DeleteTrainingJob": training_jobs.delete,
    "AddTags": tagging.add,
    "ListTags": tagging.list_,
    "DeleteTags": tagging.delete,
    "Search": searching.search,
}
TAGGING = frozenset({"AddTags", "ListTags", "DeleteTags"})


class LocalOperations:
    """An :class:`~airflow_hpt_provider.local.operations.contract.Operations` over an engine."""

    names = frozenset(HANDLERS)

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def handles(self, operation: str, parameters: Mapping[str, Any]) -> bool:
        """Whether this call is for us, not for moto."""
        if operation in TAGGING:
            return tagging.is_ours(str(parameters.get("ResourceArn", "")))
        if operation == "Search":
            return searching.is_ours(parameters["Resource"])
        return operation in self.names

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out one operation."""
        return HANDLERS[operation](self.engine, parameters)

    def start(self) -> None:
        """Take up what an earlier process of the service left."""
        self.engine.start()

    def close(self) -> None:
        """End all training jobs' processes and close the store."""
        self.engine.close()
        self.engine.database.close()
