"""Tables of the runs: won, lost, tied, and normalised regret.

The normalised regret of a run is ``(score - floor) / (random - floor)``. The score is the true loss at the point with
the lowest observed loss. The floor is the lowest loss there is, or, where that is unknown, the lowest score of any
run in the results with this problem and seed. ``random`` is the median score of random search on the problem and
setting, over the seeds. So 0 is the optimum and 1 is random search. A run is won where its normalised regret is lower
by more than 0.001, and tied where neither is.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.external.run import Run

TIE = 1e-3
MOST = 10.0
"""A normalised regret is cut off here, so that one run cannot make a mean."""

Key = tuple[str, str, int]
"""Problem, setting and seed."""
Regrets = dict[Key, dict[str, float]]


def regrets(runs: Sequence[Run]) -> Regrets:
    """Return the normalised regret by searcher, for every (problem, setting, seed)."""
    floors: dict[tuple[str, int], float] = {}
    randoms: dict[tuple[str, str], list[float]] = defaultdict(list)
    for run in runs:
        score = math.inf if run.score is None else run.score
        lowest = score if run.floor is None else run.floor
        floors[run.problem, run.seed] = min(lowest, floors.get((run.problem, run.seed), math.inf))
    for run in runs:
        if run.searcher == "random" and run.score is not None:
            randoms[run.problem, run.setting].append(run.score - floors[run.problem, run.seed])
    table: Regrets = defaultdict(dict)
    for run in runs:
        score, floor = run.score, floors[run.problem, run.seed]
        size = statistics.median(randoms.get((run.problem, run.setting)) or [1.0]) or 1.0
        regret = MOST if score is None else min((score - floor) / size, MOST)
        table[run.problem, run.setting, run.seed][run.searcher] = regret
    return table


def duel(table: Regrets, one: str, other: str, keys: Iterable[Key]) -> tuple[int, int, int]:
    """Return how many runs ``one`` has won, lost and tied against ``other``."""
    differences = [
        table[key][other] - table[key][one] for key in keys if one in table[key] and other in table[key]
    ]
    won, lost = sum(each > TIE for each in differences), sum(each < -TIE for each in differences)
    return won, lost, len(differences) - won - lost


Group = tuple[str, str]


def report(runs: Sequence[Run], ours: str) -> str:
    """Return the tables in Markdown: by family, won-lost-tied of ``ours`` and mean regrets; by problem, medians."""
    table, families = regrets(runs), {run.problem: run.family for run in runs}
    others = sorted({run.searcher for run in runs} - {ours})
    by_family: dict[Group, list[Key]] = defaultdict(list)
    by_problem: dict[Group, list[Key]] = defaultdict(list)
    for key in sorted(table):
        if ours in table[key]:
            by_family[key[1], families[key[0]]].append(key)
            by_family[key[1], "~ all"].append(key)
            by_problem[key[1], key[0]].append(key)

    def regrets_of(keys: Sequence[Key], average: Callable[[Sequence[float]], float]) -> list[str]:
        values = [[table[key][name] for key in keys if name in table[key]] for name in (ours, *others)]
        return [f"{average(each):.3f}" if each else "-" for each in values]

    against = [f"against {name}" for name in others]
    lines = _header("setting", "family", "runs", *against, ours, *others)
    for (setting, family), keys in sorted(by_family.items()):
        duels = ["-".join(map(str, duel(table, ours, name, keys))) for name in others]
        lines.append(_row(setting, family, str(len(keys)), *duels, *regrets_of(keys, statistics.fmean)))
    lines += ["", *_header("setting", "problem", ours, *others)]
    for (setting, problem), keys in sorted(by_problem.items()):
        lines.append(_row(setting, problem, *regrets_of(keys, statistics.median)))
    return "\n".join(lines)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _header(*cells: str) -> list[str]:
    return [_row(*cells), "|---" * len(cells) + "|"]


def failures(runs: Sequence[Run]) -> str:
    """Return, by searcher, the share of failed training jobs in the later half of the runs on failing regions."""
    shares: dict[str, list[float]] = defaultdict(list)
    for run in runs:
        if run.family == "failing" and run.losses:
            late = run.losses[len(run.losses) // 2 :]
            shares[run.searcher].append(sum(loss is None for loss in late) / len(late))
    return "\n".join(f"{name}: {statistics.fmean(each):.2f}" for name, each in sorted(shares.items()))
