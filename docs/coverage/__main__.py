"""``python -m docs.coverage``: write ``docs/coverage.md``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import botocore

from docs.coverage import round_trip
from docs.coverage.table import Words, render

PAGE = Path(__file__).parent.parent / "coverage.md"


def main() -> int:
    """Write the page; return 1 and print the reasons if something is missing."""
    with tempfile.TemporaryDirectory() as directory:
        trip = round_trip.run(Path(directory))
    problems = [*Words.read().problems(), *trip.differences]
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        return 1
    PAGE.write_text(render(trip, botocore.__version__), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
