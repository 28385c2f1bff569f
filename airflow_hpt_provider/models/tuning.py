"""How a tuning job searches: strategy, objective, limits, completion, warm start."""

from typing import Annotated

from pydantic import Field

from airflow_hpt_provider.models import shapes
from airflow_hpt_provider.models.ranges import ParameterRanges
from airflow_hpt_provider.models.validation.base import RequestModel
from airflow_hpt_provider.models.validation.collections import ListSize


class HyperbandStrategyConfig(RequestModel):
    """The resources, such as epochs, that Hyperband gives to a training job."""

    min_resource: shapes.HyperbandStrategyMinResource | None = Field(
        None, description="Fewest epochs before a training job may be stopped."
    )
    max_resource: shapes.HyperbandStrategyMaxResource | None = Field(
        None, description="Most epochs of a training job; by default its static hyperparameter `epochs`."
    )


class HyperParameterTuningJobStrategyConfig(RequestModel):
    """Settings of the strategy."""

    hyperband_strategy_config: HyperbandStrategyConfig | None = Field(
        None, description="Settings of Hyperband; for that strategy alone."
    )


class HyperParameterTuningJobObjective(RequestModel):
    """The metric to be made small or large."""

    type: shapes.HyperParameterTuningJobObjectiveType = Field(description="Maximize or Minimize.")
    metric_name: shapes.MetricName = Field(description="The metric, one of the algorithm's.")


class ResourceLimits(RequestModel):
    """How much a tuning job may use."""

    max_number_of_training_jobs: shapes.MaxNumberOfTrainingJobs | None = Field(
        None, description="Most training jobs in all."
    )
    max_parallel_training_jobs: shapes.MaxParallelTrainingJobs = Field(
        description="Most training jobs at one time."
    )
    max_runtime_in_seconds: shapes.HyperParameterTuningMaxRuntimeInSeconds | None = Field(
        None, description="Longest time of the tuning job, in seconds."
    )


class BestObjectiveNotImproving(RequestModel):
    """Completion when the best objective no longer improves."""

    max_number_of_training_jobs_not_improving: shapes.MaxNumberOfTrainingJobsNotImproving | None = Field(
        None, description="How many training jobs may pass without improvement."
    )


class ConvergenceDetected(RequestModel):
    """Completion when the service finds that the search has converged."""

    complete_on_convergence: shapes.CompleteOnConvergence | None = Field(
        None, description="Enabled or Disabled."
    )


class TuningJobCompletionCriteria(RequestModel):
    """What ends a tuning job before its limits. Any one of them does."""

    target_objective_metric_value: shapes.TargetObjectiveMetricValue | None = Field(
        None, description="An objective that is good enough."
    )
    best_objective_not_improving: BestObjectiveNotImproving | None = Field(
        None, description="End when training jobs no longer improve on the best."
    )
    convergence_detected: ConvergenceDetected | None = Field(
        None, description="End when the search has converged."
    )


class HyperParameterTuningJobConfig(RequestModel):
    """How a tuning job searches."""

    strategy: shapes.HyperParameterTuningJobStrategyType = Field(
        description="How hyperparameters are chosen."
    )
    strategy_config: HyperParameterTuningJobStrategyConfig | None = Field(
        None, description="Settings of the strategy."
    )
    hyper_parameter_tuning_job_objective: HyperParameterTuningJobObjective | None = Field(
        None, description="The objective, if there is one TrainingJobDefinition."
    )
    resource_limits: ResourceLimits = Field(description="How much the tuning job may use.")
    parameter_ranges: ParameterRanges | None = Field(
        None, description="The search space, if there is one TrainingJobDefinition."
    )
    training_job_early_stopping_type: shapes.TrainingJobEarlyStoppingType | None = Field(
        None, description="Auto stops training jobs that promise little; Off is the default."
    )
    tuning_job_completion_criteria: TuningJobCompletionCriteria | None = Field(
        None, description="What ends the tuning job before its limits."
    )
    random_seed: shapes.RandomSeed | None = Field(None, description="Makes the search repeatable.")


class ParentHyperParameterTuningJob(RequestModel):
    """A finished tuning job to learn from."""

    hyper_parameter_tuning_job_name: shapes.HyperParameterTuningJobName | None = Field(
        None, description="Its name."
    )


class HyperParameterTuningJobWarmStartConfig(RequestModel):
    """What earlier tuning jobs teach this one."""

    parent_hyper_parameter_tuning_jobs: Annotated[list[ParentHyperParameterTuningJob], ListSize(1, 5)] = (
        Field(description="The earlier tuning jobs, 1 to 5.")
    )
    warm_start_type: shapes.HyperParameterTuningJobWarmStartType = Field(
        description="Whether data and algorithm are the same as the parents'."
    )


class Autotune(RequestModel):
    """Lets the service choose ranges, limits, early stopping, retries and strategy."""

    mode: shapes.AutotuneMode = Field(description="Enabled.")


class Tag(RequestModel):
    """A label on the tuning job and its training jobs."""

    key: shapes.TagKey = Field(description="The tag's key; unique.")
    value: shapes.TagValue = Field(description="The tag's value; may be empty.")
