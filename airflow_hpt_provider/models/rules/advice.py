"""What SageMaker accepts but is likely to go wrong: warnings, not errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from airflow_hpt_provider.models.numbers import number
from airflow_hpt_provider.models.rules.built_in import algorithm_of
from airflow_hpt_provider.models.rules.helpers import (
    definitions,
    listed,
    member_of,
    names_in,
    objectives,
    searches,
)
from airflow_hpt_provider.models.validation.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airflow_hpt_provider.models.ranges import ContinuousParameterRange, IntegerParameterRange
    from airflow_hpt_provider.models.request import TuningJobRequest
    from airflow_hpt_provider.models.training import HyperParameterTrainingJobDefinition

SCRIPT_MODE: Final = "sagemaker_program"
"""The hyperparameter of a training job that runs the user's script in the image."""


def own_metrics(request: TuningJobRequest) -> Iterator[Problem]:
    """Check that a built-in algorithm has its own MetricDefinitions."""
    for at, definition in definitions(request):
        algorithm = algorithm_of(definition)
        specification = member_of(definition.algorithm_specification)
        if algorithm is None or specification is None or not specification.metric_definitions:
            continue
        yield Problem(
            (*at, "AlgorithmSpecification", "MetricDefinitions"),
            None,
            f"the built-in algorithm {algorithm.name} has its own metric definitions, and those count; AWS refuses "
            "others in CreateTrainingJob, and is reported both to refuse and to accept them for tuning jobs",
            "remove MetricDefinitions",
        )


def required_by_algorithm(request: TuningJobRequest) -> Iterator[Problem]:
    """Check that a built-in algorithm gets the channels and hyperparameters without which its training jobs fail."""
    searched: dict[object, set[str]] = {}
    for search in searches(request):
        searched.setdefault(search.definition_at, set()).update(name for _, name in names_in(search))
    for at, definition in definitions(request):
        algorithm = algorithm_of(definition)
        if algorithm is None or _is_script(definition):
            continue
        channels = _channels(definition)
        for channel in algorithm.channels:
            if channel not in channels:
                yield Problem(
                    (*at, "InputDataConfig"),
                    None,
                    f"has no channel {channel!r}, without which the training jobs of {algorithm.name} fail",
                    "add it",
                )
        given = set(definition.static_hyper_parameters or ()) | searched.get(at, set())
        for name in algorithm.required:
            if name not in given:
                yield Problem(
                    (*at, "StaticHyperParameters"),
                    None,
                    f"has no {name}, without which the training jobs of {algorithm.name} fail",
                    "add it",
                )


def data_of_objective(request: TuningJobRequest) -> Iterator[Problem]:
    """Check that the channel that the objective is measured on is given."""
    for aim in objectives(request):
        algorithm, wanted = algorithm_of(aim.definition), member_of(aim.objective.metric_name)
        if algorithm is None or wanted is None or wanted not in algorithm.objectives:
            continue
        channel = wanted.partition(":")[0]
        missing = channel not in algorithm.channels and channel not in _channels(aim.definition)
        if missing and not _is_script(aim.definition):
            yield Problem(
                (*aim.where, "MetricName"),
                wanted,
                f"is logged only with a channel {channel!r}, which InputDataConfig does not have",
                "add the channel, or choose another objective metric",
            )


def recommended_ranges(request: TuningJobRequest) -> Iterator[Problem]:
    """Check that the ranges of a built-in algorithm's hyperparameters are those that AWS recommends, or narrower."""
    for search in searches(request):
        algorithm = algorithm_of(search.definition)
        if algorithm is None:
            continue
        bounded: list[tuple[str, Iterable[IntegerParameterRange | ContinuousParameterRange] | None]] = [
            ("IntegerParameterRanges", search.ranges.integer_parameter_ranges),
            ("ContinuousParameterRanges", search.ranges.continuous_parameter_ranges),
        ]
        for member, elements in bounded:
            for index, element in listed(elements):
                known = algorithm.tunable.get(member_of(element.name) or "")
                if known is None or known.low is None or known.high is None:
                    continue
                low, high = number(element.min_value or ""), number(element.max_value or "")
                if low is None or high is None:
                    continue
                where = (*search.where, member, index)
                if known.kind == "Integer" and member == "ContinuousParameterRanges":
                    yield Problem(
                        (*where, "Name"),
                        element.name,
                        f"is a whole number in {algorithm.name}, whose training jobs refuse fractions",
                        "move its range to IntegerParameterRanges",
                    )
                elif low < float(known.low) or high > float(known.high):
                    yield Problem(
                        (*where, "MinValue") if low < float(known.low) else (*where, "MaxValue"),
                        element.min_value if low < float(known.low) else element.max_value,
                        f"is outside the range of {element.name} that AWS recommends, {known.low} to {known.high}",
                        "narrow the range if training jobs fail",
                    )


def _channels(definition: HyperParameterTrainingJobDefinition) -> set[str]:
    return {channel.channel_name for _, channel in listed(definition.input_data_config)}


def _is_script(definition: HyperParameterTrainingJobDefinition) -> bool:
    """Say whether the training jobs run the user's script in the algorithm's image."""
    return SCRIPT_MODE in (definition.static_hyper_parameters or ())
