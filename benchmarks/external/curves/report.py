"""Tables of the runs: Hyperband at a third of the epochs and at their end, and what early stopping saves and costs.

The score of a run is the lowest loss of any epoch so far. Its normalised regret is ``(score - floor) / (random -
floor)``. The floor is the lowest score of any run in the results with this problem and seed. ``random`` is the median
score of random search in full with all epochs, over the seeds. A run is won where its regret is lower by more than
0.001.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
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


def report(runs: Sequence[Run], ours: str) -> str:
    """Return the tables in Markdown; ``ours`` is the searcher that the others are compared with."""
    table = Regrets(runs)
    return "\n\n".join([*_hyperband(table, ours), _early_stopping(table)])


def _hyperband(table: Regrets, ours: str) -> list[str]:
    if ours not in table.runs:
        return []
    lines = _header(
        *("searcher", "runs", "won-lost-tied by ours at a third", "at the end", "regret at a third"),
        *("at the end", "training jobs at a third", "at the end", "share in full at the end"),
    )
    others = [name for name in table.runs if name != ours and name not in FULL_OF]
    for name in [ours, *sorted(others)]:
        keys = table.common(ours, name)
        if not keys:
            continue
        mine = [table.runs[name][key] for key in keys]
        thirds = [table.regret(name, key, BUDGET // 3) for key in keys]
        ends = [table.regret(name, key) for key in keys]
        lines.append(
            _row(
                name,
                str(len(keys)),
                *("-" if name == ours else table.duel(ours, name, keys, at) for at in (BUDGET // 3, BUDGET)),
                f"{statistics.fmean(thirds):.2f}",
                f"{statistics.fmean(ends):.2f}",
                *(
                    f"{statistics.median(run.started(at) for run in mine):.0f}"
                    for at in (BUDGET // 3, BUDGET)
                ),
                f"{statistics.fmean(_share_in_full(run) for run in mine):.0%}",
            )
        )
    names = [ours, *sorted(others)]
    detail = _header("problem", "runs", *names)
    for problem in sorted({problem for problem, _ in table.runs[ours]}):
        keys = [key for key in table.runs[ours] if key[0] == problem]
        cells = []
        for name in names:
            shown = [key for key in keys if key in table.runs[name]]
            pairs = [
                statistics.fmean(table.regret(name, key, at) for key in shown) if shown else float("nan")
                for at in (BUDGET // 3, BUDGET)
            ]
            cells.append(f"{pairs[0]:.2f}, {pairs[1]:.2f}")
        detail.append(_row(problem, str(len(keys)), *cells))
    return ["\n".join(lines), "\n".join(detail)]


def _share_in_full(run: Run) -> float:
    longest = max((length for _, length in run.ends), default=0)
    return sum(length == longest for _, length in run.ends) / max(len(run.ends), 1)


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
                *(
                    f"{statistics.fmean(table.regret(each, key) for key in keys):.2f}"
                    for each in (name, whole)
                ),
            )
        )
    return "\n".join(lines)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _header(*cells: str) -> list[str]:
    return [_row(*cells), "|---" * len(cells) + "|"]
