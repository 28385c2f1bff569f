"""What each training job of a tuning job does."""

from typing import Annotated

from pydantic import Field

from airflow_hpt_provider.models import shapes
from airflow_hpt_provider.models.channels import Channel
from airflow_hpt_provider.models.ranges import ParameterRanges
from airflow_hpt_provider.models.resources import (
    HyperParameterTuningResourceConfig,
    ResourceConfig,
    VpcConfig,
)
from airflow_hpt_provider.models.tuning import HyperParameterTuningJobObjective
from airflow_hpt_provider.models.validation.base import RequestModel
from airflow_hpt_provider.models.validation.collections import ListSize


class MetricDefinition(RequestModel):
    """How a metric is read from a training job's output."""

    name: shapes.MetricName = Field(description="Name of the metric.")
    regex: shapes.MetricRegex = Field(description="Expression whose first group is the value.")


class HyperParameterAlgorithmSpecification(RequestModel):
    """The algorithm: a container image or a named algorithm, and its metrics."""

    training_image: shapes.AlgorithmImage | None = Field(None, description="URI of the container image.")
    training_input_mode: shapes.TrainingInputMode = Field(description="How data reach the container.")
    algorithm_name: shapes.ArnOrName | None = Field(
        None, description="Name or ARN of an algorithm, in place of TrainingImage."
    )
    metric_definitions: Annotated[list[MetricDefinition], ListSize(0, 40)] | None = Field(
        None, description="Metrics of a custom image; built-in algorithms define their own."
    )


class OutputDataConfig(RequestModel):
    """Where model artifacts go."""

    kms_key_id: shapes.KmsKeyId | None = Field(None, description="Key that encrypts the artifacts.")
    s3_output_path: shapes.S3Uri = Field(description="S3 prefix for the artifacts.")
    compression_type: shapes.OutputCompressionType | None = Field(
        None, description="GZIP (the default) or NONE."
    )


class StoppingCondition(RequestModel):
    """How long a training job may take, over all its retries, in seconds."""

    max_runtime_in_seconds: shapes.MaxRuntimeInSeconds | None = Field(
        None, description="Longest run, at most 28 days; 1 day by default."
    )
    max_wait_time_in_seconds: shapes.MaxWaitTimeInSeconds | None = Field(
        None, description="Longest run and wait for spot capacity together; not below MaxRuntimeInSeconds."
    )
    max_pending_time_in_seconds: shapes.MaxPendingTimeInSeconds | None = Field(
        None, description="Longest wait for accelerated capacity."
    )


class CheckpointConfig(RequestModel):
    """Where checkpoints are kept, so that an interrupted training job can continue."""

    s3_uri: shapes.S3Uri = Field(description="S3 prefix for the checkpoints.")
    local_path: shapes.DirectoryPath | None = Field(
        None, description="Directory in the container; /opt/ml/checkpoints/ by default."
    )


class RetryStrategy(RequestModel):
    """Retries of a training job that failed with an InternalServerError."""

    maximum_retry_attempts: shapes.MaximumRetryAttempts = Field(description="How many, 1 to 30.")


class HyperParameterTrainingJobDefinition(RequestModel):
    """What each training job does. Static hyperparameters and environment are not shown in its repr."""

    definition_name: shapes.HyperParameterTrainingJobDefinitionName | None = Field(
        None, description="Name of the definition; needed if there are several."
    )
    tuning_objective: HyperParameterTuningJobObjective | None = Field(
        None, description="The objective, if there are several definitions."
    )
    hyper_parameter_ranges: ParameterRanges | None = Field(
        None, description="The search space, if there are several definitions."
    )
    static_hyper_parameters: shapes.HyperParameters | None = Field(
        None, repr=False, description="Hyperparameters that stay the same."
    )
    algorithm_specification: HyperParameterAlgorithmSpecification = Field(description="What is run.")
    role_arn: shapes.RoleArn = Field(description="IAM role of the training jobs.")
    input_data_config: Annotated[list[Channel], ListSize(1, 20)] | None = Field(
        None, description="Training data, 1 to 20 channels."
    )
    vpc_config: VpcConfig | None = Field(None, description="The VPC to run in.")
    output_data_config: OutputDataConfig = Field(description="Where model artifacts go.")
    resource_config: ResourceConfig | None = Field(None, description="The machines.")
    hyper_parameter_tuning_resource_config: HyperParameterTuningResourceConfig | None = Field(
        None, description="The machines, with alternatives."
    )
    stopping_condition: StoppingCondition = Field(description="How long a training job may take.")
    enable_network_isolation: shapes.Boolean | None = Field(
        None, description="Whether the container is cut off from the network."
    )
    enable_inter_container_traffic_encryption: shapes.Boolean | None = Field(
        None, description="Whether traffic between instances is encrypted."
    )
    enable_managed_spot_training: shapes.Boolean | None = Field(
        None, description="Whether cheaper, interruptible capacity is used."
    )
    checkpoint_config: CheckpointConfig | None = Field(None, description="Where checkpoints are kept.")
    retry_strategy: RetryStrategy | None = Field(None, description="Retries after InternalServerError.")
    environment: shapes.HyperParameterTrainingJobEnvironmentMap | None = Field(
        None, repr=False, description="Environment variables; 48 over all definitions."
    )
