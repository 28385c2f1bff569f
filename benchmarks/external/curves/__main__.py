"""Hyperband and early stopping on learning curves: ``make bench-curves ARGS=--help``."""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

from benchmarks.external.curves.problems import SETS
from benchmarks.external.curves.report import report
from benchmarks.external.curves.run import Run, play
from benchmarks.external.curves.searchers import available
from benchmarks.external.results import append_run, read_runs


def main() -> None:
    """Run what the results do not hold yet, then print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.external.curves", description=__doc__)
    parser.add_argument("--set", choices=list(SETS), default="choose", help="of problems and seeds")
    parser.add_argument("--problems", nargs="*", help="names (default: all of the set)")
    parser.add_argument("--seeds", type=int, default=2, help="number of seeds (default: 2)")
    parser.add_argument("--searchers", nargs="*", help="searchers to run (default: all that are installed)")
    parser.add_argument("--suffix", default="", help="suffix of our names, to compare states of the code")
    parser.add_argument(
        "--third", action="store_true", help="end Hyperband's runs after a third of the epochs"
    )
    parser.add_argument("--results", type=Path, help="JSON lines: runs found there are not run again")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # the rivals', not ours
    found = available()
    chosen = list(found) if options.searchers is None else options.searchers
    problems, first = SETS[options.set]
    wanted = [each for each in problems if not options.problems or each.name in options.problems]
    seeds = range(first, first + options.seeds)
    runs = read_runs(Run, options.results)
    for seed in seeds:
        for problem in wanted:
            for searcher in chosen:
                make, setting = found[searcher]
                setting = "a third" if options.third and setting == "equal epochs" else setting
                name = searcher + options.suffix * searcher.startswith("ours")
                if (name, problem.name, setting, seed) in runs:
                    continue
                run = play(name, make, problem, setting, seed)
                runs[run.key] = run
                append_run(run, options.results)
            print(f"{problem.name}: seed {seed}", file=sys.stderr, flush=True)
    names = {problem.name for problem in wanted}
    left_out = "equal epochs" if options.third else "a third"
    shown = [
        run for run in runs.values() if run.problem in names and run.seed in seeds and run.setting != left_out
    ]
    print(report(shown, "ours Hyperband" + options.suffix, third=options.third))


if __name__ == "__main__":
    main()
