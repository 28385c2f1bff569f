"""One TrainingJobDefinition, or several TrainingJobDefinitions: what each form wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_hpt_provider.models.rules.helpers import (
    CONFIG,
    OBJECTIVE,
    RANGES,
    SEVERAL,
    SINGLE,
    autotuned,
    config_of,
    definitions,
    listed,
)
from airflow_hpt_provider.models.validation.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_hpt_provider.models.request import TuningJobRequest


def one_form_of_definitions(request: TuningJobRequest) -> Iterator[Problem]:
    """Exactly one of TrainingJobDefinition and TrainingJobDefinitions."""
    single, several = request.training_job_definition, request.training_job_definitions
    if single is not None and several is not None:
        yield Problem(
            SEVERAL,
            None,
            "TrainingJobDefinition and TrainingJobDefinitions are both given",
            "keep one of them",
        )
    if single is None and several is None:
        yield Problem(
            SINGLE,
            None,
            "no training job is defined",
            "give TrainingJobDefinition, or TrainingJobDefinitions for several algorithms",
            sought=(SINGLE, SEVERAL),
        )


def single_definition(request: TuningJobRequest) -> Iterator[Problem]:
    """With TrainingJobDefinition, ranges and objective stand in HyperParameterTuningJobConfig."""
    definition, config = request.training_job_definition, config_of(request)
    if definition is None or request.training_job_definitions is not None:
        return
    moved = [
        ("TuningObjective", definition.tuning_objective, OBJECTIVE),
        ("HyperParameterRanges", definition.hyper_parameter_ranges, RANGES),
    ]
    for member, value, rightful in moved:
        if value is not None:
            yield Problem(
                (*SINGLE, member),
                None,
                f"{member} belongs to TrainingJobDefinitions",
                f"with one TrainingJobDefinition, move it to {rightful[0]}.{rightful[1]}",
            )
    if config is None:
        return
    if config.hyper_parameter_tuning_job_objective is None and definition.tuning_objective is None:
        yield Problem(
            OBJECTIVE,
            None,
            "is required with TrainingJobDefinition",
            "give Type and MetricName",
            sought=(OBJECTIVE,),
        )
    no_ranges = config.parameter_ranges is None and definition.hyper_parameter_ranges is None
    if no_ranges and not autotuned(request):
        yield Problem(
            RANGES,
            None,
            "is required with TrainingJobDefinition",
            "give the ranges of the hyperparameters to search",
            sought=(RANGES,),
        )


def several_definitions(request: TuningJobRequest) -> Iterator[Problem]:
    """With TrainingJobDefinitions, each has a separate name, ranges and an objective."""
    config = config_of(request)
    if request.training_job_definitions is None:
        return
    if config is not None and request.training_job_definition is None:
        rightful = [
            (RANGES, config.parameter_ranges, "HyperParameterRanges"),
            (OBJECTIVE, config.hyper_parameter_tuning_job_objective, "TuningObjective"),
        ]
        for where, value, member in rightful:
            if value is not None:
                yield Problem(
                    where,
                    None,
                    f"{where[-1]} cannot stand here with TrainingJobDefinitions",
                    f"move it from {CONFIG[0]} to {member} of each definition",
                )
    names: dict[str, int] = {}
    for index, definition in listed(request.training_job_definitions):
        name = definition.definition_name
        if name is not None and name in names:
            yield Problem(
                (*SEVERAL, index, "DefinitionName"),
                name,
                f"is also the name of TrainingJobDefinitions[{names[name]}]",
                "give each definition its own name",
            )
        elif name is not None:
            names[name] = index
    for at, definition in definitions(request):
        if at == SINGLE:
            continue
        wanted: dict[str, object] = {
            "DefinitionName": definition.definition_name,
            "TuningObjective": definition.tuning_objective,
        }
        if not autotuned(request):
            wanted["HyperParameterRanges"] = definition.hyper_parameter_ranges
        for member, given in wanted.items():
            if given is None:
                where = (*at, member)
                yield Problem(where, None, "is required in TrainingJobDefinitions", "add it", sought=(where,))
