"""The machines of the training jobs: which members exclude each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_hpt_provider.models.rules.helpers import definitions, listed, member_of
from airflow_hpt_provider.models.validation.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_hpt_provider.models.request import TuningJobRequest
    from airflow_hpt_provider.models.resources import ResourceConfig
    from airflow_hpt_provider.models.validation.errors import Location


def one_resource_config(request: TuningJobRequest) -> Iterator[Problem]:
    """ResourceConfig or HyperParameterTuningResourceConfig, and not both."""
    for at, definition in definitions(request):
        one, other = definition.resource_config, definition.hyper_parameter_tuning_resource_config
        if one is not None and other is not None:
            yield Problem(
                (*at, "HyperParameterTuningResourceConfig"),
                None,
                "ResourceConfig is given as well",
                "keep one of them",
            )
        elif one is None and other is None:
            yield Problem(
                (*at, "ResourceConfig"),
                None,
                "is missing",
                "give InstanceType, InstanceCount and VolumeSizeInGB, or HyperParameterTuningResourceConfig with types"
                " to choose from",
                sought=((*at, "ResourceConfig"), (*at, "HyperParameterTuningResourceConfig")),
            )


def kinds_of_machines(request: TuningJobRequest) -> Iterator[Problem]:
    """Check that a type, groups or a list of choices is given, only one of them, and with groups no type or count."""
    for at, definition in definitions(request):
        tuning = definition.hyper_parameter_tuning_resource_config
        if tuning is not None and tuning.instance_type is None and tuning.instance_configs is None:
            yield _no_machines((*at, "HyperParameterTuningResourceConfig"), "InstanceConfigs")
        resources, where = definition.resource_config, (*at, "ResourceConfig")
        if resources is None:
            continue
        if resources.instance_groups:
            for member, value in (
                ("InstanceType", resources.instance_type),
                ("InstanceCount", resources.instance_count),
            ):
                if value is not None:
                    yield Problem(
                        (*where, member),
                        value,
                        "InstanceGroups is given as well",
                        "keep one of them: each of the InstanceGroups has a type and a count of its own",
                        aws_message="InstanceType or InstanceCount cannot be specified with InstanceGroups",
                    )
        elif resources.instance_type is None and resources.instance_preferences is None:
            yield _no_machines(where, "InstanceGroups", "InstancePreferences")


def _no_machines(where: Location, *others: str) -> Problem:
    return Problem(
        where,
        None,
        f"says of no machines: neither InstanceType nor {' nor '.join(others)} is given",
        "give InstanceType and InstanceCount",
        sought=tuple((*where, member) for member in ("InstanceType", *others)),
    )


def instance_configs(request: TuningJobRequest) -> Iterator[Problem]:
    """InstanceConfigs stands in place of InstanceType, InstanceCount and VolumeSizeInGB."""
    for at, definition in definitions(request):
        resources = definition.hyper_parameter_tuning_resource_config
        if resources is None or resources.instance_configs is None:
            continue
        single = {
            "InstanceType": resources.instance_type,
            "InstanceCount": resources.instance_count,
            "VolumeSizeInGB": resources.volume_size_in_gb,
        }
        for member, value in single.items():
            if value is not None:
                yield Problem(
                    (*at, "HyperParameterTuningResourceConfig", member),
                    value,
                    "InstanceConfigs is given as well",
                    "give it in each of the InstanceConfigs only",
                )


def instance_preferences(request: TuningJobRequest) -> Iterator[Problem]:
    """InstancePreferences stands in place of other ways to choose, with each type once; answers' members stay out."""
    for at, definition in definitions(request):
        resources, where = definition.resource_config, (*at, "ResourceConfig")
        if resources is None:
            continue
        for member, value in (
            ("SelectedInstanceType", resources.selected_instance_type),
            ("SelectedInstanceCount", resources.selected_instance_count),
        ):
            if value is not None:
                yield Problem((*where, member), value, "is for answers, not for requests", "remove it")
        if resources.instance_preferences is None:
            continue
        others: list[tuple[Location, object]] = [
            ((*where, "InstanceType"), resources.instance_type),
            ((*where, "InstanceGroups"), resources.instance_groups),
            ((*where, "InstancePlacementConfig"), resources.instance_placement_config),
            ((*at, "EnableManagedSpotTraining"), definition.enable_managed_spot_training or None),
        ]
        for place, other in others:
            if other is not None:
                shown = other if isinstance(other, str | bool) else None
                yield Problem(place, shown, "InstancePreferences is given as well", "keep one of them")
        yield from _preferences(resources, where)


def _preferences(resources: ResourceConfig, where: Location) -> Iterator[Problem]:
    seen: set[str] = set()
    counted = 0
    preferences = listed(resources.instance_preferences)
    for index, preference in preferences:
        place = (*where, "InstancePreferences", index)
        counted += preference.instance_count is not None
        if member_of(preference.instance_type) is None:
            continue
        if preference.instance_type in seen:
            yield Problem(
                (*place, "InstanceType"), preference.instance_type, "is listed twice", "list each type once"
            )
        seen.add(preference.instance_type)
        if preference.training_plan_arns and resources.training_plan_arn is not None:
            yield Problem(
                (*place, "TrainingPlanArns"),
                None,
                "ResourceConfig.TrainingPlanArn is given as well",
                "keep one of them",
            )
    wanted = 0 if resources.instance_count is not None else len(preferences)
    if counted != wanted:
        yield Problem(
            (*where, "InstancePreferences"),
            None,
            "InstanceCount must stand in every preference, or in none and once in ResourceConfig",
            "give it in one of the two ways",
            sought=((*where, "InstancePreferences"), (*where, "InstanceCount")),
        )
