"""The search space: points by name on one side, rows of the unit cube on the other.

A row has one column per numeric parameter and one per *value* of a categorical one (one-hot), in the order of
``SearchSpace.parameters``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

import numpy as np

from airflow_hpt_provider.local.strategies.contract import Value
from airflow_hpt_provider.local.strategies.parameters import (
    Array,
    Categorical,
    Continuous,
    Integer,
    Parameter,
    Scale,
)

Point: TypeAlias = dict[str, Value]
MAX_ROWS = 4096
"""Number of rows that a space keeps."""


class SearchSpace:
    """The hyperparameters to search and their ranges.

    Args:
        parameters: at least one, with distinct names.

    Attributes:
        parameters: as given.
        columns: for each parameter, the slice of a row that is its own.
        width: the length of a row.
    """

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        names = [parameter.name for parameter in parameters]
        if not names:
            raise ValueError("ParameterRanges is empty: give at least one hyperparameter to search")
        if len(set(names)) != len(names):
            raise ValueError(f"ParameterRanges names a hyperparameter twice: {sorted(names)}")
        self.parameters = tuple(parameters)
        self.columns: tuple[slice, ...] = tuple(self._lay_out())
        self.width = self.columns[-1].stop

    def _lay_out(self) -> Iterator[slice]:
        start = 0
        for parameter in self.parameters:
            stop = start + (parameter.size if isinstance(parameter, Categorical) else 1)
            yield slice(start, stop)
            start = stop

    @classmethod
    def from_ranges(cls, ranges: Mapping[str, Sequence[Mapping[str, Any]]]) -> SearchSpace:
        """Return the space of an API ``ParameterRanges``: continuous parameters first, then integer, then categorical.

        Raises:
            ValueError: a bound is not a number, the ends are the wrong way round, or the scaling does not fit.
        """
        parameters: list[Parameter] = []
        for item in ranges.get("ContinuousParameterRanges") or ():
            low, high = (_number(item, key) for key in ("MinValue", "MaxValue"))
            parameters.append(Continuous(item["Name"], low, high, _scale(item, low, high)))
        for item in ranges.get("IntegerParameterRanges") or ():
            first, last = (_integer(item, key) for key in ("MinValue", "MaxValue"))
            parameters.append(Integer(item["Name"], first, last, _scale(item, first, last, integer=True)))
        for item in ranges.get("CategoricalParameterRanges") or ():
            if not item.get("Values"):
                raise ValueError(
                    f"CategoricalParameterRanges '{item['Name']}' has no Values: give at least one"
                )
            parameters.append(Categorical(item["Name"], tuple(dict.fromkeys(item["Values"]))))
        return cls(parameters)

    @cached_property
    def size(self) -> float:
        """The number of distinct points; infinite if a continuous parameter varies."""
        return math.prod(parameter.size for parameter in self.parameters)

    def encode(self, point: Mapping[str, Value]) -> Array:
        """Return the row of a point.

        Raises:
            KeyError: the point lacks a parameter.
            ValueError: a categorical value is none of the parameter's.
        """
        values = [
            str(point[each.name]) if isinstance(each, Categorical) else float(point[each.name])
            for each in self.parameters
        ]
        return self._encode(*values).copy()

    @cached_property
    def _encode(self) -> Callable[..., Array]:
        """Return the row of values; kept, as every suggestion needs those of all trials."""

        @lru_cache(maxsize=MAX_ROWS)
        def encode(*values: str | float) -> Array:
            row = np.zeros(self.width)
            for parameter, columns, value in zip(self.parameters, self.columns, values, strict=True):
                if isinstance(parameter, Categorical):
                    row[columns.start + parameter.values.index(str(value))] = 1.0
                else:
                    row[columns.start] = parameter.to_unit(float(value))
            return row

        return encode

    def decode(self, row: Array) -> Point:
        """Return the point of a row: integers from their bins, of a categorical the value of the largest column."""
        point: Point = {}
        for parameter, columns in zip(self.parameters, self.columns, strict=True):
            if isinstance(parameter, Categorical):
                point[parameter.name] = parameter.values[int(np.argmax(row[columns]))]
            else:
                point[parameter.name] = parameter.from_unit(float(row[columns.start]))
        return point

    def from_cube(self, u: Array) -> Array:
        """Return the snapped rows at points of the unit cube (n, parameters), as samplers give them."""
        rows = np.zeros((len(u), self.width))
        for parameter, columns, coordinates in zip(self.parameters, self.columns, u.T, strict=True):
            if isinstance(parameter, Categorical):
                place = np.minimum((coordinates * parameter.size).astype(int), parameter.size - 1)
                rows[:, columns] = np.eye(parameter.size)[place]
            else:
                rows[:, columns.start] = coordinates
        return self.snap(rows)

    def snap(self, rows: Array) -> Array:
        """Return the rows of the points that these rows (n, width) decode to: integers in their bins, one-hot exact."""
        snapped = rows.copy()
        for parameter, columns in zip(self.parameters, self.columns, strict=True):
            match parameter:
                case Categorical():
                    snapped[:, columns] = np.eye(parameter.size)[rows[:, columns].argmax(axis=1)]
                case Integer():
                    snapped[:, columns.start] = parameter.snap(rows[:, columns.start])
                case Continuous():
                    if parameter.size == 1:
                        snapped[:, columns.start] = 0.5
        return snapped

    def key(self, point: Mapping[str, Value]) -> tuple[Value, ...]:
        """Return a hashable form of the point, to find duplicates."""
        return tuple(point[parameter.name] for parameter in self.parameters)

    def format(self, point: Mapping[str, Value]) -> dict[str, str]:
        """Return the point as the API and the training job see it: every value a string, categorical ones verbatim."""
        return {
            parameter.name: repr(float(value)) if isinstance(parameter, Continuous) else str(value)
            for parameter in self.parameters
            for value in (point[parameter.name],)
        }

    def parse(self, values: Mapping[str, Value]) -> Point | None:
        """Return a point from strings (or values) that may come from elsewhere, such as a warm-start parent's trial.

        Returns:
            The point, without names that are not searched here; None where it lacks one, is not a number where
            one is due, or lies outside the ranges.
        """
        point: Point = {}
        for parameter in self.parameters:
            raw = values.get(parameter.name)
            if raw is None:
                return None
            if isinstance(parameter, Categorical):
                if str(raw) not in parameter.values:
                    return None
                point[parameter.name] = str(raw)
                continue
            try:
                number = _whole(raw) if isinstance(parameter, Integer) else float(raw)
            except (ValueError, OverflowError):
                return None
            if not parameter.low <= number <= parameter.high:
                return None
            point[parameter.name] = number
        return point

    def point_at(self, index: int) -> Point:
        """Return the point with this index in a finite space: the last parameter varies fastest."""
        point: Point = {}
        for parameter in reversed(self.parameters):
            index, place = divmod(index, int(parameter.size))
            match parameter:
                case Categorical():
                    point[parameter.name] = parameter.values[place]
                case Integer() | Continuous():
                    point[parameter.name] = parameter.low + place
        return {parameter.name: point[parameter.name] for parameter in self.parameters}


def _number(item: Mapping[str, Any], key: str) -> float:
    try:
        number = float(item[key])
    except (TypeError, ValueError) as error:
        raise ValueError(f"{key} of '{item['Name']}' is '{item[key]}': give a number") from error
    if not math.isfinite(number):
        raise ValueError(f"{key} of '{item['Name']}' is '{item[key]}': give a finite number")
    return number


def _integer(item: Mapping[str, Any], key: str) -> int:
    number = _number(item, key)
    if not number.is_integer():
        raise ValueError(f"{key} of '{item['Name']}' is '{item[key]}': give a whole number")
    return _whole(item[key])


def _whole(raw: Value) -> int:
    """Return the nearest integer; an integer is returned exactly, whatever its size."""
    try:
        return int(raw) if not isinstance(raw, float) else math.floor(raw + 0.5)
    except ValueError:
        return math.floor(float(raw) + 0.5)


def _scale(item: Mapping[str, Any], low: float, high: float, *, integer: bool = False) -> Scale:
    if low > high:
        raise ValueError(f"MinValue of '{item['Name']}' is {low}, above its MaxValue {high}: swap them")
    try:
        return Scale.parse(str(item.get("ScalingType") or "Auto"), low, high, integer=integer)
    except ValueError as error:
        raise ValueError(f"ScalingType of '{item['Name']}': {error}") from error
