"""The three kinds of searched hyperparameter, each a map between its values and the unit interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Number = TypeVar("Number", float, Array)

AUTO_LOG_RATIO = 100.0
"""Auto means logarithmic from this ratio of a range's ends on.

AWS documents only that Auto picks "the best scale", that linear suits ranges within one order of magnitude and
logarithmic those that span several. We draw the line at two orders.
"""


class Scale(Enum):
    """How a numeric range is stretched before it is searched uniformly; the values are the API's words."""

    LINEAR = "Linear"
    LOGARITHMIC = "Logarithmic"
    REVERSE_LOGARITHMIC = "ReverseLogarithmic"

    @classmethod
    def parse(cls, name: str, low: float, high: float, *, integer: bool = False) -> Scale:
        """Return the scale of an API ``ScalingType`` over a range, Auto decided.

        Auto is logarithmic where both ends are positive and at least two orders of magnitude apart, reverse
        logarithmic where that holds of their distances from 1 (0.9 to 0.9999), and linear otherwise.

        Raises:
            ValueError: the word is unknown, or the scale cannot hold the range.
        """
        if name == "Auto":
            if low > 0 and high / low >= AUTO_LOG_RATIO:
                return cls.LOGARITHMIC
            if not integer and 0 <= low <= high < 1 and (1 - low) / (1 - high) >= AUTO_LOG_RATIO:
                return cls.REVERSE_LOGARITHMIC
            return cls.LINEAR
        scale = cls(name)
        if scale is cls.LOGARITHMIC and low <= 0:
            raise ValueError(
                f"Logarithmic scaling needs a range above 0, not [{low}, {high}]: use Linear or Auto"
            )
        if scale is cls.REVERSE_LOGARITHMIC and (integer or not 0 <= low <= high < 1):
            raise ValueError(
                "ReverseLogarithmic scaling needs a continuous range within 0 <= x < 1, "
                f"not [{low}, {high}]: use Linear, Logarithmic or Auto"
            )
        return scale

    def stretch(self, values: Number) -> Number:
        """Return the values on the stretched axis, on which the search is uniform."""
        match self:
            case Scale.LINEAR:
                return values
            case Scale.LOGARITHMIC:
                return cast("Number", np.log(values))
            case Scale.REVERSE_LOGARITHMIC:
                return cast("Number", -np.log1p(-values))

    def unstretch(self, stretched: Number) -> Number:
        """Return the inverse of :meth:`stretch`."""
        match self:
            case Scale.LINEAR:
                return stretched
            case Scale.LOGARITHMIC:
                return cast("Number", np.exp(stretched))
            case Scale.REVERSE_LOGARITHMIC:
                return cast("Number", -np.expm1(-stretched))


def _position(stretched: Number, low: float, high: float) -> Number:
    """Return the places of values between two ends, 0 to 1. Halving them first keeps huge ranges from overflowing."""
    width = high / 2 - low / 2
    return (stretched / 2 - low / 2) / width if width > 0 else stretched * 0.0 + 0.5


@dataclass(frozen=True)
class Continuous:
    """A real number within [low, high]."""

    name: str
    low: float
    high: float
    scale: Scale = Scale.LINEAR

    @property
    def size(self) -> float:
        """The number of values."""
        return 1 if self.low == self.high else math.inf

    def to_unit(self, value: float) -> float:
        """Return the value's place in the unit interval, clipped to it."""
        value = min(max(value, self.low), self.high)
        return min(max(float(_position(self.scale.stretch(value), *self._edges)), 0.0), 1.0)

    def from_unit(self, u: float) -> float:
        """Return the value at a place in the unit interval."""
        low, high = self._edges
        return min(max(float(self.scale.unstretch(low * (1 - u) + high * u)), self.low), self.high)

    @cached_property
    def _edges(self) -> tuple[float, float]:
        return float(self.scale.stretch(self.low)), float(self.scale.stretch(self.high))


@dataclass(frozen=True)
class Integer:
    """A whole number within [low, high].

    Each integer owns the bin from half below to half above it on the stretched axis, so on a linear scale all
    have the same share of the unit interval, the ends included.
    """

    name: str
    low: int
    high: int
    scale: Scale = Scale.LINEAR

    @property
    def size(self) -> int:
        """The number of values."""
        return self.high - self.low + 1

    def to_unit(self, value: float) -> float:
        """Return the integer's place in the unit interval, within its bin; clipped."""
        value = float(min(max(value, self.low), self.high))
        return min(max(float(_position(self.scale.stretch(value), *self._edges)), 0.0), 1.0)

    def from_unit(self, u: float) -> int:
        """Return the integer whose bin holds a place in the unit interval."""
        return min(max(int(self._nearest(u)), self.low), self.high)

    def snap(self, u: Array) -> Array:
        """Move places in the unit interval to those of the integers whose bins they are in."""
        integers = np.clip(self._nearest(u), float(self.low), float(self.high))
        return np.clip(_position(self.scale.stretch(integers), *self._edges), 0.0, 1.0)

    def _nearest(self, u: Number) -> Number:
        low, high = self._edges
        return cast("Number", np.floor(self.scale.unstretch(low * (1 - u) + high * u) + 0.5))

    @cached_property
    def _edges(self) -> tuple[float, float]:
        return float(self.scale.stretch(self.low - 0.5)), float(self.scale.stretch(self.high + 0.5))


@dataclass(frozen=True)
class Categorical:
    """One of a few strings, in no order."""

    name: str
    values: tuple[str, ...]

    @property
    def size(self) -> int:
        """The number of values."""
        return len(self.values)


Parameter: TypeAlias = Continuous | Integer | Categorical
