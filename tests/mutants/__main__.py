"""Samples changes of each part, tries each, and prints the scores: ``python -m tests.mutants``."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tomllib
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.changes import Change, changes
from tests.mutants.targets import PACKAGE, TARGETS, part_of
from tests.mutants.trial_run import (
    Outcome,
    load_large_packages,
    load_packages_of,
    outcome_of,
)

ROOT = Path(__file__).parents[2]
JUDGED = Path(__file__).with_name("judged.toml")
GOAL = 0.97
SLOWER = 4
"""Factor by which tests may take longer with a change before they count as endless."""
SPARE_SECONDS = 20

Trial = tuple[Change, tuple[str, ...]]


@dataclass
class Score:
    """The score of a part: how many changes were noticed, survived, or are judged harmless.

    Of the noticed ones, ``endless`` made the tests run on.
    """

    noticed: int = 0
    endless: int = 0
    survived: int = 0
    harmless: int = 0

    @property
    def share(self) -> float:
        """The share of the decided changes that was noticed."""
        decided = self.noticed + self.survived
        return self.noticed / decided if decided else 1.0

    def __str__(self) -> str:
        decided = self.noticed + self.survived
        return (
            f"{self.noticed} of {decided} decided changes noticed ({self.endless} ran on): {self.share:.1%};"
            f" {self.harmless} harmless"
        )


def all_changes(only: Sequence[str]) -> dict[str, list[Trial]]:
    """Return every change with its tests, by part of the package."""
    found: dict[str, list[Trial]] = defaultdict(list)
    for target, tests in TARGETS.items():
        if not any(text in target for text in only or [""]):
            continue
        path = ROOT / PACKAGE / target
        for module in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            name = str(module.relative_to(ROOT))
            for change in changes(name, module.read_text(encoding="utf-8")):
                found[part_of(target)].append((change, tests))
    return found


def main() -> int:
    """Try the sample, and return 1 if fewer than 97% of the decided changes were noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=20, help="number of changes of each part (default: 20)")
    parser.add_argument("--seed", type=int, default=1, help="which ones (default: 1)")
    parser.add_argument(
        "--only", nargs="*", metavar="TEXT", help="only targets whose name holds one of these texts"
    )
    options = parser.parse_args()
    os.chdir(ROOT)
    judged = tomllib.loads(JUDGED.read_text(encoding="utf-8"))
    harmless = {entry["change"] for entry in judged["harmless"]}
    load_large_packages()
    total = Score()
    for part, possible in all_changes(options.only).items():
        sample = random.Random(options.seed).sample(possible, min(options.sample, len(possible)))
        print(f"{part}: {len(sample)} of {len(possible)} changes, seed {options.seed}", flush=True)
        score = _tried(sample, harmless)
        print(f"{part}: {score}", flush=True)
        total.noticed += score.noticed
        total.endless += score.endless
        total.survived += score.survived
        total.harmless += score.harmless
    print(total)
    return 0 if total.share >= GOAL else 1


def _tried(sample: Sequence[Trial], harmless: Collection[str]) -> Score:
    """Try each change of a sample, print those that survive, and return the score."""
    score = Score()
    suites = sorted({tests for _, tests in sample})
    load_packages_of([each for tests in suites for each in tests])
    usual = {tests: _usual_seconds(tests) for tests in suites}
    for change, tests in sample:
        key, source = change.made()
        if key in harmless:
            score.harmless += 1
            continue
        outcome = _outcome(Path(change.module), source, tests, usual)
        if outcome is Outcome.PASSED:
            score.survived += 1
            print(f"survived (line {change.line}): {key}", flush=True)
        else:
            score.noticed += 1
            score.endless += outcome is Outcome.ENDLESS
    return score


def _outcome(
    module: Path, source: str, tests: tuple[str, ...], usual: dict[tuple[str, ...], float]
) -> Outcome:
    """Try a change; where it seems endless, make sure that not only the machine is slower than it was."""
    while True:
        limit = usual[tests] * SLOWER + SPARE_SECONDS
        outcome, _ = outcome_of(module, source, tests, limit)
        if outcome is not Outcome.ENDLESS:
            return outcome
        usual[tests] = max(usual[tests], _usual_seconds(tests))
        if usual[tests] * SLOWER + SPARE_SECONDS < 1.5 * limit:
            return outcome


def _usual_seconds(tests: tuple[str, ...]) -> float:
    """Return how long tests take without a change.

    Raises:
        SystemExit: they fail.
    """
    module = Path(PACKAGE) / "__init__.py"
    outcome, seconds = outcome_of(module, module.read_text(encoding="utf-8"), tests, 600)
    if outcome is not Outcome.PASSED:
        sys.exit(f"{' '.join(tests)} fails without any change; run pytest on it first")
    print(f"{seconds:5.1f} s without a change: {' '.join(tests)}", flush=True)
    return seconds


if __name__ == "__main__":
    sys.exit(main())
