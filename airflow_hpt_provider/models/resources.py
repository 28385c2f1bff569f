"""The machines that training jobs run on."""

from typing import Annotated

from pydantic import Field

from airflow_hpt_provider.models import shapes
from airflow_hpt_provider.models.validation.base import RequestModel
from airflow_hpt_provider.models.validation.collections import ListSize


class InstanceGroup(RequestModel):
    """Some instances of a heterogeneous cluster."""

    instance_type: shapes.TrainingInstanceType = Field(description="Their type.")
    instance_count: shapes.TrainingInstanceCount = Field(description="How many.")
    instance_group_name: shapes.InstanceGroupName = Field(description="Name of the group.")


class PlacementSpecification(RequestModel):
    """How many instances belong on one UltraServer."""

    ultra_server_id: shapes.String256 | None = Field(None, description="Id of the UltraServer.")
    instance_count: shapes.TrainingInstanceCount = Field(description="How many instances.")


class InstancePlacementConfig(RequestModel):
    """Placement of instances on UltraServers."""

    enable_multiple_jobs: shapes.Boolean | None = Field(
        None, description="Whether other jobs may share the UltraServer."
    )
    placement_specifications: Annotated[list[PlacementSpecification], ListSize(0, 10)] | None = Field(
        None, description="Which instances go where."
    )


class InstancePreference(RequestModel):
    """An instance type that would do."""

    instance_type: shapes.TrainingInstanceType = Field(description="The type; once in a list.")
    instance_count: shapes.TrainingInstanceCount | None = Field(
        None, description="How many; on every preference, or on none and once in ResourceConfig."
    )
    training_plan_arns: shapes.TrainingPlanArnList | None = Field(
        None, description="The training plan whose capacity is used."
    )


class ResourceConfig(RequestModel):
    """The machines of each training job."""

    instance_type: shapes.TrainingInstanceType | None = Field(None, description="Type of the instances.")
    instance_count: shapes.TrainingInstanceCount | None = Field(None, description="How many instances.")
    volume_size_in_gb: shapes.OptionalVolumeSizeInGB | None = Field(
        None, description="Storage of each instance, in GB."
    )
    volume_kms_key_id: shapes.KmsKeyId | None = Field(None, description="Key that encrypts the storage.")
    keep_alive_period_in_seconds: shapes.KeepAlivePeriodInSeconds | None = Field(
        None, description="How long the instances stay warm for a next job, in seconds."
    )
    instance_groups: Annotated[list[InstanceGroup], ListSize(0, 5)] | None = Field(
        None, description="A heterogeneous cluster."
    )
    training_plan_arn: shapes.TrainingPlanArn | None = Field(
        None, description="The training plan whose capacity is used."
    )
    instance_placement_config: InstancePlacementConfig | None = Field(
        None, description="Placement on UltraServers."
    )
    instance_preferences: Annotated[list[InstancePreference], ListSize(1, 5)] | None = Field(
        None, description="Instance types in order of preference, in place of InstanceType."
    )
    selected_instance_type: shapes.TrainingInstanceType | None = Field(
        None, description="The preference that was chosen; in answers only."
    )
    selected_instance_count: shapes.TrainingInstanceCount | None = Field(
        None, description="How many of it; in answers only."
    )


class HyperParameterTuningInstanceConfig(RequestModel):
    """One of several kinds of machines that would do."""

    instance_type: shapes.TrainingInstanceType = Field(description="Type of the instances.")
    instance_count: shapes.TrainingInstanceCount = Field(description="How many instances.")
    volume_size_in_gb: shapes.VolumeSizeInGB = Field(description="Storage of each instance, in GB.")


class HyperParameterTuningResourceConfig(RequestModel):
    """The machines of each training job, with alternatives; in place of ResourceConfig."""

    instance_type: shapes.TrainingInstanceType | None = Field(None, description="Type of the instances.")
    instance_count: shapes.TrainingInstanceCount | None = Field(None, description="How many instances.")
    volume_size_in_gb: shapes.OptionalVolumeSizeInGB | None = Field(
        None, description="Storage of each instance, in GB."
    )
    volume_kms_key_id: shapes.KmsKeyId | None = Field(None, description="Key that encrypts the storage.")
    allocation_strategy: shapes.HyperParameterTuningAllocationStrategy | None = Field(
        None, description="In which order InstanceConfigs are tried."
    )
    instance_configs: Annotated[list[HyperParameterTuningInstanceConfig], ListSize(1, 6)] | None = Field(
        None, description="1 to 6 kinds of machines, in place of InstanceType, InstanceCount, VolumeSizeInGB."
    )


class VpcConfig(RequestModel):
    """The VPC that training jobs run in."""

    security_group_ids: shapes.VpcSecurityGroupIds = Field(description="Security groups, 1 to 5.")
    subnets: shapes.Subnets = Field(description="Subnets, 1 to 16.")
