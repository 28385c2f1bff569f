"""Helpers shared by the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from airflow_hpt_provider.models.numbers import whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airflow_hpt_provider.models.ranges import ParameterRanges
    from airflow_hpt_provider.models.request import TuningJobRequest
    from airflow_hpt_provider.models.training import HyperParameterTrainingJobDefinition
    from airflow_hpt_provider.models.tuning import (
        HyperParameterTuningJobConfig,
        HyperParameterTuningJobObjective,
    )
    from airflow_hpt_provider.models.validation.errors import Location

T = TypeVar("T")

CONFIG: Final[Location] = ("HyperParameterTuningJobConfig",)
RANGES: Final[Location] = (*CONFIG, "ParameterRanges")
OBJECTIVE: Final[Location] = (*CONFIG, "HyperParameterTuningJobObjective")
LIMITS: Final[Location] = (*CONFIG, "ResourceLimits")
SINGLE: Final[Location] = ("TrainingJobDefinition",)
SEVERAL: Final[Location] = ("TrainingJobDefinitions",)

RANGE_MEMBERS: Final = (
    ("IntegerParameterRanges", "integer_parameter_ranges"),
    ("ContinuousParameterRanges", "continuous_parameter_ranges"),
    ("CategoricalParameterRanges", "categorical_parameter_ranges"),
    ("AutoParameters", "auto_parameters"),
)
"""The members of ParameterRanges and their attributes."""


def member_of(value: T) -> T | None:
    """Return the value, typed as optional: in a partially read request, even a required member may be None."""
    return value


def listed(values: Iterable[T] | None) -> list[tuple[int, T]]:
    """Return the elements that could be read, with their indexes."""
    return [(index, value) for index, value in enumerate(values or ()) if value is not None]


def config_of(request: TuningJobRequest) -> HyperParameterTuningJobConfig | None:
    """Return the tuning job's configuration."""
    return member_of(request.hyper_parameter_tuning_job_config)


def autotuned(request: TuningJobRequest) -> bool:
    """Return whether the service is to fill in members that are not given."""
    return request.autotune is not None


def definitions(
    request: TuningJobRequest,
) -> Iterator[tuple[Location, HyperParameterTrainingJobDefinition]]:
    """Every training job definition, of whichever form."""
    if request.training_job_definition is not None:
        yield SINGLE, request.training_job_definition
    for index, definition in listed(request.training_job_definitions):
        yield (*SEVERAL, index), definition


class Search(NamedTuple):
    """What is searched for one definition."""

    where: Location
    """Where its ranges are."""
    ranges: ParameterRanges
    definition_at: Location
    definition: HyperParameterTrainingJobDefinition | None


def searches(request: TuningJobRequest) -> Iterator[Search]:
    """Every search space, with the definition whose hyperparameters it holds."""
    config = config_of(request)
    if config is not None and config.parameter_ranges is not None:
        yield Search(RANGES, config.parameter_ranges, SINGLE, request.training_job_definition)
    for at, definition in definitions(request):
        if definition.hyper_parameter_ranges is not None:
            yield Search((*at, "HyperParameterRanges"), definition.hyper_parameter_ranges, at, definition)


def names_in(search: Search) -> Iterator[tuple[Location, str]]:
    """Yield the name of every hyperparameter in a search space, AutoParameters last, with its location."""
    for member, attribute in RANGE_MEMBERS:
        for index, element in listed(getattr(search.ranges, attribute)):
            if element.name is not None:
                yield (*search.where, member, index, "Name"), element.name


def misplaced(request: TuningJobRequest, search: Search) -> bool:
    """Return whether a search space is given where the request's form has none; the rules of the forms report that."""
    if request.training_job_definition is not None and request.training_job_definitions is not None:
        return False
    return (search.where == RANGES) == (request.training_job_definitions is not None)


class Objective(NamedTuple):
    """The objective of one definition."""

    where: Location
    objective: HyperParameterTuningJobObjective
    definition_at: Location
    definition: HyperParameterTrainingJobDefinition


def objectives(request: TuningJobRequest) -> Iterator[Objective]:
    """Every objective with its definition."""
    config = config_of(request)
    shared = config.hyper_parameter_tuning_job_objective if config is not None else None
    if shared is not None and request.training_job_definition is not None:
        yield Objective(OBJECTIVE, shared, SINGLE, request.training_job_definition)
    for at, definition in definitions(request):
        if definition.tuning_objective is not None:
            yield Objective((*at, "TuningObjective"), definition.tuning_objective, at, definition)


def combinations(ranges: ParameterRanges) -> int | None:
    """Return the number of different points of a search space; None if infinite or unknown."""
    if ranges.continuous_parameter_ranges or ranges.auto_parameters:
        return None
    if not ranges.integer_parameter_ranges and not ranges.categorical_parameter_ranges:
        return None  # Autotune is to choose them
    total = 1
    for integer in ranges.integer_parameter_ranges or ():
        low, high = (whole(integer.min_value), whole(integer.max_value)) if integer else (None, None)
        if low is None or high is None or high < low:
            return None
        total *= high - low + 1
    for categorical in ranges.categorical_parameter_ranges or ():
        if member_of(categorical) is None or member_of(categorical.values) is None:
            return None
        total *= len(categorical.values)
    return total
