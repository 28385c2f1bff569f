"""SageMaker's information for a training job in ``/opt/ml/input/config``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_hpt_provider.local.runners.contract import TrainingSpec

HOST = "algo-1"
"""The name of the one host."""


def files(spec: TrainingSpec) -> dict[str, Mapping[str, Any]]:
    """File name -> content, to be written as JSON."""
    return {
        "hyperparameters.json": dict(spec.hyperparameters),
        "inputdataconfig.json": input_data_config(spec.definition),
        "resourceconfig.json": resource_config(spec.definition),
        "trainingjobinfo.json": {"TrainingJobName": spec.name, "TrainingJobArn": spec.arn},
    }


def input_mode(definition: Mapping[str, Any], channel: Mapping[str, Any]) -> str:
    """Return a channel's input mode, File, FastFile or Pipe: its own, or the definition's."""
    return str(channel.get("InputMode") or definition["AlgorithmSpecification"]["TrainingInputMode"])


def input_data_config(definition: Any) -> dict[str, dict[str, str]]:
    """``inputdataconfig.json``: how each channel is fed."""
    result: dict[str, dict[str, str]] = {}
    for channel in definition.get("InputDataConfig") or ():
        entry = {
            "TrainingInputMode": input_mode(definition, channel),
            "RecordWrapperType": channel.get("RecordWrapperType") or "None",
        }
        if "ContentType" in channel:
            entry["ContentType"] = channel["ContentType"]
        s3 = (channel.get("DataSource") or {}).get("S3DataSource")
        if s3:
            entry["S3DistributionType"] = s3.get("S3DataDistributionType") or "FullyReplicated"
        result[channel["ChannelName"]] = entry
    return result


def resource_config(definition: Any) -> dict[str, Any]:
    """``resourceconfig.json``: one host, whatever InstanceCount says, of the first of several groups or preferences."""
    resources = definition.get("ResourceConfig") or {}
    several = resources.get("InstanceGroups") or resources.get("InstancePreferences") or [{}]
    first: Mapping[str, Any] = several[0]
    instance_type = resources.get("InstanceType") or first.get("InstanceType", "local")
    group = first.get("InstanceGroupName", "homogeneousCluster")
    return {
        "current_host": HOST,
        "current_instance_type": instance_type,
        "current_group_name": group,
        "hosts": [HOST],
        "instance_groups": [
            {"instance_group_name": group, "instance_type": instance_type, "hosts": [HOST]},
        ],
        "network_interface_name": "lo",
    }
