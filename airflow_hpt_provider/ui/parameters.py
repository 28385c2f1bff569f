"""The searched hyperparameters of a tuning job, as the page gets them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.display.hyperparameters import names_in
from airflow_hpt_provider.models.numbers import number
from airflow_hpt_provider.models.spaces import search_spaces

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TrainingJobSummary, TuningJobDescription
    from airflow_hpt_provider.models.ranges import ParameterRanges

_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_SCALES = {"Logarithmic": "log", "ReverseLogarithmic": "reverse_log"}

Parameter = dict[str, Any]
"""``name`` and ``kind``; of a number ``scale``, ``min`` and ``max``, of a categorical one its ``values``."""


def parameters(
    description: TuningJobDescription, training_jobs: Sequence[TrainingJobSummary]
) -> list[Parameter]:
    """Return the parameters of the ranges, then those that only training jobs have.

    Only training jobs have the hyperparameters whose ranges Autotune chose, and those that are a number in one
    training job definition and a word in another.
    """
    found: dict[str, Parameter | None] = {}
    for space in search_spaces(description):
        for one in _of_space(space):
            name = one["name"]
            found[name] = _of_both(found[name], one) if name in found else one
    known = {name: one for name, one in found.items() if one is not None}
    for name in names_in(training_jobs):
        if name not in known:
            known[name] = _of_values(name, [job.tuned_hyper_parameters.get(name) for job in training_jobs])
    return list(known.values())


def value_of(text: str | None, parameter: Parameter) -> float | str | None:
    """Return a training job's value of a hyperparameter: a number or a text; None without a value."""
    return text if parameter["kind"] == "categorical" else _number(text)


def _of_space(space: ParameterRanges) -> Iterator[Parameter]:
    for kind, ranges in (
        ("continuous", space.continuous_parameter_ranges),
        ("integer", space.integer_parameter_ranges),
    ):
        for one in ranges or ():
            scale = _SCALES.get(one.scaling_type or "", "linear")
            low, high = _number(one.min_value), _number(one.max_value)
            yield {"name": one.name, "kind": kind, "scale": scale, "min": low, "max": high}
    for choice in space.categorical_parameter_ranges or ():
        yield {"name": choice.name, "kind": "categorical", "values": list(choice.values)}


def _of_both(one: Parameter | None, other: Parameter) -> Parameter | None:
    """Merge two definitions' ranges of one hyperparameter; None if only one of them is a number."""
    if one is None or (one["kind"] == "categorical") != (other["kind"] == "categorical"):
        return None
    if one["kind"] == "categorical":
        return one | {"values": list(dict.fromkeys([*one["values"], *other["values"]]))}
    lows, highs = ([each[end] for each in (one, other) if each[end] is not None] for end in ("min", "max"))
    return one | {
        "kind": one["kind"] if one["kind"] == other["kind"] else "continuous",
        "scale": one["scale"] if one["scale"] == other["scale"] else "linear",
        "min": min(lows, default=None),
        "max": max(highs, default=None),
    }


def _of_values(name: str, values: Sequence[str | None]) -> Parameter:
    if all(_number(value) is not None for value in values if value is not None):
        return {"name": name, "kind": "continuous", "scale": "linear", "min": None, "max": None}
    return {"name": name, "kind": "categorical", "values": sorted({value for value in values if value})}


def _number(text: str | None) -> float | int | None:
    """Return the finite number in a text, as int if it is whole; None without one."""
    value = number(text)
    if text is None or value is None:
        return None
    if _WHOLE.fullmatch(text):
        return int(text)  # a float would lose digits above 2**53; longer ones do
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
