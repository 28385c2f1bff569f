"""A problem of the benchmark: ranges, and by seed a task with a loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Point = Mapping[str, Any]
Ranges = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Parent:
    """A finished training job of a warm-start parent."""

    point: Point
    loss: float


@dataclass(frozen=True)
class Task:
    """What one run minimises.

    Attributes:
        observe: the loss that training job ``number`` reports at a point; not finite if it fails.
        truth: the loss at a point without noise, by which a run is judged; None: what is observed.
        floor: the lowest loss there is; None if it is unknown.
        parents: training jobs of a warm-start parent.
    """

    observe: Callable[[Point, int], float]
    truth: Callable[[Point], float] | None = None
    floor: float | None = None
    parents: Sequence[Parent] = field(default=())


@dataclass(frozen=True)
class Problem:
    """Something to minimise.

    Attributes:
        name: unique.
        family: problems of one kind are reported together.
        ranges: the API's ParameterRanges.
        make: seed -> task. The seed moves the optimum, or draws the split of the data.
    """

    name: str
    family: str
    ranges: Ranges
    make: Callable[[int], Task]


def number(name: str, low: float, high: float, scaling: str = "Linear") -> dict[str, Any]:
    """Return a numeric range in the API's form."""
    return {"Name": name, "MinValue": repr(low), "MaxValue": repr(high), "ScalingType": scaling}


def log(name: str, low: float, high: float) -> dict[str, Any]:
    """Return a logarithmic range in the API's form."""
    return number(name, low, high, "Logarithmic")


def choice(name: str, *values: str) -> dict[str, Any]:
    """Return a categorical range in the API's form."""
    return {"Name": name, "Values": list(values)}


def ranges(
    continuous: Sequence[dict[str, Any]] = (),
    integer: Sequence[dict[str, Any]] = (),
    categorical: Sequence[dict[str, Any]] = (),
) -> Ranges:
    """Return the API's ParameterRanges."""
    return {
        "ContinuousParameterRanges": list(continuous),
        "IntegerParameterRanges": list(integer),
        "CategoricalParameterRanges": list(categorical),
    }
