"""CloudWatch's statistics of the values in one period."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SIMPLE: dict[str, Callable[[Sequence[float]], float]] = {
    "SampleCount": lambda values: float(len(values)),
    "Average": lambda values: math.fsum(values) / len(values),
    "Sum": math.fsum,
    "Minimum": min,
    "Maximum": max,
}
_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100(?:\.0+)?)")


def statistic(name: str) -> Callable[[Sequence[float]], float] | None:
    """Return the function of a statistic; None if it is unknown.

    Known are the five simple ones, and percentiles (``p90``, ``p99.9``) with linear interpolation.
    """
    match = _PERCENTILE.fullmatch(name)
    if match is None:
        return SIMPLE.get(name)
    share = float(match[1]) / 100
    return lambda values: _percentile(values, share)


def is_percentile(name: str) -> bool:
    """Return whether a statistic is a percentile: an extended statistic in GetMetricStatistics."""
    return _PERCENTILE.fullmatch(name) is not None


def _percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
