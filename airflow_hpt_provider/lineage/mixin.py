"""The methods that the OpenLineage provider, where installed, calls for a task's lineage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage

    from airflow_hpt_provider.models import TuningJobDescription, TuningResult


class TuningLineageMixin:
    """Lineage of a task that waits for a tuning job.

    The lineage was stored by :meth:`note_lineage` in this leg of the task on a worker: attributes of an earlier
    leg are gone after a deferral, and asking SageMaker again has no place in a listener.
    """

    _lineage: tuple[TuningJobDescription, TuningResult | None] | None = None

    def note_lineage(self, description: TuningJobDescription, result: TuningResult | None = None) -> None:
        """Keep what SageMaker said of the job at its end, and what it came to."""
        self._lineage = description, result

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any] | None:
        """Return the lineage: the channels' data, the best model, and the tuning job with its ARN as run facets."""
        if self._lineage is None:
            return None
        from airflow_hpt_provider.lineage.facets import lineage

        return lineage(*self._lineage)

    def get_openlineage_facets_on_failure(self, task_instance: Any) -> OperatorLineage[Any, Any] | None:
        """Return the lineage of a failed task: the tuning job's FailureReason as the error message, and no output."""
        return self.get_openlineage_facets_on_complete(task_instance)
