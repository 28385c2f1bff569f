"""Input channels: from S3 to ``/opt/ml/input/data/CHANNEL``.

File and FastFile alike are files that exist before the job starts; Pipe is in ``pipes.py``, file systems in
``file_systems.py``. ShardedByS3Key gives each host its share of the objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.runners.data import manifests
from airflow_hpt_provider.local.runners.data.downloads import download
from airflow_hpt_provider.local.runners.data.input_config import input_mode
from airflow_hpt_provider.local.runners.data.s3 import S3Uri, below
from airflow_hpt_provider.local.runners.failures import ClientFailure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from airflow_hpt_provider.local.runners.host_job import HostJob
    from airflow_hpt_provider.local.s3.objects import ObjectStore


def in_pipe_mode(definition: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the channels that are pipes."""
    every = definition.get("InputDataConfig") or ()
    return [channel for channel in every if input_mode(definition, channel) == "Pipe"]


def check(definition: Mapping[str, Any]) -> None:
    """Refuse channels that a local process can't have.

    Raises:
        ServiceError: a ValidationException naming channel and remedy.
    """
    for channel in definition.get("InputDataConfig") or ():
        name = channel["ChannelName"]
        if name in (".", ".."):
            raise _channel_error(name, "a name that no directory can have is", "choose another name")
        if "FileSystemDataSource" in channel["DataSource"]:
            continue
        source = channel["DataSource"].get("S3DataSource")
        if source is None:
            kind = next(iter(channel["DataSource"]), "an empty DataSource")
            raise _channel_error(name, f"{kind} is", "use S3DataSource")
        kind, pipe = source["S3DataType"], input_mode(definition, channel) == "Pipe"
        if kind == "AugmentedManifestFile" and not pipe:
            raise _channel_error(
                name, "AugmentedManifestFile without input mode Pipe is", "set InputMode to Pipe"
            )
        if kind not in ("S3Prefix", "ManifestFile", "AugmentedManifestFile"):
            raise _channel_error(name, f"S3DataType {kind} is", "use S3Prefix or ManifestFile")
        S3Uri.parse(source["S3Uri"])


def _channel_error(channel: str, what: str, remedy: str) -> ServiceError:
    text = f"Channel '{channel}': {what} not supported by the local tuning service: {remedy}."
    return ServiceError("ValidationException", text)


def fetch(job: HostJob, objects: ObjectStore) -> None:
    """Download a host's share of every channel that is files.

    Raises:
        ClientFailure: there is no such data, or no files can have its names.
    """
    definition = job.spec.definition
    for channel in definition.get("InputDataConfig") or ():
        share = job.cluster.share(channel, job.host)
        is_files = "S3DataSource" in channel["DataSource"] and input_mode(definition, channel) != "Pipe"
        if share is None or not is_files:
            continue
        directory = job.tree.data / channel["ChannelName"]
        directory.mkdir(parents=True, exist_ok=True)
        for name, uri in find(objects, channel)[share]:
            target = below(directory, name)
            if target is None:
                raise ClientFailure(f"Data download failed:{uri} would lie outside of its channel")
            try:
                download(objects, uri, target)
            except ServiceError as error:
                raise ClientFailure(f"Data download failed:{error.code} ({uri}): {error.message}") from error


def find(objects: ObjectStore, channel: Mapping[str, Any]) -> Sequence[tuple[str, S3Uri]]:
    """(path below the channel, object) of all that a channel holds.

    Raises:
        ClientFailure: there is no such data.
    """
    source = channel["DataSource"]["S3DataSource"]
    uri = S3Uri.parse(source["S3Uri"])
    try:
        if source["S3DataType"] == "AugmentedManifestFile":
            objects.head(uri.bucket, uri.key)
            return [(uri.key.rpartition("/")[2], uri)]
        found = list_objects(objects, source)
    except ServiceError as error:
        raise ClientFailure(f"Data download failed:{error.code} ({uri}): {error.message}") from error
    if not found:
        raise ClientFailure(f"Data download failed:S3 key: {uri} matched no files on s3")
    return found


def list_objects(objects: ObjectStore, source: Mapping[str, Any]) -> list[tuple[str, S3Uri]]:
    """(path below the channel, object) of a prefix or a manifest.

    Raises:
        ServiceError: NoSuchBucket, NoSuchKey.
        ClientFailure: what should be a manifest is not one.
    """
    uri = S3Uri.parse(source["S3Uri"])
    return list((_prefix if source["S3DataType"] == "S3Prefix" else _manifest)(objects, uri))


def _prefix(objects: ObjectStore, uri: S3Uri) -> Iterator[tuple[str, S3Uri]]:
    folder = uri.key if not uri.key or uri.key.endswith("/") else f"{uri.key}/"
    parent = uri.key.rpartition("/")[0]
    for info in objects.list(uri.bucket, uri.key):
        if info.key.endswith("/"):
            continue
        if info.key.startswith(folder):
            name = info.key.removeprefix(folder)
        else:
            name = info.key.removeprefix(parent).lstrip("/")
        yield name, S3Uri(uri.bucket, info.key)


def _manifest(objects: ObjectStore, uri: S3Uri) -> Iterator[tuple[str, S3Uri]]:
    return manifests.listed(uri, objects.get(uri.bucket, uri.key))
