"""One run: a searcher on a task in a setting, and what came of it."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.strategies.contract import Exhausted

if TYPE_CHECKING:
    from benchmarks.external.problem import Problem
    from benchmarks.external.searchers import Factory


@dataclass(frozen=True)
class Setting:
    """How many training jobs there are, and how they overlap.

    Attributes:
        trials: in all.
        parallel: in flight together.
        rounds: whether all of a round end before the next one starts; else one starts when the oldest ends.
    """

    trials: int
    parallel: int
    rounds: bool = False


SETTINGS = {
    "60 with 4": Setting(60, 4),
    "16 x 8": Setting(128, 8, rounds=True),
    "100 with 10": Setting(100, 10),
    "20 with 4": Setting(20, 4),
}
WARM_SETTING = "20 with 4"
"""Problems with a warm-start parent run in this setting alone, and the others in all but this."""


@dataclass(frozen=True)
class Run:
    """What came of a run; a line of the results.

    Attributes:
        searcher, problem, family, setting, seed: which run it is.
        losses: as observed, in the order in which the training jobs ended; None for a failed one. Empty if
            only the score was recorded; then the run is neither judged blind nor counted among failures.
        score: the true loss at the point with the lowest loss observed; None if all failed.
        floor: the lowest loss there is, if known.
        seconds: CPU seconds of all suggestions.
    """

    searcher: str
    problem: str
    family: str
    setting: str
    seed: int
    losses: list[float | None]
    score: float | None
    floor: float | None
    seconds: float

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Return what runs are found by."""
        return self.searcher, self.problem, self.setting, self.seed


def play(name: str, make: Factory, problem: Problem, setting: str, seed: int) -> Run:
    """Return the run of a searcher on a problem."""
    plan, task = SETTINGS[setting], problem.make(seed)
    searcher = make(problem.ranges, seed, task.parents, plan)
    running: deque[tuple[Any, Mapping[str, Any], int]] = deque()
    losses: list[float | None] = []
    seconds, best, best_point = 0.0, math.inf, None
    started = 0
    while started < plan.trials or running:
        full = len(running) == plan.parallel or started == plan.trials
        while running and full:
            handle, point, number = running.popleft()
            value = task.observe(point, number)
            loss = value if math.isfinite(value) else None
            searcher.report(handle, loss)
            losses.append(loss)
            if loss is not None and loss < best:
                best, best_point = loss, point
            full = plan.rounds or started == plan.trials
        if started < plan.trials:
            before = time.process_time()
            try:
                handle, point = searcher.ask()
            except Exhausted:  # a small space, all of which has been tried: the tuning job ends
                plan = replace(plan, trials=started)
                continue
            seconds += time.process_time() - before
            started += 1
            running.append((handle, point, started))
    score = None
    if best_point is not None:
        score = best if task.truth is None else task.truth(best_point)
    return Run(
        name, problem.name, problem.family, setting, seed, losses, score, task.floor, round(seconds, 3)
    )
