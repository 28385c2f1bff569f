"""Points that no trial has tried yet, so that no strategy pays twice for one training job."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.strategies.contract import Exhausted, Trial, Value

if TYPE_CHECKING:
    import numpy as np

    from airflow_hpt_provider.local.strategies.space import Point, SearchSpace

Key = tuple[Value, ...]
MAX_DRAWS = 2000
"""After this number of draws, a finite space is enumerated instead."""


def next_number(own: Sequence[Trial]) -> int:
    """Return the number of the next trial of those that one strategy suggests, from 1; parents' trials don't count."""
    return len(own) + 1


def tried_keys(space: SearchSpace, trials: Iterable[Trial]) -> set[Key]:
    """Return the keys (:meth:`SearchSpace.key`) of all points that trials have tried or are trying."""
    points = (space.parse(trial.point) for trial in trials)
    return {space.key(point) for point in points if point is not None}


def check_not_exhausted(space: SearchSpace, tried: AbstractSet[Key]) -> None:
    """Raise Exhausted where a finite space has been tried completely.

    Raises:
        Exhausted: every point has been tried.
    """
    if len(tried) >= space.size:
        raise Exhausted(f"all {space.size} combinations of hyperparameters have been tried")


def first_untried(space: SearchSpace, tried: AbstractSet[Key], start: int = 0) -> Point:
    """Return the first untried point of a finite space from an index on, going round.

    Raises:
        Exhausted: every point has been tried.
    """
    check_not_exhausted(space, tried)
    size = int(space.size)
    for index in range(start, start + len(tried) + 1):  # of these points, one has not been tried
        if space.key(point := space.point_at(index % size)) not in tried:
            return point
    raise Exhausted(f"no untried combination of hyperparameters was found among {size}")


def draw_untried(
    space: SearchSpace, tried: AbstractSet[Key], rng: np.random.Generator, draws: Iterator[Point]
) -> Point:
    """Return the first new draw; without one, the first new point of a finite space from a random index on.

    Args:
        space: of the points.
        tried: what to avoid.
        rng: gives the random place.
        draws: points in order of preference, possibly without end.

    Raises:
        Exhausted: every point has been tried.
    """
    check_not_exhausted(space, tried)
    point = None
    for point in itertools.islice(draws, MAX_DRAWS):
        if space.key(point) not in tried:
            return point
    if space.size == math.inf:
        if point is None:
            raise ValueError("draws is empty: give at least one point")
        return point  # a range so narrow that its floats repeat
    return first_untried(space, tried, start=int(rng.integers(2**53)) * int(space.size) >> 53)
