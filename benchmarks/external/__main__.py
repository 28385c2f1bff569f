"""The search on problems of others: ``make bench-search-external ARGS=--help``."""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

from benchmarks.external.blind import blindness
from benchmarks.external.catalogue import SETS
from benchmarks.external.report import failures, report
from benchmarks.external.results import append_run, read_runs
from benchmarks.external.run import SETTINGS, WARM_SETTING, Run, play
from benchmarks.external.searchers import RIVALS, available


def main() -> None:
    """Run what the results do not hold yet, then print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.external", description=__doc__)
    parser.add_argument("--set", choices=list(SETS), default="choose", help="of problems and seeds")
    parser.add_argument("--problems", nargs="*", help="names or families (default: all of the set)")
    parser.add_argument("--settings", nargs="*", choices=list(SETTINGS), default=list(SETTINGS))
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds (default: 3)")
    parser.add_argument("--searchers", nargs="*", help="searchers to run (default: all that are installed)")
    parser.add_argument("--name", help="run 'ours' under this name, to compare two states of the code")
    parser.add_argument("--results", type=Path, help="JSON lines: runs found there are not run again")
    parser.add_argument("--tables", nargs="*", help="searchers in the tables (default: all in the results)")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # the rivals', not ours
    factories = available()
    chosen = list(factories) if options.searchers is None else options.searchers
    problems, first = SETS[options.set]
    wanted = [p for p in problems if not options.problems or {p.name, p.family} & set(options.problems)]
    runs = read_runs(Run, options.results)
    for problem in wanted:
        warm = problem.family.startswith("warm")
        settings = [each for each in options.settings if (each == WARM_SETTING) == warm]
        for setting in settings:
            for searcher in chosen:
                if (searcher == "ours cold" and not warm) or (warm and searcher in RIVALS):
                    continue
                name = searcher.replace("ours", options.name) if options.name else searcher
                for seed in range(first, first + options.seeds):
                    if (name, problem.name, setting, seed) in runs:
                        continue
                    run = play(name, factories[searcher], problem, setting, seed)
                    runs[run.key] = run
                    append_run(run, options.results)
            print(f"{problem.name}: {setting}", file=sys.stderr, flush=True)
    names = {problem.name for problem in wanted}
    seeds = range(first, first + options.seeds)
    shown = [
        run
        for run in runs.values()
        if run.problem in names
        and run.setting in options.settings
        and run.seed in seeds
        and (not options.tables or run.searcher in options.tables)
    ]
    ours = options.name or "ours"
    print(report(shown, ours), failures(shown), blindness(shown), sep="\n\n")


if __name__ == "__main__":
    main()
