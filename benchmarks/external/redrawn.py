"""Runs on noisy functions, judged over redrawn noise: ``python -m benchmarks.external.redrawn runs.jsonl``.

Which of 60 noisy losses is the lowest is mostly luck, and so is the score of one run. The noise of these functions is
known, so a run's results give the true losses, too. The same points are observed again with other noise, many times.
The score is the mean of the true losses at the points with the lowest loss. Regret is this, less the lowest there is,
over the median of random search.
"""

from __future__ import annotations

import argparse
import re
import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.external.coco import coco, deviation, noise
from benchmarks.external.report import TIE, Regrets, duel
from benchmarks.external.results import read_runs
from benchmarks.external.run import Run

DRAWS = 400


def expected_score(truths: Sequence[float], size: float) -> float:
    """Return the mean true loss at the point with the lowest loss, over noise of this standard deviation."""
    true = np.asarray(truths)
    redrawn = true + size * np.random.default_rng(7).normal(size=(DRAWS, len(true)))
    return float(true[redrawn.argmin(axis=1)].mean())


def expected_regret(run: Run, function: int, dimension: int) -> float:
    """Return the expected score of a run, less the lowest loss there is."""
    if run.floor is None or None in run.losses:
        raise ValueError(f"{run.problem} is no function with noise")
    size = deviation(coco(function, dimension), run.seed)
    numbers = range(1, len(run.losses) + 1)  # the oldest training job ends first
    shakes = [size * noise(run.seed, number) for number in numbers]
    truths = [float(loss or 0.0) - shake for loss, shake in zip(run.losses, shakes, strict=True)]
    return expected_score(truths, size) - run.floor


def main() -> None:
    """Print a table of the runs in a file of results: won-lost-tied against every other searcher, and mean regrets."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.external.redrawn", description=__doc__)
    parser.add_argument("results", type=Path, help="JSON lines of benchmarks.external")
    parser.add_argument("--first-seed", type=int, default=0, help="1000 for the set 'report' (default: 0)")
    parser.add_argument(
        "--tables", nargs="*", help="searchers in the table, the first one against all (default: all)"
    )
    options = parser.parse_args()
    table: Regrets = {}
    for run in read_runs(Run, options.results).values():
        found = re.fullmatch(r"noisy-f(\d+)-(\d+)", run.problem)
        if found and run.losses and options.first_seed <= run.seed < options.first_seed + 1000:
            key = run.problem, run.setting, run.seed
            table.setdefault(key, {})[run.searcher] = expected_regret(run, *map(int, found.groups()))
    for problem, setting in {key[:2] for key in table}:
        keys = [key for key in table if key[:2] == (problem, setting)]
        size = statistics.median(table[key]["random"] for key in keys if "random" in table[key])
        for key in keys:
            table[key] = {name: regret / size for name, regret in table[key].items()}
    names = options.tables or sorted({name for regrets in table.values() for name in regrets})
    print(
        f"| searcher | runs | {names[0]} against it (ties: {TIE}) | mean regret |",
        "|---|---|---|---|",
        sep="\n",
    )
    for name in names:
        keys = [key for key in table if name in table[key] and names[0] in table[key]]
        score = "-".join(map(str, duel(table, names[0], name, keys)))
        mean = statistics.fmean(table[key][name] for key in keys)
        print(f"| {name} | {len(keys)} | {score} | {mean:.2f} |")


if __name__ == "__main__":
    main()
