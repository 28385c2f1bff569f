"""The operations, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.aws_json.service_model import sagemaker_model
from airflow_hpt_provider.local.operations import search_api, tagging, training_jobs, tuning_jobs
from airflow_hpt_provider.local.operations.error_messages import not_offered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

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
    "Search": search_api.search,
    "GetSearchSuggestions": search_api.suggest,
}
FAMILY = ("TrainingJob", "HyperParameterTuningJob")
"""What the operations on the service's own jobs have in their names."""
TAGGING = frozenset({"AddTags", "ListTags", "DeleteTags"})
SEARCHING = frozenset({"Search", "GetSearchSuggestions"})


def family(names: Iterable[str]) -> frozenset[str]:
    """Those among SageMaker's operations that are about training jobs or tuning jobs."""
    return frozenset(name for name in names if any(ours in name for ours in FAMILY))


class LocalOperations:
    """An :class:`~airflow_hpt_provider.local.operations.contract.Operations` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # Those that a newer botocore has, too: moto knows nothing of our jobs, so would answer as if there were none.
        self.names = frozenset(HANDLERS) | family(sagemaker_model().operation_names)

    def handles(self, operation: str, parameters: Mapping[str, Any]) -> bool:
        """Return whether the service implements this call; otherwise moto serves it."""
        if operation in TAGGING:
            return tagging.is_ours(str(parameters.get("ResourceArn", "")))
        if operation in SEARCHING:
            return search_api.is_ours(parameters["Resource"])
        return operation in self.names

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out one operation.

        Raises:
            ServiceError: the operation's own, or UnknownOperationException: it is newer than the service.
        """
        if operation not in HANDLERS:
            raise not_offered(operation)
        return HANDLERS[operation](self.engine, parameters)

    def start(self) -> None:
        """Take up what an earlier process of the service left."""
        self.engine.start()

    def close(self) -> None:
        """End all training jobs' processes and close the store."""
        self.engine.close()
        self.engine.database.close()
