"""The point where the acquisition is greatest within a box: sample, climb, round, search nearby."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.optimize import minimize

from airflow_hpt_provider.local.strategies.parameters import Categorical, Integer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from airflow_hpt_provider.local.strategies.parameters import Array
    from airflow_hpt_provider.local.strategies.space import SearchSpace

SCREENED = 1024
CLIMBS = 4
CLIMB_ITERATIONS = 30
WALKS = 10
MOVED = 20
"""About how many numeric parameters of a sampled row differ from the centre: all, up to 20 of them."""
SWITCHED = 0.2
"""Probability that a categorical parameter differs from the centre."""


class Acquisition(Protocol):
    """A function that is maximised over the rows of a space."""

    def __call__(self, rows: Array) -> Array:
        """Return the value at every row, shape (m,)."""
        ...

    def with_gradient(self, row: Array) -> tuple[float, Array]:
        """Return the value at one row, and its gradient by the row."""
        ...


def numeric_columns(space: SearchSpace) -> NDArray[np.intp]:
    """Return the columns along which there is a gradient to climb: numeric, and not a single point."""
    return np.array(
        [
            columns.start
            for parameter, columns in zip(space.parameters, space.columns, strict=True)
            if not isinstance(parameter, Categorical) and parameter.size > 1
        ],
        dtype=np.intp,
    )


@dataclass(frozen=True)
class Box:
    """Where to look: around a row between two corners, and anywhere among other categories than the row's.

    How near a numeric value is to a good one means little once a category has changed, whose best values may lie
    elsewhere.

    Attributes:
        centre: a row of the space, shape (width,).
        low, high: its lowest and highest corner in the space's numeric columns, shape (k,).
    """

    centre: Array
    low: Array
    high: Array


def categorical_columns(space: SearchSpace) -> NDArray[np.intp]:
    """Return the one-hot columns."""
    return np.array(
        [
            column
            for parameter, columns in zip(space.parameters, space.columns, strict=True)
            if isinstance(parameter, Categorical)
            for column in range(columns.start, columns.stop)
        ],
        dtype=np.intp,
    )


def sample(space: SearchSpace, box: Box, rng: np.random.Generator, count: int) -> Array:
    """Snapped rows in the box and among other categories, shape (count, width).

    Those in the box differ from the centre in a random choice of parameters: where there are many, a change of
    all of them together rarely helps (as in TuRBO).
    """
    parameters = len(space.parameters)
    rows = space.from_cube(rng.random((count, parameters)))
    moved = rng.random((count, parameters))
    for place, (parameter, columns) in enumerate(zip(space.parameters, space.columns, strict=True)):
        if isinstance(parameter, Categorical):
            rows[moved[:, place] >= SWITCHED, columns] = box.centre[columns]
    home = _same_categories(space, box, rows)
    numeric = numeric_columns(space)
    inside = np.where(home)[0]
    rows[np.ix_(inside, numeric)] = box.low + (box.high - box.low) * rng.random((len(inside), len(numeric)))
    for place, (parameter, columns) in enumerate(zip(space.parameters, space.columns, strict=True)):
        if not isinstance(parameter, Categorical):
            rows[home & (moved[:, place] >= max(0.3, MOVED / parameters)), columns] = box.centre[columns]
    return space.snap(rows)


def _same_categories(space: SearchSpace, box: Box, rows: Array) -> NDArray[np.bool_]:
    columns = categorical_columns(space)
    return np.asarray((np.abs(rows[:, columns] - box.centre[columns]) < 0.5).all(axis=1))


def climb(acquisition: Acquisition, space: SearchSpace, box: Box, start: Array) -> Array:
    """Return the snapped end of an ascent from a row along its numeric columns (L-BFGS).

    It stays within the box, or within the cube where the row's categories are not the box's.
    """
    numeric = numeric_columns(space)
    if not len(numeric):
        return start
    low, high = box.low, box.high
    if not _same_categories(space, box, start[None, :])[0]:
        low, high = np.zeros_like(low), np.ones_like(high)
    row = start.copy()

    def descent(coordinates: Array) -> tuple[float, Array]:
        row[numeric] = coordinates
        value, gradient = acquisition.with_gradient(row)
        return -value, -gradient[numeric]

    end = minimize(
        descent,
        np.clip(start[numeric], low, high),
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(low, high, strict=True)),
        options={"maxiter": CLIMB_ITERATIONS},
    )
    row[numeric] = np.clip(end.x, low, high)
    return np.asarray(space.snap(row[None, :])[0])


def neighbours(space: SearchSpace, row: Array) -> Iterator[Array]:
    """Rows that differ in one discrete parameter: the integers next to its own, every other category."""
    point = space.decode(row)
    for parameter, columns in zip(space.parameters, space.columns, strict=True):
        match parameter:
            case Categorical():
                for one_hot in np.eye(parameter.size)[row[columns] < 0.5]:
                    other = row.copy()
                    other[columns] = one_hot
                    yield other
            case Integer():
                value = int(point[parameter.name])
                for near in (value - 1, value + 1):
                    if parameter.low <= near <= parameter.high:
                        other = row.copy()
                        other[columns.start] = parameter.to_unit(near)
                        yield other
            case _:
                pass


def maximise(acquisition: Acquisition, space: SearchSpace, box: Box, rng: np.random.Generator) -> Array:
    """Rows of high acquisition, the highest first, shape (m, width).

    Random rows are screened, the best of them climb by gradient, and the winner then walks over its discrete
    neighbours and climbs again until that brings nothing. The screened rows follow, for a caller to whom the
    first ones are of no use because they have been tried.
    """
    rows = sample(space, box, rng, SCREENED)
    order = np.argsort(-acquisition(rows), kind="stable")
    climbed = np.array([climb(acquisition, space, box, rows[index]) for index in order[:CLIMBS]])
    heights = acquisition(climbed)
    row, height = climbed[heights.argmax()], heights.max()
    for _ in range(WALKS):
        near = np.array(list(neighbours(space, row))).reshape(-1, space.width)
        if not len(near):
            break
        best = near[acquisition(near).argmax()]
        ends = np.array([best, climb(acquisition, space, box, best)])
        reached = acquisition(ends)
        if reached.max() <= height:
            break
        row, height = ends[reached.argmax()], reached.max()
    return np.vstack([row[None, :], climbed[np.argsort(-heights, kind="stable")], rows[order]])
