"""CloudWatch's periods: which are valid, where a series of them begins, and which values fall into each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MINUTE, HOUR, DAY = 60, 3600, 86400
SHORT_PERIODS = (1, 5, 10, 20, 30)
"""Seconds. CloudWatch's finest resolution is one second."""
_COARSE_AFTER, _COARSEST_AFTER = 15 * DAY, 63 * DAY
MAX_VALUE = 2.0**360
"""CloudWatch takes values from -2**360 to 2**360."""


def is_period(seconds: int) -> bool:
    """Return whether CloudWatch has this period."""
    return seconds in SHORT_PERIODS or (seconds > 0 and seconds % MINUTE == 0)


def first_period(start: float, period: int, now: float) -> float:
    """Return where the first period begins: CloudWatch rounds the start time down.

    Args:
        start: seconds since the epoch.
        period: seconds.
        now: seconds since the epoch. Start times of long ago are rounded to 5 minutes, and then to hours.
    """
    age = now - start
    if age > _COARSEST_AFTER:
        step = HOUR
    elif age > _COARSE_AFTER:
        step = 5 * MINUTE
    else:
        step = min(period, MINUTE)
    return start // step * step


def in_periods(
    values: Iterable[tuple[float, float]], first: float, period: int
) -> list[tuple[float, list[float]]]:
    """Return the begin of each period that has values, oldest first, and its values.

    Args:
        values: (time, value), oldest first. Values that CloudWatch cannot store are left out.
        first: where the first period begins.
        period: seconds.
    """
    found: dict[float, list[float]] = {}
    for at, value in values:
        if abs(value) <= MAX_VALUE:
            found.setdefault(first + (at - first) // period * period, []).append(value)
    return sorted(found.items())
