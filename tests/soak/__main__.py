"""``python -m tests.soak [--seconds N] [--jobs N] [--seed N]``: see the package's docstring."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.soak.campaign import FULL_SECONDS, Plan, run


def main() -> int:
    """Run a soak; return 1 if anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument(
        "--seconds", type=float, default=FULL_SECONDS, help="how long clients work (default: %(default)g)"
    )
    parser.add_argument("--jobs", type=int, help="tuning jobs (default: 200 in 20 minutes)")
    parser.add_argument(
        "--kill-every", type=float, help="seconds between two kills (default: 30, 15 if short)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the clients' choices (default: 1)")
    options = parser.parse_args()
    plan = Plan.of(options.seconds, options.jobs, options.kill_every, options.seed)
    with tempfile.TemporaryDirectory(prefix="soak-") as directory:
        report = run(Path(directory), plan, reported=lambda line: print(line, flush=True))
    print(report.text())
    for fault in report.faults[:40]:
        print(f"\n{fault}", file=sys.stderr)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
