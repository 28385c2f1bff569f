"""What is exported of a tuning job: its training jobs with their hyperparameters, metrics and curves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.display.hyperparameters import unquoted
from airflow_hpt_provider.hooks.metric_curves import CurveKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_hpt_provider.hooks.metric_curves import Curves, MetricPoint
    from airflow_hpt_provider.models import TrainingJobSummary, TuningJobDescription


@dataclass(frozen=True)
class TuningHistory:
    """A tuning job and what its training jobs came to.

    Attributes:
        description: the tuning job.
        training_jobs: in the order of their creation.
        final_metrics: training job's name -> metric -> final value, without the objective.
        curves: the metrics over time, as far as CloudWatch has them.
    """

    description: TuningJobDescription
    training_jobs: Sequence[TrainingJobSummary]
    final_metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    curves: Curves = field(default_factory=dict)

    def objective_name(self, training_job: TrainingJobSummary) -> str:
        """Return the name of the metric that the training job was to optimise."""
        objective = self.description.objective_of(self.description.definition_of(training_job))
        return "" if objective is None else objective.metric_name

    def curve(self, training_job: TrainingJobSummary) -> list[MetricPoint]:
        """Return the objective over time; empty if CloudWatch does not have it."""
        return self.curves.get(
            CurveKey(training_job.training_job_name, self.objective_name(training_job)), []
        )

    def facts(self, training_job: TrainingJobSummary) -> dict[str, Any]:
        """Return what is neither hyperparameter nor metric, by the names that SageMaker gives it."""
        found = {
            "TuningJobName": self.description.name,
            "TrainingJobName": training_job.training_job_name,
            "TrainingJobArn": training_job.training_job_arn,
            "TrainingJobStatus": training_job.training_job_status,
            "TrainingJobDefinitionName": training_job.training_job_definition_name,
            "ObjectiveStatus": training_job.objective_status,
            "FailureReason": training_job.failure_reason,
            "TrainingSeconds": None
            if training_job.duration is None
            else training_job.duration.total_seconds(),
        }
        return {name: value for name, value in found.items() if value is not None}


def hyperparameters_of(training_job: TrainingJobSummary) -> dict[str, str]:
    """Return the hyperparameters that were chosen, without the quotes that the SageMaker SDK writes around texts."""
    return {name: unquoted(value) for name, value in training_job.tuned_hyper_parameters.items()}
