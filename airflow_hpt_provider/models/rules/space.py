"""The search space: bounds, scales, names, size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from airflow_hpt_provider.models.numbers import number, whole
from airflow_hpt_provider.models.rules.helpers import (
    RANGE_MEMBERS,
    autotuned,
    listed,
    misplaced,
    names_in,
    searches,
)
from airflow_hpt_provider.models.status import ScalingType
from airflow_hpt_provider.models.validation.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_hpt_provider.models.ranges import ContinuousParameterRange, IntegerParameterRange
    from airflow_hpt_provider.models.request import TuningJobRequest
    from airflow_hpt_provider.models.validation.errors import Location

MAX_SEARCHED: Final = 30
"""Hyperparameters that one tuning job can search."""

MAX_HYPERPARAMETERS: Final = 100
"""Hyperparameters of a training job: searched, static, and the one that names the objective metric."""

OBJECTIVE_HYPERPARAMETER: Final = "_tuning_objective_metric"
"""A hyperparameter that the service adds to each training job."""


def bounds(request: TuningJobRequest) -> Iterator[Problem]:
    """Bounds are numbers, in order, and on a scale that suits them."""
    for search in searches(request):
        for index, integer in listed(search.ranges.integer_parameter_ranges):
            yield from _bounds_of(
                integer, (*search.where, "IntegerParameterRanges", index), whole_numbers=True
            )
        for index, continuous in listed(search.ranges.continuous_parameter_ranges):
            yield from _bounds_of(
                continuous, (*search.where, "ContinuousParameterRanges", index), whole_numbers=False
            )


def _bounds_of(
    limits: IntegerParameterRange | ContinuousParameterRange, where: Location, *, whole_numbers: bool
) -> Iterator[Problem]:
    ends: dict[str, float] = {}
    for member, text in (("MinValue", limits.min_value), ("MaxValue", limits.max_value)):
        end = whole(text) if whole_numbers else number(text)
        if end is not None:
            ends[member] = end
        elif text is not None:
            kind = "a whole number" if whole_numbers else "a finite number"
            advice = "use ContinuousParameterRanges for fractions" if whole_numbers else "correct it"
            yield Problem((*where, member), text, f"is not {kind}", advice)
    of = f" of {limits.name!r}" if limits.name else ""  # the user of a form knows names, not indexes
    if len(ends) == 2 and ends["MinValue"] >= ends["MaxValue"]:
        yield Problem(
            (*where, "MinValue"),
            limits.min_value,
            f"must be less than MaxValue, {limits.max_value}",
            f"swap or widen the bounds{of}; a hyperparameter with one value belongs in StaticHyperParameters",
        )
    scaling = (*where, "ScalingType")
    if limits.scaling_type == ScalingType.LOGARITHMIC and any(end <= 0 for end in ends.values()):
        yield Problem(
            scaling,
            limits.scaling_type,
            f"needs a range above 0, not {limits.min_value} to {limits.max_value}",
            f"raise MinValue{of} above 0 or use Linear",
        )
    if limits.scaling_type == ScalingType.REVERSE_LOGARITHMIC:
        if whole_numbers:
            yield Problem(
                scaling,
                limits.scaling_type,
                "is for continuous ranges only",
                "use Linear, Logarithmic or Auto, or move the range to ContinuousParameterRanges",
            )
        elif any(not 0 <= end < 1 for end in ends.values()):
            yield Problem(
                scaling,
                limits.scaling_type,
                f"needs a range within 0 <= x < 1, not {limits.min_value} to {limits.max_value}",
                f"keep MinValue{of} at 0 or more and MaxValue below 1, or use Linear",
            )


def names(request: TuningJobRequest) -> Iterator[Problem]:
    """Check that a hyperparameter is searched once, and not static as well, unless its range is left to Autotune."""
    for search in searches(request):
        first: dict[str, Location] = {}
        static = (search.definition and search.definition.static_hyper_parameters) or {}
        for where, name in names_in(search):
            if name in first:
                yield Problem(
                    where,
                    name,
                    f"is searched twice, also in {first[name][-3]}[{first[name][-2]}]",
                    "keep one range for it",
                )
            else:
                first[name] = where
            if name == OBJECTIVE_HYPERPARAMETER:
                yield Problem(
                    where,
                    name,
                    "is the hyperparameter in which SageMaker names the objective metric to each training job",
                    "remove its range",
                )
            elif name in static and where[-3] != "AutoParameters":
                yield Problem(
                    where,
                    name,
                    "is both searched and static",
                    "remove its range, or remove it from StaticHyperParameters",
                )


def size(request: TuningJobRequest) -> Iterator[Problem]:
    """Something is searched, not more than 30 hyperparameters, and with the static ones not more than 100."""
    total = 0
    for search in searches(request):
        counts = {member: len(getattr(search.ranges, attribute) or ()) for member, attribute in RANGE_MEMBERS}
        auto = counts.pop("AutoParameters")
        searched = sum(counts.values())
        total += searched
        empty = not searched and not auto and not autotuned(request)
        if empty and not misplaced(request, search):
            yield Problem(
                search.where,
                None,
                "holds no range, so there is nothing to search",
                "add at least one range",
                sought=(search.where,),
            )
        if searched > MAX_SEARCHED:
            yield Problem(
                search.where,
                searched,
                f"holds {searched} hyperparameters to search, but at most {MAX_SEARCHED} are possible in all",
                "make some of them static",
            )
        static = (search.definition and search.definition.static_hyper_parameters) or {}
        added = 0 if OBJECTIVE_HYPERPARAMETER in static else 1
        if len(static) + searched + added > MAX_HYPERPARAMETERS:
            yield Problem(
                (*search.definition_at, "StaticHyperParameters"),
                len(static),
                f"{len(static)} static and {searched} searched hyperparameters, and "
                f"{OBJECTIVE_HYPERPARAMETER}, which the service adds, are more than {MAX_HYPERPARAMETERS}",
                "remove some",
            )
