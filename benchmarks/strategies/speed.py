"""CPU seconds per suggestion, by the number of trials known.

Of the CPU, not of the clock: with one thread they are the same on an idle machine, and on a busy one only the
former mean anything.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import numpy as np

from airflow_hpt_provider.local.strategies.space import SearchSpace
from benchmarks.strategies.problems import PROBLEMS

if TYPE_CHECKING:
    from benchmarks.strategies.compare import SearcherFactory

KNOWN = (10, 50, 200, 500)
ASKS = 16
PENDING = 4


def seconds_per_ask(make: SearcherFactory, known: int) -> list[float]:
    """Return the CPU seconds of each suggestion of a row on the mixed problem, after a number of random trials.

    The loss of every suggestion is reported before the next one, so that its cost counts.
    """
    problem = PROBLEMS["mixed"]
    loss, space, searcher = problem.make(0), SearchSpace.from_ranges(problem.ranges), make(problem.ranges, 0)
    for row in space.from_cube(np.random.default_rng(0).random((known, len(space.parameters)))):
        point = space.decode(row)
        searcher.load(point, loss(point))
    running = [searcher.ask() for _ in range(PENDING)]
    seconds = []
    for _ in range(ASKS):
        handle, point = running.pop(0)
        searcher.tell(handle, loss(point))
        start = time.process_time()
        running.append(searcher.ask())
        seconds.append(time.process_time() - start)
    return seconds


def medians(make: SearcherFactory) -> dict[int, tuple[float, float]]:
    """By known trials: the median and the highest of the CPU seconds per suggestion."""
    rows = {known: seconds_per_ask(make, known) for known in KNOWN}
    return {known: (statistics.median(seconds), max(seconds)) for known, seconds in rows.items()}
