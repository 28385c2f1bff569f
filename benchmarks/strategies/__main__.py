"""Regret and speed of our search next to others': ``python -m benchmarks.strategies --help``."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import warnings
from pathlib import Path

from benchmarks.strategies.compare import Run, compare
from benchmarks.strategies.development import DEVELOPMENT
from benchmarks.strategies.problems import HELD_OUT, PROBLEMS
from benchmarks.strategies.report import regret_table, regrets, speed_table
from benchmarks.strategies.searchers import available
from benchmarks.strategies.speed import medians


def main() -> None:
    """Run what has not been run yet, then print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.strategies", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0, help="those of the record are 0 to 9")
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--pending", type=int, default=4, help="trials in flight at any time")
    parser.add_argument("--problems", nargs="*", default=[*PROBLEMS, *HELD_OUT])
    parser.add_argument("--searchers", nargs="*", help="default: all that are installed")
    parser.add_argument("--sketch", type=Path, help="file of a GPSearch to compare as 'sketch'")
    parser.add_argument("--results", type=Path, help="JSON lines: runs found there are not run again")
    parser.add_argument("--no-speed", action="store_true", help="regret only")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # the peers', not ours
    searchers = available(options.sketch)
    chosen = options.searchers or list(searchers)

    runs: dict[tuple[str, str, int], Run] = {}
    if options.results and options.results.exists():
        for line in options.results.read_text().splitlines():
            run = Run(**json.loads(line))
            runs[run.searcher, run.problem, run.seed] = run
    for problem in options.problems:
        for name in chosen:
            for seed in range(options.first_seed, options.first_seed + options.seeds):
                if (name, problem, seed) in runs:
                    continue
                run = compare(
                    name,
                    searchers[name],
                    (PROBLEMS | HELD_OUT | DEVELOPMENT)[problem],
                    seed,
                    trials=options.trials,
                    pending=options.pending,
                )
                runs[name, problem, seed] = run
                if options.results:
                    with options.results.open("a") as file:
                        file.write(json.dumps(dataclasses.asdict(run)) + "\n")
            print(f"{problem}: {name} done", file=sys.stderr, flush=True)

    table = regrets(list(runs.values()))
    print(f"Median regret after {options.trials} trials, {options.pending} pending, {options.seeds} seeds")
    for title, problems in (
        ("Of the record", PROBLEMS),
        ("Held out until 2026-11-28", HELD_OUT),
        ("Development: to try changes on", DEVELOPMENT),
    ):
        if set(problems) & set(table):
            print(f"\n{title}\n\n{regret_table(table, list(problems))}")
    if not options.no_speed:
        print("\nCPU seconds per suggestion, median (highest)\n")
        print(speed_table({name: medians(searchers[name]) for name in chosen if name != "random"}))


if __name__ == "__main__":
    main()
