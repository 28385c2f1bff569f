"""``python -m tests.fuzz [--count N] [--seed N]``: see the package's docstring."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.fuzz.campaign import run
from tests.fuzz.service import fill, start


def main() -> int:
    """Run a campaign; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="requests in all (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same requests for the same seed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as directory:
        service = start(Path(directory))
        try:
            report = run(service, fill(service), count=options.count, seed=options.seed)
        finally:
            service.stop()
    print(report.table())
    for fault in report.faults[:40]:
        print(f"\n{fault}", file=sys.stderr)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
