"""The ranges that the local service searches for Autotune's AutoParameters.

AWS does not say how it chooses a range from a hint. The rule here:

- A hyperparameter of a built-in algorithm gets the range that AWS recommends; one that cannot be tuned keeps its hint.
- A whole number n above 0 gets n/2 to 2n, one below 0 the mirror of it, and 0 the range 0 to 2.
- Another number x above 0 gets x/10 to 10x, logarithmic, and at most 1 if x is at most 1; 0.0 gets 0 to 1, and x
  below 0 gets 10x to x/10.
- ``true`` and ``false`` get both.
- Every other hint is kept. With the strategy Grid, every hint but ``true`` and ``false`` is kept.

Without any hyperparameter to search, a built-in algorithm is searched over all that it lets tuning jobs search, except
the static ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from airflow_hpt_provider.models.algorithms import find_algorithm
from airflow_hpt_provider.models.numbers import number, whole
from airflow_hpt_provider.models.status import ScalingType, StrategyType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_hpt_provider.models.algorithms import Tunable

Ranges = dict[str, list[dict[str, Any]]]

AUTO: Final = "AutoParameters"
INTEGER, CONTINUOUS = "IntegerParameterRanges", "ContinuousParameterRanges"
CATEGORICAL = "CategoricalParameterRanges"
SEARCHED: Final = (INTEGER, CONTINUOUS, CATEGORICAL)
_SWITCHES: Final = (("true", "false"), ("True", "False"))


def searched_ranges(
    ranges: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    image: str,
    static: Mapping[str, str],
    strategy: str,
    autotune: bool,
) -> tuple[Ranges, dict[str, str]]:
    """Return the ranges that are searched, AutoParameters included, and the hints that are kept.

    Args:
        ranges: the request's ParameterRanges, in AWS names.
        image: the training image.
        static: the static hyperparameters.
        strategy: the search strategy; Grid searches categories only.
        autotune: whether the request has Autotune.
    """
    result: Ranges = {kind: [dict(each) for each in ranges[kind]] for kind in SEARCHED if ranges.get(kind)}
    algorithm = find_algorithm(image)
    grid = strategy == StrategyType.GRID
    kept: dict[str, str] = {}
    for each in ranges.get(AUTO) or ():
        name, hint = each["Name"], each["ValueHint"]
        known = None if algorithm is None else algorithm.tunable.get(name)
        found = _from_hint(name, hint) if algorithm is None else _recommended(name, known)
        if found is None or (grid and found[0] != CATEGORICAL):
            kept[name] = hint
        else:
            result.setdefault(found[0], []).append(found[1])
    if not any(result.values()) and not kept and autotune and algorithm is not None and not grid:
        for name, tunable in algorithm.tunable.items():
            found = _recommended(name, tunable)
            if found is not None and name not in static:
                result.setdefault(found[0], []).append(found[1])
    return result, kept


def _recommended(name: str, tunable: Tunable | None) -> tuple[str, dict[str, Any]] | None:
    if tunable is None or tunable.low is None or tunable.high is None:
        return None
    bounds = {"Name": name, "MinValue": tunable.low, "MaxValue": tunable.high}
    return (INTEGER if tunable.kind == "Integer" else CONTINUOUS), bounds


def _from_hint(name: str, hint: str) -> tuple[str, dict[str, Any]] | None:
    for both in _SWITCHES:
        if hint in both:
            return CATEGORICAL, {"Name": name, "Values": list(both)}
    n = whole(hint)
    if n is not None:
        low, high = (max(n // 2, 1), 2 * n) if n > 0 else (0, 2) if n == 0 else (2 * n, min(-(-n // 2), -1))
        return INTEGER, {"Name": name, "MinValue": str(low), "MaxValue": str(high)}
    x = number(hint)
    if x is None:
        return None
    a, b = (0.0, 1.0) if x == 0 else sorted((x / 10, 10 * x))
    if 0 < x <= 1:
        b = min(b, 1.0)
    if number(repr(a)) is None or number(repr(b)) is None or a >= b:  # too large, or too small, to be a range
        return None
    bounds = {"Name": name, "MinValue": repr(a), "MaxValue": repr(b)}
    return CONTINUOUS, bounds | ({"ScalingType": ScalingType.LOGARITHMIC.value} if a > 0 else {})
