"""SageMaker's information for a training job in ``/opt/ml/input/config``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_hpt_provider.local.runners.cluster import Cluster, Host
    from airflow_hpt_provider.local.runners.contract import TrainingSpec


def files(spec: TrainingSpec, cluster: Cluster, host: Host, interface: str) -> dict[str, Mapping[str, Any]]:
    """File name -> content, to be written as JSON.

    Args:
        cluster, host: all hosts, and the one that gets the files.
        interface: name of the network interface between the hosts.
    """
    return {
        "hyperparameters.json": dict(spec.hyperparameters),
        "inputdataconfig.json": input_data_config(spec.definition, cluster, host),
        "resourceconfig.json": cluster.resource_config(host, interface),
        "trainingjobinfo.json": {"TrainingJobName": spec.name, "TrainingJobArn": spec.arn},
    }


def input_mode(definition: Mapping[str, Any], channel: Mapping[str, Any]) -> str:
    """Return a channel's input mode, File, FastFile or Pipe: its own, or the definition's."""
    return str(channel.get("InputMode") or definition["AlgorithmSpecification"]["TrainingInputMode"])


def input_data_config(definition: Any, cluster: Cluster, host: Host) -> dict[str, dict[str, str]]:
    """``inputdataconfig.json``: how each channel of a host is fed."""
    result: dict[str, dict[str, str]] = {}
    for channel in definition.get("InputDataConfig") or ():
        if cluster.share(channel, host) is None:
            continue
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
