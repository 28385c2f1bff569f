"""Tables of the runs: Hyperband at a third of the epochs and at their end, and what early stopping saves and costs.

The score of a run is the lowest loss of any epoch so far. Its normalised regret is ``(score - floor) / (random -
floor)``. The floor is the lowest score of any run in the results with this problem and seed. ``random`` is the median
score of random search in full with all epochs, over the seeds. A run is won where its regret is lower by more than
0.001. Tables have the median regret and, in brackets, the mean.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from benchmarks.external.curves.run import BUDGET

if TYPE_CHECKING:
    from benchmarks.external.curves.run import Run

TIE = 1e-3
MOST = 10.0
"""A normalised regret is cut off here, so that one run cannot make a mean."""
RANDOM = "random in full"
FULL_OF = {
    "ours random AUTO": "random in full",
    "ours Bayesian AUTO": "ours Bayesian in full",
    "optuna random median": "optuna random in full",
    "optuna TPE median": "optuna TPE in full",
}
"""Searchers that stop early in runs of 40 training jobs -> the same sampler without."""

Key = tuple[str, int]
"""Problem and seed."""


class Regrets:
    """The runs by searcher, and their normalised regrets."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs: dict[str, dict[Key, Run]] = {}
        self._floors: dict[Key, float] = {}
        for run in runs:
            key = run.problem, run.seed
            self.runs.setdefault(run.searcher, {})[key] = run
            self._floors[key] = min(run.lowest(), self._floors.get(key, run.lowest()))
        self._sizes: dict[str, list[float]] = {}
        for key, run in self.runs.get(RANDOM, {}).items():
            self._sizes.setdefault(key[0], []).append(run.lowest() - self._floors[key])

    def regret(self, searcher: str, key: Key, epochs: int = BUDGET) -> float:
        """Return the regret of a run after a number of epochs."""
        size = statistics.median(self._sizes.get(key[0], [1.0])) or 1.0
        return min((self.runs[searcher][key].lowest(epochs) - self._floors[key]) / size, MOST)

    def common(self, *searchers: str) -> list[Key]:
        """Return the problems and seeds that all of these searchers have run."""
        return sorted(set.intersection(*(set(self.runs[each]) for each in searchers)))

    def duel(self, one: str, other: str, keys: Sequence[Key], epochs: int = BUDGET) -> str:
        """Return how many runs ``one`` has won, lost and tied against ``other``."""
        differences = [self.regret(other, key, epochs) - self.regret(one, key, epochs) for key in keys]
        won, lost = sum(each > TIE for each in differences), sum(each < -TIE for each in differences)
        return f"{won}-{lost}-{len(keys) - won - lost}"


def report(runs: Sequence[Run], ours: str, *, third: bool = False) -> str:
    """Return the tables in Markdown.

    Args:
        runs: to report.
        ours: the searcher that the others are compared with.
        third: Hyperband's runs have ended after a third of the epochs.
    """
    table = Regrets(runs)
    times = {"a third": BUDGET // 3} if third else {"a third": BUDGET // 3, "the end": BUDGET}
    return "\n\n".join([*_hyperband(table, ours, times), _early_stopping(table)])


def _hyperband(table: Regrets, ours: str, times: Mapping[str, int]) -> list[str]:
    if ours not in table.runs:
        return []
    others = sorted(name for name in table.runs if name != ours and name not in FULL_OF)
    columns = ("won-lost-tied by ours at {}", "regret at {}", "training jobs at {}")
    lines = _header("searcher", "runs", *(each.format(time) for each in columns for time in times))
    for name in [ours, *others]:
        keys = table.common(ours, name)
        if not keys:
            continue
        duels = [table.duel(ours, name, keys, at) for at in times.values()]
        regrets = [[table.regret(name, key, at) for key in keys] for at in times.values()]
        jobs = [[table.runs[name][key].started(at) for key in keys] for at in times.values()]
        cells = [*duels, *map(_middle, regrets), *(f"{statistics.median(each):.0f}" for each in jobs)]
        lines.append(_row(name, str(len(keys)), *cells))
    detail = _header("problem", "runs", *(f"{name} at {time}" for name in (ours, *others) for time in times))
    for problem in sorted({problem for problem, _ in table.runs[ours]}):
        keys = [key for key in table.runs[ours] if key[0] == problem]
        means = [
            _mean([table.regret(name, key, at) for key in keys if key in table.runs[name]])
            for name in (ours, *others)
            for at in times.values()
        ]
        detail.append(_row(problem, str(len(keys)), *means))
    return ["\n".join(lines), "\n".join(detail)]


def _middle(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({_mean(values)})"


def _mean(values: Sequence[float]) -> str:
    return f"{statistics.fmean(values):.2f}" if values else "-"


def _early_stopping(table: Regrets) -> str:
    lines = _header(
        "searcher", "runs", "epochs saved", "won-lost-tied against in full", "regret", "regret in full"
    )
    for name in sorted(table.runs):
        whole = next((full for part, full in FULL_OF.items() if name.startswith(part)), None)
        if whole is None or whole not in table.runs:
            continue
        keys = table.common(name, whole)
        if not keys:
            continue
        saved = [1 - table.runs[name][key].epochs / BUDGET for key in keys]
        lines.append(
            _row(
                name,
                str(len(keys)),
                f"{statistics.fmean(saved):.0%}",
                table.duel(name, whole, keys),
                *(_middle([table.regret(each, key) for key in keys]) for each in (name, whole)),
            )
        )
    return "\n".join(lines)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _header(*cells: str) -> list[str]:
    return [_row(*cells), "|---" * len(cells) + "|"]
