"""Samples changes, tries each, and prints the score: ``python -m tests.mutants [--sample N] [--seed N]``."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.mutants.changes import Change, changes
from tests.mutants.targets import PACKAGE, TARGETS
from tests.mutants.trial_run import load_large_packages, noticed

ROOT = Path(__file__).parents[2]
JUDGED = Path(__file__).with_name("judged.toml")
GOAL = 0.97
SLOWER = 4
"""Factor by which tests may take longer with a change before they count as endless."""
SPARE_SECONDS = 20
REPORT_EVERY = 20


def all_changes(only: Sequence[str]) -> Iterator[tuple[Change, tuple[str, ...]]]:
    """Yield every change of every target, with its tests."""
    for target, tests in TARGETS.items():
        if not any(text in target for text in only or [""]):
            continue
        path = ROOT / PACKAGE / target
        for module in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            name = str(module.relative_to(ROOT))
            for change in changes(name, module.read_text(encoding="utf-8")):
                yield change, tests


def main() -> int:
    """Try the sample, and return 1 if fewer than 97% of the decided changes were noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=200, help="number of changes to try (default: 200)")
    parser.add_argument("--seed", type=int, default=1, help="which ones (default: 1)")
    parser.add_argument(
        "--only", nargs="*", metavar="TEXT", help="only targets whose name holds one of these texts"
    )
    options = parser.parse_args()
    os.chdir(ROOT)
    judged = tomllib.loads(JUDGED.read_text(encoding="utf-8")) if JUDGED.exists() else {}
    harmless = {entry["change"] for entry in judged.get("harmless", [])}
    possible = list(all_changes(options.only))
    sample = random.Random(options.seed).sample(possible, min(options.sample, len(possible)))
    load_large_packages()
    print(f"{len(sample)} of {len(possible)} changes, seed {options.seed}", flush=True)
    usual = {tests: _usual_seconds(tests) for tests in sorted({tests for _, tests in sample})}
    caught = skipped = survived = 0
    for number, (change, tests) in enumerate(sample, 1):
        key, source = change.made()
        if key in harmless:
            skipped += 1
        elif noticed(Path(change.module), source, tests, usual[tests] * SLOWER + SPARE_SECONDS)[0]:
            caught += 1
        else:
            survived += 1
            print(f"survived ({number}, line {change.line}): {key}", flush=True)
        if number % REPORT_EVERY == 0:
            print(f"{number} tried: {caught} noticed, {survived} survived, {skipped} harmless", flush=True)
    decided = caught + survived
    score = caught / decided if decided else 1.0
    print(
        f"{caught} of {decided} decided changes noticed: {score:.1%}; {skipped} harmless, {survived} survived"
    )
    return 0 if score >= GOAL else 1


def _usual_seconds(tests: tuple[str, ...]) -> float:
    """Return how long tests take without a change.

    Raises:
        SystemExit: they fail.
    """
    module = Path(PACKAGE) / "__init__.py"
    failed, seconds = noticed(module, module.read_text(encoding="utf-8"), tests, 600)
    if failed:
        sys.exit(f"{' '.join(tests)} fails without any change; run pytest on it first")
    print(f"{seconds:5.1f} s without a change: {' '.join(tests)}", flush=True)
    return seconds


if __name__ == "__main__":
    sys.exit(main())
