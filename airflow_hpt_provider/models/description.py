"""What AWS answers about tuning jobs."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from airflow_hpt_provider.models import shapes
from airflow_hpt_provider.models.counters import ObjectiveStatusCounters, TrainingJobStatusCounters
from airflow_hpt_provider.models.secret_values import secrets_of, without_secrets
from airflow_hpt_provider.models.status import TERMINAL_TUNING_STATUSES, TuningJobStatus, word_of
from airflow_hpt_provider.models.training import HyperParameterTrainingJobDefinition
from airflow_hpt_provider.models.training_job_summary import TrainingJobSummary
from airflow_hpt_provider.models.tuning import (
    Autotune,
    HyperParameterTuningJobConfig,
    HyperParameterTuningJobObjective,
    HyperParameterTuningJobWarmStartConfig,
    ResourceLimits,
)
from airflow_hpt_provider.models.validation.base import AnswerModel
from airflow_hpt_provider.models.validation.collections import ListSize


class HyperParameterTuningJobCompletionDetails(AnswerModel):
    """How near a tuning job is to its completion criteria."""

    number_of_training_jobs_objective_not_improving: shapes.Integer | None = Field(
        None, description="Training jobs without improvement."
    )
    convergence_detected_time: shapes.Timestamp | None = Field(
        None, description="When the search was found to have converged."
    )


class HyperParameterTuningJobConsumedResources(AnswerModel):
    """What a tuning job has used."""

    runtime_in_seconds: shapes.Integer | None = Field(None, description="Its run time in seconds.")


class _TuningJobAnswer:
    """What every response about a tuning job has in common, by shorter names."""

    if TYPE_CHECKING:
        hyper_parameter_tuning_job_name: str
        hyper_parameter_tuning_job_status: str

    @property
    def name(self) -> str:
        """The job's name."""
        return self.hyper_parameter_tuning_job_name

    @property
    def status(self) -> TuningJobStatus | str:
        """What it is doing; a plain string if AWS's word is newer than this release."""
        return word_of(TuningJobStatus, self.hyper_parameter_tuning_job_status)

    @property
    def is_terminal(self) -> bool:
        """Whether it does not change by itself any more."""
        return self.hyper_parameter_tuning_job_status in TERMINAL_TUNING_STATUSES


class TuningJobDescription(_TuningJobAnswer, AnswerModel):
    """The answer of DescribeHyperParameterTuningJob.

    `TuningJobDescription.model_validate(answer)` takes boto3's answer, and the same with ISO 8601 times.
    """

    hyper_parameter_tuning_job_name: shapes.HyperParameterTuningJobName = Field(description="Its name.")
    hyper_parameter_tuning_job_arn: shapes.HyperParameterTuningJobArn = Field(description="Its ARN.")
    hyper_parameter_tuning_job_config: HyperParameterTuningJobConfig = Field(description="How it searches.")
    training_job_definition: HyperParameterTrainingJobDefinition | None = Field(
        None, description="What each training job does."
    )
    training_job_definitions: Annotated[list[HyperParameterTrainingJobDefinition], ListSize(1, 10)] | None = (
        Field(None, description="The definitions, if there are several.")
    )
    hyper_parameter_tuning_job_status: shapes.HyperParameterTuningJobStatus = Field(
        description="What it is doing."
    )
    creation_time: shapes.Timestamp = Field(description="When it was created.")
    hyper_parameter_tuning_end_time: shapes.Timestamp | None = Field(None, description="When it ended.")
    last_modified_time: shapes.Timestamp | None = Field(None, description="When its status last changed.")
    training_job_status_counters: TrainingJobStatusCounters = Field(description="Training jobs by status.")
    objective_status_counters: ObjectiveStatusCounters = Field(
        description="Training jobs by what became of their objective."
    )
    best_training_job: TrainingJobSummary | None = Field(None, description="The best one so far.")
    overall_best_training_job: TrainingJobSummary | None = Field(
        None, description="The best one of this and its parents, with IdenticalDataAndAlgorithm."
    )
    warm_start_config: HyperParameterTuningJobWarmStartConfig | None = Field(
        None, description="What it learns from."
    )
    autotune: Autotune | None = Field(None, description="Whether the service fills in what is not given.")
    failure_reason: shapes.FailureReason | None = Field(None, description="Why it failed.")
    tuning_job_completion_details: HyperParameterTuningJobCompletionDetails | None = Field(
        None, description="How near it is to its completion criteria."
    )
    consumed_resources: HyperParameterTuningJobConsumedResources | None = Field(
        None, description="What it has used."
    )

    @classmethod
    def aws_shape(cls) -> str:
        """Return the name in AWS's service model."""
        return "DescribeHyperParameterTuningJobResponse"

    @property
    def shown_failure_reason(self) -> str | None:
        """Why it failed, without the job's own secrets: training code may write them into it."""
        return None if self.failure_reason is None else self.without_secrets(self.failure_reason)

    def without_secrets(self, text: str) -> str:
        """Return a text with ``***`` for each secret of the job.

        Args:
            text: what training code or an error says of the job. XComs, lineage and pages are not masked by Airflow.
        """
        return without_secrets(text, secrets_of(self))

    @property
    def final_metric(self) -> float | None:
        """The best objective so far; None if there is none."""
        return None if self.best_training_job is None else self.best_training_job.final_metric

    @property
    def definitions(self) -> list[HyperParameterTrainingJobDefinition]:
        """The training job definitions, of whichever form."""
        single = [self.training_job_definition] if self.training_job_definition is not None else []
        return single + (self.training_job_definitions or [])

    def definition_of(self, training_job: TrainingJobSummary) -> HyperParameterTrainingJobDefinition | None:
        """Return the definition that a training job was made from; None if it is unknown."""
        definitions = self.definitions
        if len(definitions) == 1:
            return definitions[0]
        name = training_job.training_job_definition_name
        return next((each for each in definitions if name is not None and each.definition_name == name), None)

    def objective_of(
        self, definition: HyperParameterTrainingJobDefinition | None = None
    ) -> HyperParameterTuningJobObjective | None:
        """Return the objective of a definition, or of the tuning job as a whole; None if there is none.

        Without a definition, the one of the best training job counts, else the first.
        """
        shared = self.hyper_parameter_tuning_job_config.hyper_parameter_tuning_job_objective
        if definition is None and shared is None:
            best = self.best_training_job
            definition = self.definition_of(best) if best is not None else None
            definition = definition or next(iter(self.definitions), None)
        own = definition.tuning_objective if definition is not None else None
        return own or shared

    def __repr__(self) -> str:
        best = "" if self.final_metric is None else f", best={self.final_metric:g}"
        counts = f"{self.training_job_status_counters.total} training jobs"
        return (
            f"TuningJobDescription({self.name!r}, {self.hyper_parameter_tuning_job_status}, {counts}{best})"
        )

    __str__ = __repr__


class TuningJobSummary(_TuningJobAnswer, AnswerModel):
    """A tuning job as ListHyperParameterTuningJobs gives it."""

    hyper_parameter_tuning_job_name: shapes.HyperParameterTuningJobName = Field(description="Its name.")
    hyper_parameter_tuning_job_arn: shapes.HyperParameterTuningJobArn = Field(description="Its ARN.")
    hyper_parameter_tuning_job_status: shapes.HyperParameterTuningJobStatus = Field(
        description="What it is doing."
    )
    strategy: shapes.HyperParameterTuningJobStrategyType = Field(
        description="How hyperparameters are chosen."
    )
    creation_time: shapes.Timestamp = Field(description="When it was created.")
    hyper_parameter_tuning_end_time: shapes.Timestamp | None = Field(None, description="When it ended.")
    last_modified_time: shapes.Timestamp | None = Field(None, description="When its status last changed.")
    training_job_status_counters: TrainingJobStatusCounters = Field(description="Training jobs by status.")
    objective_status_counters: ObjectiveStatusCounters = Field(
        description="Training jobs by what became of their objective."
    )
    resource_limits: ResourceLimits | None = Field(None, description="How much it may use.")

    @classmethod
    def aws_shape(cls) -> str:
        """Return the name in AWS's service model."""
        return "HyperParameterTuningJobSummary"

    def __repr__(self) -> str:
        counts = f"{self.training_job_status_counters.total} training jobs"
        return f"TuningJobSummary({self.name!r}, {self.hyper_parameter_tuning_job_status}, {counts})"

    __str__ = __repr__
