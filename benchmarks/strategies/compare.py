"""One run: a searcher on a problem, with trials always pending."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from benchmarks.strategies.problems import Problem, Ranges


class Searcher(Protocol):
    """Suggest a point, and learn its loss; several may be suggested before the first loss is known."""

    def ask(self) -> tuple[Any, Mapping[str, Any]]: ...

    def tell(self, handle: Any, loss: float) -> None: ...

    def load(self, point: Mapping[str, Any], loss: float) -> None:
        """Add a trial that was not asked for."""


SearcherFactory = Callable[[Ranges, int], Searcher]


@dataclass(frozen=True)
class Run:
    """What came of it: the lowest loss after each finished trial, and the seconds that each suggestion took."""

    searcher: str
    problem: str
    seed: int
    best: list[float]
    seconds: list[float]


def compare(
    name: str, make: SearcherFactory, problem: Problem, seed: int, *, trials: int = 60, pending: int = 4
) -> Run:
    """Run ``trials`` trials, ``pending`` of them in flight at any time, the oldest finishing first."""
    searcher, loss = make(problem.ranges, seed), problem.make(seed)
    running: deque[tuple[Any, Mapping[str, Any]]] = deque()
    best: list[float] = []
    seconds: list[float] = []
    for number in range(trials + pending):
        if len(running) == pending or number >= trials:
            handle, point = running.popleft()
            value = float(loss(point))
            searcher.tell(handle, value)
            best.append(min([value, *best[-1:]]))
        if number < trials:
            start = time.perf_counter()
            running.append(searcher.ask())
            seconds.append(time.perf_counter() - start)
    return Run(name, problem.name, seed, best, seconds)
