"""``python -m tests.matrix``: the suite's core on every supported Airflow and Python that is on this machine.

Each cell has an environment under ``.local/matrix``, kept for the next time. ``--record`` writes what ran to
``docs/versions/ran.toml``, from which ``python -m docs.versions`` makes the page.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import tomllib

from tests.matrix.cells import cells
from tests.matrix.running import REPOSITORY, Ran, run

RECORD = REPOSITORY / "docs" / "versions" / "ran.toml"


def main() -> int:
    """1 if a cell failed or none ran, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument(
        "names", nargs="*", help="only cells whose name contains one of these, e.g. 3.2.2 or py3.13"
    )
    parser.add_argument("--record", action="store_true", help=f"write {RECORD.relative_to(REPOSITORY)}")
    parser.add_argument("--pytest", nargs="*", default=[], metavar="ARG", help="more arguments for pytest")
    options = parser.parse_args()
    chosen = [
        cell for cell in cells() if not options.names or any(name in cell.name for name in options.names)
    ]
    done: list[Ran] = []
    for cell in chosen:
        ran = run(cell, options.pytest)
        done.append(ran)
        if options.record:
            _record(ran)
        print(f"{cell.name:<16} {ran.outcome:<8} {ran.versions:<24} {ran.detail}", flush=True)
    outcomes = [ran.outcome for ran in done]
    print(*(f"{outcomes.count(word)} {word}" for word in ("passed", "failed", "skipped")), sep=", ")
    return 0 if "passed" in outcomes and "failed" not in outcomes else 1


def _record(ran: Ran) -> None:
    """Put one cell's outcome into the file, in the place of what it said of that cell before."""
    known = (
        {cell["name"]: cell for cell in tomllib.loads(RECORD.read_text())["cell"]} if RECORD.exists() else {}
    )
    airflow, boto3, pydantic = ran.versions.split() if ran.versions else (ran.cell.airflow, "", "")
    known[ran.cell.name] = {
        "name": ran.cell.name,
        "date": f"{dt.datetime.now(dt.UTC):%Y-%m-%d}",
        "python": ran.cell.python,
        "airflow": airflow,
        "boto3": boto3,
        "pydantic": pydantic,
        "outcome": ran.outcome,
        "detail": ran.detail,
    }
    lines = ["# Written by `make test-matrix ARGS=--record`."]
    for name in (cell.name for cell in cells()):
        if name in known:
            lines += ["", "[[cell]]", *(f'{key} = "{value}"' for key, value in known[name].items())]
    RECORD.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
