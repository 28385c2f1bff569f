"""The table of what was tried on a cluster, for docs/faults.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.books import VIOLATED
from tests.cluster.plan import AWAY_AT_ONCE

BEGIN, END = "<!-- cluster: begin -->", "<!-- cluster: end -->"
OUTCOMES = ("delivered", "retried", "cleared", "stopped", VIOLATED)
HEADINGS = ("what happened", "runs", *OUTCOMES, "jobs", "tries", "modes")


@dataclass(frozen=True)
class Record:
    """One DAG run that met a fault or a person's decision; a run that met several faults has several records.

    Attributes:
        what: the fault, or the decision.
        mode: in which the task waited.
        outcome: one of :data:`OUTCOMES`.
        tries: of the task.
        jobs: tuning jobs that were paid for.
    """

    what: str
    mode: str
    outcome: str
    tries: int
    jobs: int


def markdown(records: Iterable[Record]) -> str:
    """Return a row for each kind of fault, in the order of their names."""
    groups: dict[str, list[Record]] = {}
    for record in sorted(records, key=lambda one: one.what):
        groups.setdefault(record.what, []).append(record)
    rows = [HEADINGS, tuple("-" * len(heading) for heading in HEADINGS)]
    rows += [_row(what, group) for what, group in groups.items()]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    )


def _row(what: str, group: list[Record]) -> tuple[str, ...]:
    outcomes = Counter(record.outcome for record in group)
    counts = (str(outcomes[one]) for one in OUTCOMES)
    sums = (sum(one.jobs for one in group), sum(one.tries for one in group))
    return (what, str(len(group)), *counts, *map(str, sums), str(len({one.mode for one in group})))


def section(records: list[Record], seed: int, minutes: float) -> str:
    """Return the part of docs/faults.md."""
    return f"""\
{BEGIN}

## On a cluster

Written by `make test-cluster TABLE=docs/faults.md`, seed {seed}, {minutes:.0f} minutes. Airflow runs on PostgreSQL with
CeleryExecutor and Redis: two workers, two triggerers, two schedulers, an API server with two processes. The provider
comes from its wheel. Faults overlap: the next one strikes seconds after the one before, while up to {AWAY_AT_ONCE}
parts are away. People act as users with the roles User and Op of Airflow's FAB auth manager; a Viewer is refused.
At the end the books are balanced at the local tuning service: one tuning job for each task, no result of half a search,
no job of a task that has ended, and no job without a task. `test_broken_books.py` shows that they do not balance when a
job is stopped by hand, half a search is delivered, a second job is created, or a job belongs to no task.

{markdown(records)}

- *runs*: DAG runs that ran at that moment. A run that met several faults is in several rows.
- *delivered*: one tuning job was created for the task, it has completed, and its result arrived in the first try.
- *retried*: the same, in a later try, which rejoined the job.
- *cleared*: the same, but Airflow spent the task's tries while its API server, PostgreSQL or Redis was away. The failed
  task was cleared, and took the result of its job.
- *stopped*: a person ended the task, and its tuning job was stopped.
- *violated*: none of these.
- *jobs*, *tries*: tuning jobs paid for, and tries of the waiting tasks.
- *modes*: the number of ways in which they waited.

{END}
"""


def write(page: Path, text: str) -> None:
    """Put the section into a page, in place of the one before."""
    old = page.read_text() if page.exists() else ""
    before, found, rest = old.partition(BEGIN)
    if not found:
        page.write_text(f"{old.rstrip()}\n\n{text}" if old else text)
        return
    page.write_text(before + text.rstrip() + rest.partition(END)[2])
