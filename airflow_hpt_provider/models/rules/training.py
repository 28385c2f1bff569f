"""Spot capacity, time, data and environment of the training jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from airflow_hpt_provider.models.algorithms import find_algorithm
from airflow_hpt_provider.models.rules.helpers import definitions, listed, member_of
from airflow_hpt_provider.models.status import S3DataType, TrainingInputMode
from airflow_hpt_provider.models.validation.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_hpt_provider.models.channels import Channel
    from airflow_hpt_provider.models.request import TuningJobRequest
    from airflow_hpt_provider.models.training import HyperParameterTrainingJobDefinition
    from airflow_hpt_provider.models.validation.errors import Location

MAX_RUN_TIME: Final = 28 * 24 * 3600
"""Longest MaxRuntimeInSeconds of a training job: 28 days."""

MAX_WAIT_WITHOUT_CHECKPOINTS: Final = 3600
"""Longest MaxWaitTimeInSeconds for an algorithm of AWS or of the Marketplace that keeps no checkpoints."""

MAX_ENVIRONMENT: Final = 48
"""Environment variables over all definitions."""


def spot(request: TuningJobRequest) -> Iterator[Problem]:
    """Spot training has a MaxWaitTime not below MaxRuntime; without spot there is none."""
    for at, definition in definitions(request):
        stopping = member_of(definition.stopping_condition)
        if stopping is None:
            continue
        where = (*at, "StoppingCondition", "MaxWaitTimeInSeconds")
        wait, run = stopping.max_wait_time_in_seconds, stopping.max_runtime_in_seconds
        if not definition.enable_managed_spot_training:
            if wait is not None:
                yield Problem(
                    where,
                    wait,
                    "is for managed spot training only",
                    "set EnableManagedSpotTraining to true, or remove it",
                    aws_message="Invalid MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining is "
                    "set to true",
                    sought=((*at, "EnableManagedSpotTraining"),),
                )
        elif wait is None:
            yield Problem(
                where,
                None,
                "is required with EnableManagedSpotTraining",
                "give the longest time for run and wait together, not below MaxRuntimeInSeconds",
                sought=(where,),
            )
        elif run is not None and wait < run:
            yield Problem(
                where,
                wait,
                f"must not be less than MaxRuntimeInSeconds, {run}",
                f"set it to {run} or more",
            )
        elif wait > MAX_WAIT_WITHOUT_CHECKPOINTS and _without_checkpoints(definition):
            yield Problem(
                where,
                wait,
                f"must not be more than {MAX_WAIT_WITHOUT_CHECKPOINTS} for this algorithm without checkpoints",
                "add CheckpointConfig, so that an interrupted training job can continue",
                sought=((*at, "CheckpointConfig"),),
            )


def _without_checkpoints(definition: HyperParameterTrainingJobDefinition) -> bool:
    specification = member_of(definition.algorithm_specification)
    if definition.checkpoint_config is not None or specification is None:
        return False
    image = specification.training_image
    return specification.algorithm_name is not None or (
        image is not None and find_algorithm(image) is not None
    )


def run_time(request: TuningJobRequest) -> Iterator[Problem]:
    """Check that a training job runs 28 days at most."""
    for at, definition in definitions(request):
        stopping = member_of(definition.stopping_condition)
        run = stopping.max_runtime_in_seconds if stopping is not None else None
        if run is not None and run > MAX_RUN_TIME:
            yield Problem(
                (*at, "StoppingCondition", "MaxRuntimeInSeconds"),
                run,
                f"is more than 28 days, {MAX_RUN_TIME} seconds",
                "lower it",
            )


def channels(request: TuningJobRequest) -> Iterator[Problem]:
    """Each channel has its own name and one source; augmented manifests are read in Pipe mode."""
    for at, definition in definitions(request):
        specification = member_of(definition.algorithm_specification)
        mode = member_of(specification.training_input_mode) if specification is not None else None
        names: set[str] = set()
        for index, channel in listed(definition.input_data_config):
            where = (*at, "InputDataConfig", index)
            name = member_of(channel.channel_name)
            if name is not None and name in names:
                yield Problem(
                    (*where, "ChannelName"), name, "is used twice", "give each channel its own name"
                )
            elif name is not None:
                names.add(name)
            yield from _source(channel, where, channel.input_mode or mode)


def _source(channel: Channel, where: Location, mode: str | None) -> Iterator[Problem]:
    source, place = member_of(channel.data_source), (*where, "DataSource")
    if source is None:
        return
    sources = [source.s3_data_source, source.file_system_data_source, source.dataset_source]
    given = sum(each is not None for each in sources)
    if given != 1:
        yield Problem(
            place,
            None,
            f"holds {given or 'none'} of S3DataSource, FileSystemDataSource and DatasetSource",
            "give exactly one",
            sought=(place,),
        )
    s3 = source.s3_data_source
    if s3 is None or member_of(s3.s3_data_type) is None:
        return
    augmented = s3.s3_data_type == S3DataType.AUGMENTED_MANIFEST_FILE
    if augmented and mode is not None and mode != TrainingInputMode.PIPE:
        yield Problem(
            (*place, "S3DataSource", "S3DataType"),
            s3.s3_data_type,
            f"can be read in Pipe mode only, not {mode}",
            "set InputMode of the channel to Pipe, or use ManifestFile or S3Prefix",
            sought=((*where, "InputMode"),),
        )
    if s3.attribute_names and not augmented:
        yield Problem(
            (*place, "S3DataSource", "AttributeNames"),
            len(s3.attribute_names),
            f"is for AugmentedManifestFile only, not {s3.s3_data_type}",
            "remove it, or set S3DataType to AugmentedManifestFile",
        )


def instance_group_names(request: TuningJobRequest) -> Iterator[Problem]:
    """Each channel says which instance groups get it, or none does."""
    for at, definition in definitions(request):
        given: list[str] = []
        others: list[tuple[int, str]] = []
        for index, channel in listed(definition.input_data_config):
            source, name = member_of(channel.data_source), member_of(channel.channel_name)
            if source is None or name is None:
                continue
            if source.s3_data_source is not None and source.s3_data_source.instance_group_names:
                given.append(name)
            else:
                others.append((index, name))
        if not given or not others:
            continue
        where = (*at, "InputDataConfig", others[0][0], "DataSource", "S3DataSource", "InstanceGroupNames")
        yield Problem(
            where,
            None,
            f"is missing: the channel {given[0]} has it",
            "give it for each channel, or for none",
            aws_message=f"Some channels have assigned instance groups: [{', '.join(given)}] while others not: "
            f"[{', '.join(name for _, name in others)}]",
            sought=(where,),
        )


def environment(request: TuningJobRequest) -> Iterator[Problem]:
    """Check that the definitions have 48 environment variables at most between them."""
    total, where = 0, None
    for at, definition in definitions(request):
        total += len(definition.environment or ())
        where = (*at, "Environment") if definition.environment else where
    if total > MAX_ENVIRONMENT and where is not None and request.training_job_definitions is not None:
        yield Problem(
            where,
            total,
            f"the definitions have more than {MAX_ENVIRONMENT} environment variables between them",
            "remove some",
        )
