"""The initial design: points that fill the cube more evenly than chance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import qmc

if TYPE_CHECKING:
    from airflow_hpt_provider.local.strategies.space import Point, SearchSpace


def draw_design(space: SearchSpace, seed: int, number: int) -> Iterator[Point]:
    """Yield the design's points from the ``number``-th on: a scrambled Sobol sequence, without end.

    Only the seed and the number matter, so a trial's point does not depend on how the others end.
    """
    count = 1 << max(6, number.bit_length())
    while True:
        sequence = qmc.Sobol(len(space.parameters), rng=np.random.default_rng(seed))
        for u in sequence.random(count)[number - 1 :]:
            yield space.decode(space.from_cube(u[None, :])[0])
        number, count = count + 1, 2 * count
