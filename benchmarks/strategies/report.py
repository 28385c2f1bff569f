"""Tables of what the runs came to, in Markdown."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from benchmarks.strategies.development import DEVELOPMENT
from benchmarks.strategies.problems import HELD_OUT, PROBLEMS

if TYPE_CHECKING:
    from benchmarks.strategies.compare import Run

Regrets = dict[str, dict[str, list[float]]]


def regrets(runs: Sequence[Run]) -> Regrets:
    """Problem -> searcher -> the final regret of each run, by seed."""
    floors: dict[str, float] = {}
    for name, problem in (PROBLEMS | HELD_OUT | DEVELOPMENT).items():
        seen = [run.best[-1] for run in runs if run.problem == name]
        if seen:
            floors[name] = min(seen) if problem.optimum is None else problem.optimum
    table: Regrets = defaultdict(lambda: defaultdict(list))
    for run in sorted(runs, key=lambda run: run.seed):
        table[run.problem][run.searcher].append(run.best[-1] - floors[run.problem])
    return table


def ranks(values: Mapping[str, float]) -> dict[str, float]:
    """Of each searcher among all, from 1; equal ones share the mean of their places."""
    ordered = sorted(values.values())
    return {
        name: statistics.fmean(place for place, other in enumerate(ordered, 1) if other == value)
        for name, value in values.items()
    }


def regret_table(table: Regrets, problems: Sequence[str]) -> str:
    """Median regret by searcher and problem, and two ranks: of the medians, and of every single run."""
    problems = [problem for problem in problems if problem in table]
    searchers = list(dict.fromkeys(name for problem in problems for name in table[problem]))
    by_median: dict[str, list[float]] = defaultdict(list)
    by_run: dict[str, list[float]] = defaultdict(list)
    for problem in problems:
        medians = {name: statistics.median(values) for name, values in table[problem].items()}
        for name, place in ranks(medians).items():
            by_median[name].append(place)
        for seed in range(min(len(values) for values in table[problem].values())):
            for name, place in ranks({n: values[seed] for n, values in table[problem].items()}).items():
                by_run[name].append(place)
    searchers.sort(key=lambda name: statistics.fmean(by_run[name]))
    lines = [
        f"| | {' | '.join(problems)} | mean rank of medians | mean rank of runs |",
        "|---" * (len(problems) + 3) + "|",
    ]
    for name in searchers:
        cells = []
        for problem in problems:
            medians = {n: statistics.median(values) for n, values in table[problem].items()}
            text = f"{medians[name]:.2g}" if name in medians else "-"
            cells.append(f"**{text}**" if medians.get(name) == min(medians.values()) else text)
        means = f"{statistics.fmean(by_median[name]):.2f} | {statistics.fmean(by_run[name]):.2f}"
        lines.append(f"| {name} | {' | '.join(cells)} | {means} |")
    return "\n".join(lines)


def speed_table(medians: Mapping[str, Mapping[int, tuple[float, float]]]) -> str:
    """Seconds per suggestion by known trials: median, and the highest in brackets."""
    known = list(next(iter(medians.values())))
    lines = [f"| known trials | {' | '.join(map(str, known))} |", "|---" * (len(known) + 1) + "|"]
    for name, row in medians.items():
        cells = " | ".join(f"{row[count][0]:.3f} ({row[count][1]:.3f})" for count in known)
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines)
