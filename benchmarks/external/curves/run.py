"""One run: a searcher on a problem, four training jobs in flight, one epoch of each in turn."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from benchmarks.external.curves.problems import FULL

if TYPE_CHECKING:
    from benchmarks.external.curves.problems import Curves
    from benchmarks.external.problem import Ranges

PARALLEL = 4
JOBS = 40
"""Number of training jobs of a run that stops none. Their epochs are the budget of every run."""
BUDGET = JOBS * FULL


class Searcher(Protocol):
    """Suggests points, and decides which training jobs stop early."""

    def ask(self) -> tuple[Any, Mapping[str, Any]]: ...

    def report(self, handle: Any, step: int, loss: float) -> bool:
        """Report the loss of an epoch, and return whether the training job stops now."""

    def end(self, handle: Any, loss: float, *, stopped: bool) -> None:
        """Report the last loss of a training job that has run in full or was stopped."""


Factory = Callable[["Ranges", int], Searcher]


@dataclass
class Run:
    """What came of a run; a line of the results.

    Attributes:
        searcher, problem, setting, seed: which run it is.
        best: (epochs used by all, lowest loss of any epoch so far), whenever that loss falls.
        best_in_full: the same, of the training jobs that ran in full, by their last epoch.
        ends: (epochs used by all, epochs of the training job), whenever one ends.
        seconds: CPU seconds of all suggestions and decisions to stop.
    """

    searcher: str
    problem: str
    setting: str
    seed: int
    best: list[tuple[int, float]] = field(default_factory=list)
    best_in_full: list[tuple[int, float]] = field(default_factory=list)
    ends: list[tuple[int, int]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Return what runs are found by."""
        return self.searcher, self.problem, self.setting, self.seed

    @property
    def epochs(self) -> int:
        """Return the number of epochs of the training jobs that have ended."""
        return sum(length for _, length in self.ends)

    def lowest(self, epochs: int = BUDGET) -> float:
        """Return the lowest loss after this many epochs; infinite if there is none."""
        return _at(self.best, epochs)

    def lowest_in_full(self, epochs: int = BUDGET) -> float:
        """Return the same, of training jobs that have run in full."""
        return _at(self.best_in_full, epochs)

    def started(self, epochs: int) -> int:
        """Return the number of training jobs that have ended or are running after this many epochs."""
        return sum(used <= epochs for used, _ in self.ends) + PARALLEL


def _at(trace: list[tuple[int, float]], epochs: int) -> float:
    return min((loss for used, loss in trace if used <= epochs), default=math.inf)


@dataclass
class _Job:
    handle: Any
    losses: Any
    step: int = 0


SETTINGS: Mapping[str, tuple[float, int]] = {
    "equal epochs": (math.inf, BUDGET),
    "a third": (math.inf, BUDGET // 3),
    "40 jobs": (JOBS, BUDGET),
}
"""By name: the maximum number of training jobs, and of epochs."""


def play(name: str, make: Factory, problem: Curves, setting: str, seed: int) -> Run:
    """Return the run of a searcher on a problem."""
    jobs, budget = SETTINGS[setting]
    run, searcher = Run(name, problem.name, setting, seed), make(problem.ranges, seed)
    running: list[_Job] = []
    used = started = 0
    while used < budget and (running or started < jobs):
        while len(running) < PARALLEL and started < jobs:
            before = time.process_time()
            handle, point = searcher.ask()
            run.seconds += time.process_time() - before
            running.append(_Job(handle, problem.train(seed, point)))
            started += 1
        for job in list(running):
            if used == budget:
                break
            job.step, used, loss = job.step + 1, used + 1, next(job.losses)
            if loss < run.lowest():
                run.best.append((used, loss))
            before = time.process_time()
            stopped = searcher.report(job.handle, job.step, loss) and job.step < FULL
            if stopped or job.step == FULL:
                searcher.end(job.handle, loss, stopped=stopped)
                run.ends.append((used, job.step))
                running.remove(job)
            run.seconds += time.process_time() - before
            if job.step == FULL and loss < run.lowest_in_full():
                run.best_in_full.append((used, loss))
    run.seconds = round(run.seconds, 3)
    return run
