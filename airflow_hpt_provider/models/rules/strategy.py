"""What each search strategy needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from airflow_hpt_provider.models.numbers import whole
from airflow_hpt_provider.models.rules.helpers import (
    CONFIG,
    LIMITS,
    RANGES,
    combinations,
    config_of,
    definitions,
    member_of,
    searches,
)
from airflow_hpt_provider.models.status import EarlyStoppingType, StrategyType
from airflow_hpt_provider.models.validation.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_hpt_provider.models.request import TuningJobRequest
    from airflow_hpt_provider.models.validation.errors import Location

MAX_RESOURCE: Final = 20_000
"""Hyperband's largest MaxResource, in epochs."""

EPOCH_HYPERPARAMETERS: Final = ("epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs")
"""Static hyperparameters from which Hyperband takes its MaxResource if it is not given."""

_MAX_JOBS: Final[Location] = (*LIMITS, "MaxNumberOfTrainingJobs")
_HYPERBAND: Final[Location] = (*CONFIG, "StrategyConfig", "HyperbandStrategyConfig")


def grid(request: TuningJobRequest) -> Iterator[Problem]:
    """Grid: categorical ranges only, and as many training jobs as there are combinations."""
    config = config_of(request)
    if config is None or config.strategy != StrategyType.GRID:
        return
    totals: list[int | None] = []
    for search in searches(request):
        for member, given in (
            ("IntegerParameterRanges", search.ranges.integer_parameter_ranges),
            ("ContinuousParameterRanges", search.ranges.continuous_parameter_ranges),
        ):
            if given:
                yield Problem(
                    (*search.where, member),
                    len(given),
                    "Grid searches categorical hyperparameters only",
                    "list the values to try in CategoricalParameterRanges, or use another Strategy",
                )
        totals.append(None if search.ranges.integer_parameter_ranges else combinations(search.ranges))
    limits = member_of(config.resource_limits)
    most = limits.max_number_of_training_jobs if limits is not None else None
    known = [total for total in totals if total is not None]
    if most is None or not known or len(known) != len(totals):
        return
    if most != sum(known):
        yield Problem(
            _MAX_JOBS,
            most,
            f"must equal the number of combinations of the grid, {sum(known)}",
            f"set it to {sum(known)} or leave it out",
        )


def enough_combinations(request: TuningJobRequest) -> Iterator[Problem]:
    """Check that a space of integers and categories has at least as many points as there are training jobs."""
    config = config_of(request)
    limits = member_of(config.resource_limits) if config is not None else None
    if (
        config is None
        or limits is None
        or config.parameter_ranges is None
        or config.strategy == StrategyType.GRID
    ):
        return
    most, total = limits.max_number_of_training_jobs, combinations(config.parameter_ranges)
    empty = not (
        config.parameter_ranges.integer_parameter_ranges
        or config.parameter_ranges.categorical_parameter_ranges
    )
    if most is not None and total is not None and total < most and not empty:
        yield Problem(
            _MAX_JOBS,
            most,
            f"is more than the {total} combinations of the hyperparameter ranges",
            f"set it to {total} or less, or widen the ranges",
            aws_message="You don't have enough combinations of hyperparameter ranges. The total number of "
            f"hyperparameter combinations for the provided ranges [{float(total)}] must be equal or greater than "
            f"the value of MaxNumberOfJobs, [{most}]. Provide additional ranges.",
            sought=(RANGES,),
        )


def hyperband(request: TuningJobRequest) -> Iterator[Problem]:
    """Check Hyperband: no early stopping in addition to its own, and valid MinResource and MaxResource."""
    config = config_of(request)
    if config is None or config.strategy != StrategyType.HYPERBAND:
        return
    if config.training_job_early_stopping_type == EarlyStoppingType.AUTO:
        yield Problem(
            (*CONFIG, "TrainingJobEarlyStoppingType"),
            config.training_job_early_stopping_type,
            "Hyperband has its own early stopping",
            "set it to Off or leave it out",
        )
    settings = config.strategy_config and config.strategy_config.hyperband_strategy_config
    least = settings.min_resource if settings else None
    most = settings.max_resource if settings else None
    if most is not None:
        yield from _resource((*_HYPERBAND, "MaxResource"), most, least)
        return
    for at, definition in definitions(request):
        static = definition.static_hyper_parameters or {}
        name = next((name for name in EPOCH_HYPERPARAMETERS if name in static), None)
        where = (*at, "StaticHyperParameters")
        if name is None:
            yield Problem(
                (*_HYPERBAND, "MaxResource"),
                None,
                f"is not given, and StaticHyperParameters of {at[0]} has none of "
                f"{', '.join(EPOCH_HYPERPARAMETERS)} to take it from",
                "give MaxResource, the most epochs of a training job",
                aws_message="MaxResource parameter is not provided and could not be inferred from provided static "
                "hyperparameters of TrainingJobDefinition.",
                sought=(_HYPERBAND, where),
            )
            continue
        epochs = whole(static[name].strip("\"'"))
        if epochs is None or epochs < 1:
            yield Problem(
                (*where, name),
                static[name],
                "is to be Hyperband's MaxResource, but is not a whole number above 0",
                "correct it or give MaxResource",
            )
        else:
            yield from _resource((*where, name), epochs, least)


def _resource(where: Location, most: int, least: int | None) -> Iterator[Problem]:
    if most > MAX_RESOURCE:
        yield Problem(where, most, f"as Hyperband's MaxResource must be at most {MAX_RESOURCE}", "lower it")
    if least is not None and least > most:
        yield Problem(
            (*_HYPERBAND, "MinResource"),
            least,
            f"must not be more than MaxResource, {most}",
            "lower MinResource or raise MaxResource",
        )


def strategy_config(request: TuningJobRequest) -> Iterator[Problem]:
    """Hyperband's settings are for Hyperband alone."""
    config = config_of(request)
    if config is None or member_of(config.strategy) is None or config.strategy == StrategyType.HYPERBAND:
        return
    if config.strategy_config is not None and config.strategy_config.hyperband_strategy_config is not None:
        yield Problem(
            _HYPERBAND,
            None,
            f"is for Strategy Hyperband, not {config.strategy}",
            "remove it or set Strategy to Hyperband",
        )
