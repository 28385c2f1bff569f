"""What AWS answers about a training job of a tuning job."""

import datetime as dt

from pydantic import Field

from airflow_hpt_provider.models import shapes
from airflow_hpt_provider.models.status import TERMINAL_TRAINING_STATUSES, TrainingJobStatus, word_of
from airflow_hpt_provider.models.validation.base import AnswerModel


class FinalHyperParameterTuningJobObjectiveMetric(AnswerModel):
    """The last objective that a training job emitted."""

    type: shapes.HyperParameterTuningJobObjectiveType | None = Field(
        None, description="Minimize or Maximize."
    )
    metric_name: shapes.MetricName = Field(description="The metric.")
    value: shapes.MetricValue = Field(description="Its value.")


class TrainingJobSummary(AnswerModel):
    """A training job of a tuning job, as Describe and ListTrainingJobsForHyperParameterTuningJob give it."""

    training_job_definition_name: shapes.HyperParameterTrainingJobDefinitionName | None = Field(
        None, description="The definition it was made from."
    )
    training_job_name: shapes.TrainingJobName = Field(description="Its name.")
    training_job_arn: shapes.TrainingJobArn = Field(description="Its ARN.")
    tuning_job_name: shapes.HyperParameterTuningJobName | None = Field(
        None, description="The tuning job that launched it."
    )
    creation_time: shapes.Timestamp = Field(description="When it was created.")
    training_start_time: shapes.Timestamp | None = Field(None, description="When training started.")
    training_end_time: shapes.Timestamp | None = Field(None, description="When it ended; billing ends here.")
    training_job_status: shapes.TrainingJobStatus = Field(description="What it is doing.")
    tuned_hyper_parameters: shapes.HyperParameters = Field(description="The values that were chosen for it.")
    failure_reason: shapes.FailureReason | None = Field(None, description="Why it failed.")
    final_hyper_parameter_tuning_job_objective_metric: FinalHyperParameterTuningJobObjectiveMetric | None = (
        Field(None, description="The last objective it emitted.")
    )
    objective_status: shapes.ObjectiveStatus | None = Field(None, description="What became of its objective.")

    @classmethod
    def aws_shape(cls) -> str:
        """Return the name in AWS's service model."""
        return "HyperParameterTrainingJobSummary"

    @property
    def status(self) -> TrainingJobStatus | str:
        """What it is doing; a plain string if AWS's word is newer than this release."""
        return word_of(TrainingJobStatus, self.training_job_status)

    @property
    def is_terminal(self) -> bool:
        """Whether it has ended."""
        return self.training_job_status in TERMINAL_TRAINING_STATUSES

    @property
    def final_metric(self) -> float | None:
        """The last objective it emitted; None if there is none."""
        metric = self.final_hyper_parameter_tuning_job_objective_metric
        return None if metric is None else metric.value

    @property
    def duration(self) -> dt.timedelta | None:
        """The time from start to end of training; None if it has not ended."""
        if self.training_start_time is None or self.training_end_time is None:
            return None
        return self.training_end_time - self.training_start_time

    def __repr__(self) -> str:
        metric = "" if self.final_metric is None else f", objective={self.final_metric:g}"
        return f"{type(self).__name__}({self.training_job_name!r}, {self.training_job_status}{metric})"

    __str__ = __repr__
